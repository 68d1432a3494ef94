"""How states look. State is never colour alone: each has an icon, a tone and a word (the word comes from the page)."""

from __future__ import annotations

from functools import cache

from django.conf import settings

SEVERITIES = ("info", "low", "medium", "high", "critical")

# Tones, in the CSS `tone-<name>`: ok, warn, stop, accent (now, mine), dim (over, nothing to do).
# Words of state that rooms share. A word that is missing looks neutral and is still readable.
STATES = {
    # waiting, nobody has begun
    "new": ("circle-dashed", "accent"),
    "draft": ("pencil", "dim"),
    "open": ("circle-dot", "accent"),
    "pending": ("clock", "warn"),
    "queued": ("clock", "dim"),
    "waiting": ("clock", "dim"),
    "proposed": ("hourglass", "warn"),
    "submitted": ("hourglass", "warn"),
    "received": ("inbox", "accent"),
    "requested": ("hourglass", "warn"),
    "prepared": ("clock", "dim"),
    "unknown": ("question-mark", "warn"),
    "overdue": ("clock-exclamation", "stop"),
    "silence": ("message", "warn"),
    # under way
    "sending": ("send", "accent"),
    "collecting": ("refresh", "accent"),
    "writing": ("refresh", "accent"),
    "batched": ("package", "dim"),
    "triage": ("circle-dot", "accent"),
    "claimed": ("user-check", "accent"),
    "investigation": ("search", "accent"),
    "finding": ("scale", "accent"),
    "decision": ("gavel", "accent"),
    "notice": ("mail-forward", "accent"),
    "in_progress": ("circle-dot", "accent"),
    "running": ("refresh", "accent"),
    "assembling": ("refresh", "accent"),
    "ready": ("hourglass", "warn"),
    "review": ("eye", "warn"),
    "in_review": ("eye", "accent"),
    "snoozed": ("clock-pause", "dim"),
    "quarantined": ("hand-stop", "warn"),
    "stopped": ("player-pause", "warn"),
    "on_hold": ("player-pause", "warn"),
    "held": ("player-pause", "warn"),
    "withheld": ("hand-stop", "warn"),
    # carried
    "active": ("circle-check", "ok"),
    "in_force": ("circle-check", "ok"),
    "confirmed": ("circle-check", "ok"),
    "approved": ("circle-check", "ok"),
    "issued": ("send", "ok"),
    "sent": ("send", "accent"),
    "in_effect": ("circle-check", "ok"),
    "rolled_back": ("arrow-back-up", "ok"),
    "acknowledged": ("mail-opened", "ok"),
    "met": ("check", "ok"),
    "delivered": ("circle-check", "ok"),
    "served": ("mail-opened", "ok"),
    "released": ("file-export", "ok"),
    "rendered": ("file-certificate", "ok"),
    "done": ("check", "ok"),
    "verified": ("shield-check", "ok"),
    "sealed": ("lock", "ok"),
    "kept": ("shield-check", "ok"),
    "upheld": ("circle-check", "ok"),
    "reversed": ("arrow-back-up", "ok"),
    "accepted": ("circle-check", "ok"),
    "carried_out": ("circle-check", "ok"),
    "created": ("plus", "ok"),
    "updated": ("refresh", "dim"),
    "duplicate": ("copy", "dim"),
    # refused, broken
    "rejected": ("circle-x", "stop"),
    "refused": ("circle-x", "stop"),
    "bounced": ("arrow-back-up", "stop"),
    "came_back": ("arrow-back-up", "stop"),
    "failed": ("alert-triangle", "stop"),
    "dead": ("alert-triangle", "stop"),
    "demoted": ("arrow-down", "stop"),
    "revoked": ("ban", "stop"),
    "suspended": ("ban", "stop"),
    "terminated": ("ban", "stop"),
    "overturned": ("arrow-back-up", "stop"),
    "late": ("clock-exclamation", "stop"),
    "supports": ("arrow-up", "accent"),
    "against": ("arrow-down", "accent"),
    "neutral": ("circle", "dim"),
    "disputed": ("alert-triangle", "warn"),
    # rings: found by a program, judged by people
    "found": ("circle-dashed", "accent"),
    "suspected": ("alert-triangle", "warn"),
    "innocent": ("circle-check", "ok"),
    "cut": ("link-off", "warn"),
    # over
    "dissolved": ("archive", "dim"),
    "closed": ("archive", "dim"),
    "dismissed": ("x", "dim"),
    "withdrawn": ("arrow-back-up", "dim"),
    "superseded": ("replace", "dim"),
    "overridden": ("replace", "dim"),
    "overtaken": ("replace", "dim"),
    "replaced": ("replace", "dim"),
    "lapsed": ("archive", "dim"),
    "expired": ("clock", "dim"),
    "cancelled": ("x", "dim"),
    "archived": ("archive", "dim"),
    "merged": ("git-merge", "dim"),
    "disposed": ("trash", "dim"),
}
NEUTRAL = ("point", "dim")

# Lines of the "What is missing" panel.
CHECKS = {
    "ok": ("circle-check", "ok", "Met"),
    "warn": ("alert-triangle", "warn", "Open"),
    "stop": ("circle-x", "stop", "Missing"),
}
MESSAGES = {"success": ("circle-check", "ok"), "warning": ("alert-triangle", "warn"), "error": ("circle-x", "stop")}


def look_of(state: str) -> tuple[str, str]:
    """Icon name and tone of a state such as "in_force" or "IN FORCE"."""
    return STATES.get(str(state).lower().replace(" ", "_").replace("-", "_"), NEUTRAL)


@cache
def icon_names() -> frozenset[str]:
    """The icons in the sprite: exactly those that casemgr/frontend/icons.txt lists."""
    return frozenset((settings.BASE_DIR / "casemgr" / "frontend" / "icons.txt").read_text(encoding="utf-8").split())
