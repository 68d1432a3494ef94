"""What the next step of a case still needs: the "What is missing" panel, and what the actions refuse.

One source for both. A line with state "stop" keeps the next step from being taken, "warn" is to be weighed, "ok"
is met. The reasons are those of the house: nothing is concluded about people without accounts, evidence, a clause that
was in force, and innocent explanations that somebody looked into.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.urls import reverse

from apps.accounts import authorisations
from apps.audit.models import Event
from apps.cases import queries
from apps.cases.findings import substance
from apps.cases.findings.wrongful import few
from apps.cases.models import Case, Decision, Exhibit, Explanation, Finding
from apps.cases.standards.families import FAMILIES
from apps.cases.standards.measures import AGAINST_NOBODY
from apps.core.links import url_if_any

Line = dict[str, Any]
State = Case.State

# The verb that the lines of a state are about, in words.
NEXT_STEP = {
    State.TRIAGE: "before the investigation",
    State.INVESTIGATION: "before a finding",
    State.FINDING: "before the finding holds",
    State.DECISION: "before a decision holds",
    State.NOTICE: "before the case is closed",
    State.CLOSED: "closed",
}


def missing(case: Case) -> list[Line]:
    """Lines of `state` (ok, warn, stop), `text`, `detail`, `url`, `action` for the next step from the present state.

    A line that a rule of the house asks for ends with its number, "(R4)".
    """
    return _CHECKS[State(case.state)](case)


def refuse_if_missing(case: Case) -> None:
    """Raise ValidationError with every line that stops the next step, in the words of the panel."""
    if stops := [line["text"] for line in missing(case) if line["state"] == "stop"]:
        raise ValidationError([f"{text}." for text in stops])


def _line(state: str, text: str, detail: str = "", url: str = "", action: str = "") -> Line:
    return {"state": state, "text": text, "detail": detail, "url": url, "action": action}


def _url(name: str, case: Case, **query: str) -> str:
    url = url_if_any(name, case.ref)
    return f"{url}?{urlencode(query)}" if url and query else url


# --- triage -----------------------------------------------------------------------------------------------------------


def _before_investigation(case: Case) -> list[Line]:
    return [_assignee(case), _accounts(case), _summary(case)]


def _assignee(case: Case) -> Line:
    if case.assignee_id:
        return _line("ok", "Somebody holds the case")
    return _line("stop", "Nobody holds the case", url=_url("cases:assign", case), action="Assign it")


def _accounts(case: Case) -> Line:
    count = case.members.filter(excluded_at__isnull=True).count()
    if count:
        return _line("ok", "Accounts are in the case", f"{count:,}".replace(",", "\u202f"))
    return _line(
        "stop", "No account is in the case", url=_url("cases:add_accounts", case), action="Add accounts or a group"
    )


def _summary(case: Case) -> Line:
    if case.summary.strip():
        return _line("ok", "The summary says what is suspected")
    return _line("warn", "The case has no summary", url=_url("cases:describe", case), action="Write one")


# --- investigation ----------------------------------------------------------------------------------------------------


def _before_finding(case: Case) -> list[Line]:
    exhibits = list(case.exhibits.select_related("item"))
    explanations = list(case.explanations.all())
    return [
        _assignee(case),
        _accounts(case),
        _terms(case),
        _exhibits(case, exhibits),
        _families(case, exhibits),
        *_explanations(case, explanations),
        *_matrix(case),
        _elements(case, exhibits),
        _authorised(case),
        _contracts(case),
        *_open_tasks(case),
    ]


def _terms(case: Case) -> Line:
    figures = queries.figures(case)
    start = figures.first_day or (case.opened_at - timedelta(days=30)).date()
    end = figures.last_day or case.opened_at.date()
    in_force = queries.terms_in_force(case, start)
    if not in_force:
        return _line(
            "stop",
            f"No terms of these accounts' products were in force on {start:%-d %B %Y}",
            url=reverse("policies:list"),
            action="Look at the terms",
        )
    changed = [v for v in in_force if len(queries.versions_during(v.document, start, end)) > 1]
    if changed:
        names = ", ".join(sorted({v.document.name for v in changed}))
        return _line("warn", "Terms changed while it went on", f"{names}: cite the clause of each version that differs")
    return _line("ok", "Terms were in force throughout", f"{len(in_force)} in force on {start:%Y-%m-%d}")


def _exhibits(case: Case, exhibits: list[Exhibit]) -> Line:
    if exhibits and all(exhibit.item.only_says for exhibit in exhibits):
        return _line(
            "stop",
            "Every exhibit proves only that something was said (R12)",
            "a claim is no evidence of what it says",
            _url("cases:add_exhibit", case),
            "Add one of your own",
        )
    if exhibits:
        return _line(
            "ok", "Exhibits carry it", f"{exhibits[0].label} to {exhibits[-1].label}" if exhibits[1:] else "E1"
        )
    return _line("stop", "No exhibit is in the file", url=_url("cases:add_exhibit", case), action="Add one")


def _families(case: Case, exhibits: list[Exhibit]) -> Line:
    families = substance.independent_families(exhibits)
    if families:
        names = ", ".join(sorted(str(FAMILIES[family]) for family in families))
        return _line("ok", "Independent families of evidence (R4)", names)
    return _line(
        "warn",
        "Fewer than two independent families of evidence (R4)",
        "the finding can say “roughly even chance” at most",
        _url("cases:add_exhibit", case),
        "Add another",
    )


def _explanations(case: Case, explanations: list[Explanation]) -> list[Line]:
    address = _url("cases:explanations", case)
    if not explanations:
        return [_line("stop", "No innocent explanation was considered", "", address, "Raise one")]
    lines = [
        _line("stop", f"Not tested: {e}", "test it, or say why it cannot be tested", address, "Assess it")
        for e in explanations
        if e.status == Explanation.Status.UNTESTED
    ]
    lines += [
        _line("warn", f"Not ruled out: {e}", e.get_status_display().lower(), address, "Look")
        for e in explanations
        if e.status not in (Explanation.Status.UNTESTED, Explanation.Status.REFUTED)
    ]
    refuted = sum(e.status == Explanation.Status.REFUTED for e in explanations)
    if refuted:
        lines.append(_line("ok", "Explanations tested and refuted", str(refuted)))
    if not any(e.is_tested or e.status == Explanation.Status.UNTESTED for e in explanations):
        detail = "the finding can say “roughly even chance” at most"
        lines.append(_line("warn", "No explanation was tested (R4)", detail, address, "Test one"))
    return lines


def _matrix(case: Case) -> list[Line]:
    """Empty cells, and whether something else is less contradicted than what is suspected."""
    standings = queries.standings(case)
    address = _url("cases:explanations", case)
    if empty := sum(standing.open for standing in standings):
        lines = [_line("warn", f"Empty cells of the matrix: {empty}", "", address, "Fill them")]
    else:
        lines = [_line("ok", "Every exhibit is weighed against every explanation")]
    suspected, *others = standings
    if better := [one.name for one in others if one.order < suspected.order]:
        lines.append(_line("warn", f"Less speaks against: {better[0]}", "than against the suspicion", address, "Look"))
    return lines


def _elements(case: Case, exhibits: list[Exhibit]) -> Line:
    carried = {exhibit.element for exhibit in exhibits}
    bare = [str(label).partition(":")[0] for value, label in Exhibit.Element.choices if value not in carried]
    if not bare:
        return _line("ok", "Every element has an exhibit")
    return _line(
        "warn",
        f"No exhibit shows: {', '.join(bare).lower()}",
        "add one, or let the finding say so in its limits",
        _url("cases:add_exhibit", case),
        "Add one",
    )


def _authorised(case: Case) -> Line:
    figures = queries.figures(case)
    start, end = figures.first_day or case.opened_at.date(), figures.last_day or case.opened_at.date()
    leave = authorisations.covering(queries.accounts_of(case), start, end)
    if not leave:
        return _line("ok", "No authorisation on record covers a member")
    return _line(
        "warn",
        f"Accounts that an authorisation covers: {len({one.account_id for one in leave})}",
        f"{', '.join(sorted({str(one.authorisation) for one in leave}))}: leave them out, or say why it does not apply",
        _url("cases:accounts", case),
        "Look at them",
    )


def _contracts(case: Case) -> Line:
    count = queries.with_contract(case)
    if not count:
        return _line("ok", "No contract of a member is on record that could allow it")
    return _line(
        "warn",
        f"Accounts with a contract that may allow it: {count}",
        url=_url("cases:accounts", case, has_contract="true"),
        action="Look at them",
    )


def _open_tasks(case: Case) -> list[Line]:
    count = case.tasks.filter(done_at__isnull=True).count()
    return [_line("warn", f"Open tasks: {count}", url=_url("cases:case", case), action="See them")] if count else []


# --- finding, decision, notice ----------------------------------------------------------------------------------------


def _before_confirmation(case: Case) -> list[Line]:
    found = case.findings.filter(state=Finding.State.PROPOSED).select_related("proposed_by").first()
    if found is None:
        return [_line("stop", "No finding is proposed", url=_url("cases:findings", case), action="Findings")]
    return [
        _line("ok", f"{found} is proposed", f"by {found.proposed_by}"),
        _line(
            "stop",
            "Another person has not reviewed it yet",
            f"anyone who may confirm findings, but not {found.proposed_by}",
            _url("cases:findings", case),
            "Review it",
        ),
        *_after_the_proposal(case, found),
    ]


def _after_the_proposal(case: Case, finding: Finding) -> list[Line]:
    gone = finding.account_count - queries.accounts_of_finding(finding).count()
    if not gone:
        return [_line("ok", "Its accounts are all still in the case", str(finding.account_count))]
    return [
        _line(
            "warn",
            f"{gone} of its accounts were taken out of the case since",
            "no measure will meet them",
            _url("cases:accounts", case, shown="excluded"),
            "See them",
        )
    ]


def _before_decision(case: Case) -> list[Line]:
    confirmed = list(case.findings.filter(state=Finding.State.CONFIRMED))
    lines = [_line("ok", f"{finding} is confirmed", f"{finding.account_count} accounts") for finding in confirmed]
    waiting = case.decisions.filter(state__in=Decision.OPEN).select_related("proposed_by", "reviewed_by")
    proposed = waiting.order_by("proposed_at").first()
    if proposed is None:
        lines.append(_line("stop", "No decision is proposed", url=_url("cases:decisions", case), action="Propose one"))
        return lines
    lines.append(_line("ok", f"{proposed.ref} is proposed: {proposed.get_action_display().lower()}"))
    lines.append(
        _line(
            "warn" if proposed.expected_wrongful >= 1 else "ok",
            f"Expected wrongful actions: {few(proposed.expected_wrongful)}",
            f"of {proposed.account_count} accounts",
            _url("cases:decisions", case),
            "How this is computed",
        )
    )
    return [*lines, _waits_for_others(case, proposed)]


def _waits_for_others(case: Case, decision: Decision) -> Line:
    if decision.state == Decision.State.HELD:
        others = f"but neither {decision.proposed_by} nor {decision.reviewed_by}: {decision.held_for}"
        text, detail = "A third person has not released it yet", f"anyone who may release decisions, {others}"
    else:
        text = "Another person has not approved it yet"
        detail = f"anyone who may approve decisions, but not {decision.proposed_by}"
    return _line("stop", text, detail, _url("cases:decisions", case), "Review it")


def _before_closing(case: Case) -> list[Line]:
    lines = [
        _line("ok", f"{d.ref} is approved: {d.get_action_display().lower()}")
        for d in case.decisions.filter(state=Decision.State.APPROVED)
    ]
    lines += [
        _line("stop", f"{d.ref} waits for {WAITS[d.state]}", url=_url("cases:decisions", case), action="Review it")
        for d in case.decisions.filter(state__in=Decision.OPEN)
    ]
    return [*lines, *_told(case), *_open_tasks(case)]


WAITS: dict[str, str] = {Decision.State.PROPOSED: "approval", Decision.State.HELD: "its release"}

# Letters are made in a room below this one; that they went out stands in the trail.
ISSUED = "notices.render_notice"


def _told(case: Case) -> list[Line]:
    """Whether those whom the decisions meet have been written to."""
    address = _url("notices:of_case", case)
    if not address:
        return []
    issued = Event.objects.filter(case_id=case.pk, action=ISSUED).count()
    holding = case.decisions.filter(state=Decision.State.APPROVED).exclude(action__in=AGAINST_NOBODY)
    if not holding:
        return []
    met = max(decision.account_count for decision in holding)
    if issued >= max(met, 1):
        return [_line("ok", "Those concerned are told", f"{issued:,} notices issued")]
    detail = f"{issued:,} notices issued, {met:,} accounts concerned" if issued else "no notice is issued yet"
    return [_line("warn", "Tell those concerned", detail, address, "Notices")]


def _nothing(case: Case) -> list[Line]:
    return [_line("ok", f"Closed: {case.get_closure_display().lower()}", case.closure_note)]


_CHECKS: dict[str, Callable[[Case], list[Line]]] = {
    State.TRIAGE: _before_investigation,
    State.INVESTIGATION: _before_finding,
    State.FINDING: _before_confirmation,
    State.DECISION: _before_decision,
    State.NOTICE: _before_closing,
    State.CLOSED: _nothing,
}
