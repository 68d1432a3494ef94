from typing import Any

import pytest

from apps.counsel import actions
from tests.cases.conftest import add_exhibit, case, collect, confirmed, finding, propose, ready, terms  # noqa: F401
from tests.notices.conftest import decide, demand, party, suspended  # noqa: F401 - fixtures


@pytest.fixture
def theory(ready: Any, people: Any) -> Any:  # noqa: F811
    """Unauthorised access, adopted in a case with two exhibits; nothing of it is weighed."""
    return actions.adopt_theory(ready, theory="cfaa", jurisdiction="United States", by=people.counsel)
