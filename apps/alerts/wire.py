"""From the bytes of a request to alerts, and everything that can be wrong with what was sent.

Pure: bytes in, alerts and refusals out. Whatever the bytes are, the answer is one of the two, never another exception.
"""

import json
import re
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from apps.alerts.native import Alert, Score, Subject

MAX_DEPTH = 64


class Taken(Struct, gc=False):
    """An alert that may be written, and its content in canonical form with its hash."""

    alert: Alert
    payload: bytes
    digest: str


class Refusal(Exception):
    """Why an item is not taken: a code for the machine, a sentence for its owner, the field where one is to blame."""

    def __init__(self, code: str, reason: str, *, field: str = "", source_ref: str = "") -> None:
        super().__init__(reason)
        self.code, self.reason, self.field, self.source_ref = code, reason, field, source_ref


ALERT = msgspec.json.Decoder(Alert)
ANYTHING = msgspec.json.Decoder()
CANONICAL = msgspec.json.Encoder(order="sorted")

_broken = (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError, OverflowError)
_nul = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_control = re.compile("[\x00-\x1f\x7f]")


def read(raw: bytes, *, limit: int) -> Taken:
    """One alert from its bytes. Raises Refusal, whatever the bytes are."""
    if len(raw) > limit:
        raise Refusal("too_large", f"The alert has {len(raw):,} bytes; at most {limit:,} are taken.")
    whole = _whole(raw)
    ref = whole.get("source_ref") if isinstance(whole, dict) else None
    try:
        return _checked(raw, whole)
    except Refusal as refusal:
        refusal.source_ref = _control.sub("", ref)[:200] if isinstance(ref, str) else ""
        raise


def _whole(raw: bytes) -> Any:
    try:
        return ANYTHING.decode(raw)
    except RecursionError as error:
        raise Refusal("too_deep", f"The alert is nested more than {MAX_DEPTH} levels deep.") from error
    except _broken as error:
        code = "number_out_of_range" if "out of range" in str(error) else "not_json"
        raise Refusal(code, f"The item is not JSON that can be kept: {error}.") from error


def _checked(raw: bytes, whole: Any) -> Taken:
    if not isinstance(whole, dict):
        raise Refusal("not_an_alert", "The item is not a JSON object.")
    if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH and _depth(whole) > MAX_DEPTH:
        raise Refusal("too_deep", f"The alert is nested more than {MAX_DEPTH} levels deep.")
    try:
        canonical = CANONICAL.encode(whole)
    except _broken as error:
        raise Refusal("text_not_kept", f"The alert holds text or numbers that cannot be kept: {error}.") from error
    if b"\\u0000" in canonical and _nul.search(canonical):
        raise Refusal("nul_character", "A text holds the character U+0000, which no record can keep.")
    _refuse_doubled_keys(raw, canonical)
    try:
        alert = ALERT.decode(raw)
    except msgspec.ValidationError as error:
        raise _of_shape(error) from error
    except _broken as error:
        raise Refusal("not_json", f"The item is not JSON that can be kept: {error}.") from error
    _mean_something(alert)
    _hold_no_prompts(whole, canonical.lower())
    return Taken(alert, canonical, sha256(canonical).hexdigest())


def _depth(value: Any) -> int:
    """Levels of containers, without recursion of our own."""
    deepest, waiting = 0, [(value, 1)]
    while waiting:
        present, level = waiting.pop()
        deepest = max(deepest, level)
        inside = present.values() if isinstance(present, dict) else present
        waiting += [(child, level + 1) for child in inside if isinstance(child, dict | list)]
    return deepest


def _refuse_doubled_keys(raw: bytes, canonical: bytes) -> None:
    """A key that is there twice means two different alerts to two readers.

    The decoder keeps the last and the canonical form has fewer quotation marks then; only what differs is read slowly.
    """
    if raw.count(b'"') == canonical.count(b'"') and b"\\u0022" not in raw:
        return

    def once(pairs: list[tuple[str, Any]]) -> None:
        names = [name for name, _ in pairs]
        if len(set(names)) != len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise Refusal("duplicate_key", f"The key “{twice[:80]}” is there twice.")

    json.loads(raw, object_pairs_hook=once)


_where = re.compile(r" - at `\$(?:\.\.\.)?\.?(.*)`$")


def _of_shape(error: msgspec.ValidationError) -> Refusal:
    """The decoder's own sentence, with the field taken apart from it."""
    text = str(error)
    found = _where.search(text)
    field = found[1] if found else ""
    sentence = (text[: found.start()] if found else text).replace("`", "“", 1).replace("`", "”", 1)
    code = "unknown_field" if "unknown field" in text else "missing_field" if "missing required" in text else "invalid"
    return Refusal(code, f"{field}: {sentence}." if field else f"{sentence}.", field=field)


def _mean_something(alert: Alert) -> None:
    """What the shape cannot say: figures that contradict each other."""
    for name, moment in _moments(alert):
        if not 2000 <= moment.year <= 2100:
            raise Refusal("time_out_of_range", f"{name} lies in the year {moment.year}.", field=name)
    if alert.window and alert.window.start > alert.window.end:
        raise Refusal("window_order", "window.end is before window.start.", field="window.end")
    if not alert.source_ref.isprintable() and _control.search(alert.source_ref):
        raise Refusal("invalid", "source_ref holds a control character.", field="source_ref")
    _check_subject(alert.subject)
    _check_calibration(alert)
    if alert.score:
        _check_score(alert.score)


def _moments(alert: Alert) -> list[tuple[str, datetime]]:
    moments = [("detected_at", alert.detected_at)]
    if alert.window:
        moments += [("window.start", alert.window.start), ("window.end", alert.window.end)]
    return moments


def _check_subject(subject: Subject) -> None:
    if any(not ref.isprintable() and _control.search(ref) for ref in subject.accounts):
        raise Refusal("invalid", "subject.accounts holds a control character.", field="subject.accounts")
    if subject.n_accounts is not None and subject.n_accounts < len(set(subject.accounts)):
        raise Refusal(
            "count_below_list",
            f"subject.n_accounts is {subject.n_accounts}, but {len(set(subject.accounts))} accounts are named.",
            field="subject.n_accounts",
        )
    if subject.type == "account" and not subject.accounts:
        raise Refusal("missing_field", "A subject of type account names its account.", field="subject.accounts")
    if subject.type == "cluster" and not (subject.cluster_ref or subject.campaign_ref):
        raise Refusal("missing_field", "A subject of type cluster has a cluster_ref.", field="subject.cluster_ref")


def _check_calibration(alert: Alert) -> None:
    calibration = alert.detector.calibration
    if calibration and calibration.false_positives > calibration.n:
        raise Refusal(
            "calibration_impossible",
            f"{calibration.false_positives} false positives among {calibration.n} cases.",
            field="detector.calibration.false_positives",
        )
    if calibration is None and alert.score and alert.score.type == "probability_calibrated":
        raise Refusal(
            "calibration_missing",
            "A calibrated probability needs the set it was calibrated on.",
            field="detector.calibration",
        )


def _check_score(score: Score) -> None:
    if score.p is not None and score.p_floor is not None and score.p < score.p_floor:
        raise Refusal("p_below_floor", f"score.p {score.p:g} is below its floor {score.p_floor:g}.", field="score.p")
    if score.type in ("probability_calibrated", "p_value") and not 0 <= score.value <= 1:
        raise Refusal("invalid", f"score.value {score.value:g} is no probability.", field="score.value")
    if score.effect and score.effect.ci95 and score.effect.ci95[0] > score.effect.ci95[1]:
        raise Refusal("interval_order", "score.effect.ci95 ends before it starts.", field="score.effect.ci95")


PROMPTS = frozenset({"prompt", "prompts", "completion", "completions", "messages", "transcript", "conversation"})


_prompts = [f'"{name}":'.encode() for name in sorted(PROMPTS)]


def _hold_no_prompts(whole: dict, lowered: bytes) -> None:
    """Prompts and completions are referred to by hash, never sent: an alert is read by more people than they are.

    Only where one of the keys stands in the (lower-cased) text at all is it worth looking where.
    """
    if not any(name in lowered for name in _prompts):
        return
    waiting: list[tuple[str, Any]] = [("", whole)]
    while waiting:
        path, present = waiting.pop()
        if isinstance(present, dict):
            for key, value in present.items():
                if key.lower() in PROMPTS and value not in (None, "", [], {}):
                    where = f"{path}{key}"
                    raise Refusal(
                        "prompts_inline", f"{where} holds prompts or completions; refer to them.", field=where
                    )
                if isinstance(value, dict | list):
                    waiting.append((f"{path}{key}.", value))
        else:
            waiting += [(path, value) for value in present if isinstance(value, dict | list)]


def utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
