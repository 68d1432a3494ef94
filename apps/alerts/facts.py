"""What the alerts of a group say together, counted up alert by alert. Plain data in, plain data out.

A new alert only ever adds, so a group of a hundred thousand takes the next one at the price of a group of ten. What is
taken back (an alert changed or closed) is counted anew by `folding.recount`; both ways give the same facts.
"""

from typing import Any

from apps.alerts.native import Alert

STATUSES = ("not_tested", "supported")  # of innocent explanations; what was tested or excluded needs nobody's attention


def empty() -> dict[str, Any]:
    return {
        "alerts": 0,
        "open": 0,
        "severity": None,  # of open alerts
        "worst": 0,  # of all
        "stated": 0,  # accounts, by the alert that states most
        "members": 0,  # distinct accounts that are named
        "payers": 0,  # of them, with a verified payer
        "contracts": {},  # of them, by contract
        "kinds": [],
        "detectors": [],
        "log10_lr": None,
        "p_value": None,
        "new_model_share": None,
        "not_tested": [],
        "supported": [],
        "drill": "",
        "hidden": 0,  # alerts that a rule hides
        "hidden_until": None,  # when the first of these rules ends, in seconds since 1970
        "window": [None, None],
        "widest": [-1, -1, ""],  # accounts, severity and title of the alert about most; by title where that is even
    }


def add(
    facts: dict[str, Any],
    alert: Alert,
    *,
    p_value: float | None,
    window: tuple,
    title: str,
    hidden_until: float | None = None,
) -> None:
    """Count one more alert. Times are seconds since 1970, or None; `p_value` is adjusted already."""
    facts["alerts"] += 1
    facts["worst"] = max(facts["worst"], alert.severity)
    facts["stated"] = max(facts["stated"], alert.n_accounts)
    facts["drill"] = max(facts["drill"], alert.drill or "")
    facts["window"] = [_least(facts["window"][0], window[0]), _most(facts["window"][1], window[1])]
    _include(facts["kinds"], alert.kind)
    _include(facts["detectors"], alert.source)
    widest = [alert.n_accounts, alert.severity, title]
    if widest > facts["widest"]:
        facts["widest"] = widest
    if hidden_until is not None:
        facts["hidden"] += 1
        facts["hidden_until"] = _least(facts["hidden_until"], hidden_until)
    if alert.action != "close":
        _add_open(facts, alert, p_value)


def _add_open(facts: dict[str, Any], alert: Alert, p_value: float | None) -> None:
    facts["open"] += 1
    facts["severity"] = _most(facts["severity"], alert.severity)
    facts["log10_lr"] = _most(facts["log10_lr"], alert.score.log10_lr if alert.score else None)
    facts["p_value"] = _least(facts["p_value"], p_value)
    facts["new_model_share"] = _most(
        facts["new_model_share"], alert.measure.new_model_share_24h if alert.measure else None
    )
    for one in alert.alternatives:
        if one.status in STATUSES:
            _include(facts[one.status], one.h)


def add_member(facts: dict[str, Any], contract: str, payer_verified: bool | None) -> None:
    """Count one more account that the alerts name."""
    facts["members"] += 1
    facts["payers"] += bool(payer_verified)
    if contract:
        facts["contracts"][contract] = facts["contracts"].get(contract, 0) + 1


def _include(names: list[str], name: str) -> None:
    if name not in names:
        names.append(name)
        names.sort()


def _most(one: Any, other: Any) -> Any:
    return other if one is None else one if other is None else max(one, other)


def _least(one: Any, other: Any) -> Any:
    return other if one is None else one if other is None else min(one, other)
