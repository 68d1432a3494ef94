"""Letters and reports go out once their case is anchored outside as the settings ask, and by themselves."""

import json

import pytest
from django.db.models import F
from django.utils import timezone

from apps.audit.anchors import rounds, waiting
from apps.audit.log import sequencer
from apps.audit.models import Anchor, Event
from apps.core import jobs
from apps.core.models import Job
from tests.audit.anchors.conftest import attend, later
from tests.notices.conftest import (  # noqa: F401 - fixtures
    account,
    add_exhibit,
    approved,
    case,
    collect,
    confirmed,
    decide,
    draft,
    finding,
    issuing,
    propose,
    quick_paper,
    ready,
    suspended,
    terms,
)

pytestmark = [pytest.mark.usefixtures("committed_db", "quick_paper"), pytest.mark.slow]


def seal() -> None:
    while sequencer.sequence():
        pass


def work(after: float = 0) -> int:
    """Let a worker do what is due so many seconds later. The database's clock is not ours to turn."""
    with later(after):
        Job.objects.filter(due_at__lte=timezone.now()).update(due_at=F("created_at"))
        return jobs.work_off()


def state_of(notice) -> str:
    notice.refresh_from_db()
    return notice.state


def page_of(notice, sign_in, people, *, after: int = 0) -> str:
    with later(after):
        return sign_in(people.counsel).get(f"/notices/{notice.pk}/").content.decode()


def test_nothing_is_waited_for_unless_the_settings_ask(issuing):  # noqa: F811
    assert work() == 1
    assert state_of(issuing) == "issued"


def test_a_letter_waits_until_its_case_is_in_the_log(issuing, settings):  # noqa: F811
    settings.TRAIL_ISSUE_NEEDS = ["sequenced"]
    assert work() == 1
    assert state_of(issuing) == "issuing"
    seal()
    assert work(after=2) == 1
    assert state_of(issuing) == "issued"


def test_a_witness_that_is_down_and_comes_back(issuing, witness, settings, sign_in, people):  # noqa: F811
    """Nothing goes out meanwhile, the page says why, and the letter goes out without anybody's help."""
    settings.TRAIL_ISSUE_NEEDS = ["witnessed"]
    seal()
    witness.is_down = True
    attend()
    assert work() == 1
    page = page_of(issuing, sign_in, people)
    assert "goes out as soon as the entries of its case are anchored outside. Not yet witnessed outside." in page
    for _ in range(12):
        assert work(after=15) == 1
        assert state_of(issuing) == "issuing"
    job = Job.objects.get()
    assert (job.state, job.attempts, job.waits_for) == ("waiting", 0, "anchors"), "no attempt is used up"
    page = page_of(issuing, sign_in, people)
    assert "Witness witness.example/w1 has given nothing since" in page
    assert "casemgr is asking again." in page
    assert "the letter goes out by itself" in page
    witness.is_down = False
    assert attend(after=rounds.LONGEST_WAIT_OF_AWAITED) == [True]
    assert work() == 1, "the anchor woke it"
    assert state_of(issuing) == "issued"
    assert Event.objects.filter(action="notices.render_notice").count() == 1
    assert "The file" in page_of(issuing, sign_in, people)


def test_what_happens_in_the_case_meanwhile_does_not_hold_it_up(issuing, witness, settings, people):  # noqa: F811
    from apps.cases import actions

    settings.TRAIL_ISSUE_NEEDS = ["witnessed"]
    work()
    seal()
    attend()
    actions.add_note(issuing.case, body="Something else.", is_privileged=False, by=people.counsel)
    assert work() == 1
    assert state_of(issuing) == "issued"


def test_a_time_stamp_is_fetched_at_once_for_who_waits(issuing, authority, settings):  # noqa: F811
    settings.TRAIL_ISSUE_NEEDS = ["timestamped"]
    assert waiting.is_awaited("timestamp") is False
    Anchor.objects.bulk_create([earlier(size=1)])
    seal()
    assert attend() == [False], "the next one is due in an hour"
    work()
    assert waiting.is_awaited("timestamp")
    assert attend() == [True]
    assert work() == 1
    assert state_of(issuing) == "issued"


def earlier(size: int) -> Anchor:
    from apps.audit.anchors import parties

    now = timezone.now()
    (party,) = parties.configured()
    return Anchor(
        size=size, kind=party.kind, party=party.names[0], token=b"", stated_at=now, obtained_at=now, verified_at=now
    )


def test_both_are_waited_for(issuing, witness, authority, settings):  # noqa: F811
    settings.TRAIL_ISSUE_NEEDS = ["timestamped", "witnessed"]
    work()
    seal()
    authority.is_down = True
    assert attend() == [True, False]
    assert work() == 1
    assert state_of(issuing) == "issuing"
    assert Job.objects.get().last_error == "Not yet time-stamped by an authority outside."
    authority.is_down = False
    assert attend(after=rounds.LONGEST_WAIT_OF_AWAITED) == [False, True]
    work()
    assert state_of(issuing) == "issued"


def test_a_party_that_is_missing_lets_nothing_out(issuing, settings, sign_in, people):  # noqa: F811
    """A policy that went missing is no reason to issue unanchored."""
    settings.TRAIL_ISSUE_NEEDS = ["witnessed"]
    settings.TRAIL_POLICY_FILE = "/nowhere/policy"
    seal()
    work()
    assert state_of(issuing) == "issuing"
    assert "/nowhere/policy cannot be used" in page_of(issuing, sign_in, people, after=40)


def test_the_job_says_what_it_waits_for(issuing, settings):  # noqa: F811
    settings.TRAIL_ISSUE_NEEDS = ["witnessed"]
    work()
    job = Job.objects.get()
    assert json.dumps(job.last_error) == '"Not yet witnessed outside."'
    assert job.due_at > timezone.now()
