"""A trail worth tampering with."""

import pytest

from apps.audit.log import sequencer
from tests.audit.planting import Family, plant


@pytest.fixture
def family(committed_db, people) -> Family:
    """A row of every audited table, sealed; and an administrator, who has to be the first of the people."""
    _ = people.admin
    planted = plant(0)
    while sequencer.sequence():
        pass
    return planted
