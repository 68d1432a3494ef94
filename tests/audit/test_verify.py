import pytest

from apps.audit import sequencer
from apps.audit.verify import verify

pytestmark = pytest.mark.usefixtures("committed_db")


def test_a_clean_trail_raises_no_alarm(people, api):
    people.all()
    api()
    sequencer.sequence()
    report = verify()
    assert [f.sentence for f in report.findings] == []
