"""What the columns of a query log mean. Recognised by name and by values; a person confirms; nothing is guessed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Role:
    """What a column can be. `names` are what logs call it, in small letters, without separators."""

    name: str
    title: str
    names: tuple[str, ...]
    kind: str = "text"  # time, whole, money, text, or key: a text that is never read, only compared


TIME = "timestamp"
ROLES: tuple[Role, ...] = (
    Role(
        TIME,
        "time stamp",
        ("timestamp", "time", "ts", "datetime", "date", "createdat", "created", "requesttime", "at", "askedat"),
        "time",
    ),
    Role(
        "account",
        "account",
        ("account", "accountid", "accountref", "user", "userid", "customer", "customerid", "org", "orgid", "tenant"),
    ),
    Role("model", "model", ("model", "modelid", "modelname", "engine", "deployment")),
    Role(
        "input_tokens",
        "input tokens",
        (
            "inputtokens",
            "prompttokens",
            "contexttokens",
            "tokensin",
            "usageprompttokens",
            "usageinputtokens",
            "ntokensin",
        ),
        "whole",
    ),
    Role(
        "output_tokens",
        "output tokens",
        (
            *("outputtokens", "completiontokens", "generatedtokens", "tokensout"),
            *("usagecompletiontokens", "usageoutputtokens", "ntokensout"),
        ),
        "whole",
    ),
    Role("prompt", "prompt", ("prompt", "prompttext", "input", "query", "instruction", "request")),
    Role("template", "template", ("template", "templateid", "templatename")),
    Role("prompt_key", "key of the prompt", ("promptkey", "prompthash", "promptsha256", "promptmd5"), "key"),
    Role("response", "response", ("response", "completion", "output", "answer")),
    Role("cost", "cost", ("cost", "costusd", "price", "amount", "charge"), "money"),
    Role("topic", "topic", ("topic", "category", "subject", "task")),
    Role("request_id", "request id", ("requestid", "reqid", "id", "messageid", "traceid"), "key"),
    Role("ip", "IP address", ("ip", "ipaddress", "clientip", "remoteaddr", "sourceip", "ipprefix")),
)
BY_NAME = {role.name: role for role in ROLES}

_ISO = re.compile(r"(?a)^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?\s*(?P<zone>[Zz]|[+-]\d{2}:?\d{2})?$")
_NUMBER = re.compile(r"(?a)^\d{1,19}(\.\d{1,9})?$")
_WHOLE = re.compile(r"(?a)^\d{1,18}(\.0+)?$")

# Seconds since 1970 of the years 2000 to 2099, in each unit: the four ranges do not touch.
UNITS = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
EARLIEST, LATEST = 946_684_800, 4_102_444_800


@dataclass(frozen=True)
class Time:
    """How a column says times: `form` is iso, native or one of UNITS; `has_zone` is None where a sample has none."""

    form: str
    has_zone: bool


def time_of(values: Sequence[str]) -> Time | None:
    """What kind of time stamps most of these values are, or None when they are none."""
    given = [value.strip() for value in values if value and value.strip()]
    if not given:
        return None
    found = [match for value in given if (match := _ISO.match(value))]
    if 2 * len(found) > len(given):
        return Time("iso", all(match["zone"] for match in found))
    numbers = [float(value) for value in given if _NUMBER.match(value)]
    for unit, factor in UNITS.items():
        if 2 * sum(EARLIEST * factor <= number < LATEST * factor for number in numbers) > len(given):
            return Time(unit, True)
    return None


def recognise(names: Sequence[str], samples: Sequence[Sequence[str]], native: Sequence[str] = ()) -> dict[str, str]:
    """Propose {role: column}. A column is proposed by its name where most of its values agree, and
    never twice.

    `native` names columns whose type says that they are times. Where two columns would do, none is proposed: a person
    chooses.
    """
    found: dict[str, str] = {}
    values = {name: [row[at] for row in samples] for at, name in enumerate(names)}
    for role in ROLES:
        candidates = [n for n in names if _plain(n) in role.names and _agrees(role, n, values[n], native)]
        best = min((role.names.index(_plain(n)) for n in candidates), default=None)
        chosen = [n for n in candidates if role.names.index(_plain(n)) == best and n not in found.values()]
        if len(chosen) == 1:
            found[role.name] = chosen[0]
    if TIME not in found:
        times = [n for n in names if n in native or _is_written_time(values[n])]
        if len(times) == 1 and times[0] not in found.values():
            found[TIME] = times[0]
    return found


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _is_written_time(values: Sequence[str]) -> bool:
    time = time_of(values)
    return time is not None and time.form == "iso"


def _agrees(role: Role, name: str, values: Sequence[str], native: Sequence[str]) -> bool:
    given = [value.strip() for value in values if value and value.strip()]
    if role.kind == "time":
        return name in native or time_of(given) is not None
    pattern = {"whole": _WHOLE, "money": _NUMBER}.get(role.kind)
    return pattern is None or not given or 2 * sum(bool(pattern.match(value)) for value in given) > len(given)


def missing(mapping: dict[str, str]) -> list[str]:
    """The roles that the log has no column for, in the order of ROLES."""
    return [role.name for role in ROLES if not mapping.get(role.name)]


def not_possible(roles: Sequence[str]) -> str:
    """The sentence of a figure that needs columns which are not there."""
    if not roles:
        return ""
    titles = [BY_NAME[name].title for name in roles]
    words = " and no ".join(titles)
    return f"Not possible: the log has no {words} column."
