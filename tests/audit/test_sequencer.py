"""Nothing committed is skipped, nothing stalls, nothing is half done, nothing signed contradicts the past."""

import pytest

from apps.audit import merkle, notes, sequencer
from apps.audit.models import Checkpoint, Event, Leaf

pytestmark = pytest.mark.usefixtures("committed_db")


def test_every_event_gets_a_place_and_the_log_is_signed(people, settings):
    people.all()
    assert sequencer.sequence() == Event.objects.count()
    leaves = [merkle.leaf_hash(bytes(e.body)) for e in Event.objects.order_by("xid", "id")]
    assert [bytes(leaf.hash) for leaf in Leaf.objects.order_by("idx")] == leaves
    text = notes.load_verifier(settings.TRAIL_KEY_FILE).open(Checkpoint.objects.get().note)
    assert notes.Head.parse(text) == notes.Head(settings.TRAIL_ORIGIN, len(leaves), merkle.root(leaves))
    assert sequencer.sequence() == 0
