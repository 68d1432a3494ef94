"""Invented facts for every kind of letter, to see a wording as it will look. Nothing here is about anybody."""

from dataclasses import replace
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override as in_language

from apps.cases.models import Decision
from apps.notices import grounds
from apps.notices.letter import Clause, Explanation, Fact, NoticeFacts, Profile
from apps.notices.models import NoticeTemplate

Kind = NoticeTemplate.Kind
DECISIONS = {
    Kind.WARNING: Decision.Action.WARN,
    Kind.LIMIT: Decision.Action.LIMIT,
    Kind.VERIFICATION: Decision.Action.VERIFY_IDENTITY,
    Kind.SUSPENSION: Decision.Action.SUSPEND,
    Kind.TERMINATION: Decision.Action.TERMINATE,
}

# What people would have written for such a case, by language.
WORDS: dict[str, dict[str, Any]] = {
    "en": {
        "holder": ("Account holder of acct_7f3a91", "c/o the e-mail address on the account"),
        "party": ("Quarry Lane Models Ltd", "12 Quarry Lane", "Leeds LS1 4AP", "United Kingdom"),
        "scope": "all use of the service",
        "sent": "Between 4 and 10 May 2026, this account sent 7,000 requests.",
        "shown": "The requests followed one pattern, at equal distances, around the clock.",
        "finding": "this account collected output by automatic means, around the clock",
        "limits": "What the output was used for is not known.",
        "outcome": "This does not fit. The requests did not follow working hours.",
        "standing": "Northlight AI Ltd operates the service and is the contracting party of its terms.",
        "reason": "You write that a colleague sent the requests. The key was that of your account.",
        "back": "Your appeal was right: the requests were those of a test that we had allowed.",
        "details": "Your details were used on 5 accounts of our service, from 4 to 10 May 2026.",
    },
    "de": {
        "holder": ("Inhaberin oder Inhaber von acct_7f3a91", "über die E-Mail-Adresse des Kontos"),
        "party": ("Steinbruch Modelle GmbH", "Am Steinbruch 12", "04103 Leipzig", "Deutschland"),
        "scope": "jede Nutzung des Dienstes",
        "sent": "Zwischen dem 4. und dem 10. Mai 2026 sandte dieses Konto 7.000 Anfragen.",
        "shown": "Die Anfragen folgten einem Muster, in gleichen Abständen, rund um die Uhr.",
        "finding": "Dieses Konto sammelte Ausgaben automatisch, rund um die Uhr.",
        "limits": "Wozu die Ausgaben dienten, wissen wir nicht.",
        "outcome": "Das passt nicht. Die Anfragen folgten keinen Arbeitszeiten.",
        "standing": "Northlight AI Ltd betreibt den Dienst und ist Vertragspartei seiner Bedingungen.",
        "reason": "Sie schreiben, ein Kollege habe die Anfragen gesandt. Der Schlüssel gehörte zu Ihrem Konto.",
        "back": "Sie hatten recht: Die Anfragen gehörten zu einem Test, den wir erlaubt hatten.",
        "details": "Ihre Daten wurden vom 4. bis zum 10. Mai 2026 für 5 Konten unseres Dienstes genutzt.",
    },
}
CLAUSE = Clause("Usage Policy", "3.2", "You may not collect output by automatic means.", date(2026, 1, 15), "9c41" * 16)


def example(kind: str, language: str = "en", profile: Profile = "eu", *, sparse: bool = False) -> NoticeFacts:
    """Facts with which any wording of the kind can be printed. `sparse`: without all that a letter may lack."""
    with in_language(language):
        full = _full(Kind(kind), language, profile)
    return replace(full, **_SPARSE) if sparse else full


_SPARSE: dict[str, Any] = {
    "ends_on": None, "accepted_on": None, "warned_on": None, "data_promise": None, "dispute_body": None,
    "form_note": None, "enclosures": (),
}  # fmt: skip


def _full(kind: Kind, language: str, profile: Profile) -> NoticeFacts:
    words, action = WORDS[language], DECISIONS.get(kind)
    is_answer = kind in (Kind.APPEAL_DECISION, Kind.REINSTATEMENT)
    goes_to_party = kind in (Kind.CEASE_AND_DESIST, Kind.PRESERVATION, Kind.VICTIM)
    sort = {Kind.PRESERVATION: grounds.PRESERVERS["cloud"], Kind.VICTIM: grounds.VICTIMS["card"]}.get(kind)
    return NoticeFacts(
        provider_name="Northlight AI Ltd",
        desk="Trust and Safety",
        signatory=("Trust and Safety",),
        recipient=words["party"] if goes_to_party else words["holder"],
        account_ref="acct_7f3a91",
        reference="N-2026-000317",
        case_ref="CASE-2026-0042",
        issued_on=date(2026, 6, 1),
        delivery=_("registered post and e-mail") if goes_to_party else _("e-mail and in the account"),
        contact_address="enforcement@northlight.example",
        restriction=grounds.RESTRICTIONS[action] if action else "none",
        action_sentence=_measure(kind, action),
        scope=words["scope"],
        territory=_(grounds.TERRITORY),
        starts_on=date(2026, 6, 1),
        ends_on=date(2026, 8, 30),
        facts=(
            Fact(words["details" if kind == Kind.VICTIM else "sent"], record="activity"),
            Fact(words["shown"], ("E1",)),
        ),
        clauses=(CLAUSE,),
        explanations_considered=(
            Explanation(_("Heavy but ordinary use, such as automated tests, batches or labelling."), words["outcome"]),
        ),
        confidence_term="very likely",
        finding=words["finding"],
        limits=words["limits"],
        detected_automatically=True,
        decided_automatically="not",
        accepted_on=date(2026, 2, 3),
        active_from=date(2026, 5, 4),
        active_until=date(2026, 5, 10),
        origin=_(grounds.ORIGIN),
        appeal_until=date(2026, 12, 1),
        appeal_address="appeals.northlight.example",
        appeal_code="7QK4-M2XD",
        reviewer_promise=_(grounds.REVIEWER_PROMISE).format(days=grounds.DAYS_TO_ANSWER),
        dispute_body=_(grounds.DISPUTE_BODY) if profile == "eu" else None,
        data_promise=_(grounds.DATA_PROMISES[action]) if action in grounds.DATA_PROMISES else None,
        warned_on=date(2026, 5, 6),
        standing=words["standing"],
        legal_grounds=tuple(_(ground) for ground in grounds.LEGAL_GROUNDS[profile]),
        demands=tuple(_(demand) for demand in grounds.DEMANDS),
        preservation=tuple(_(item) for item in (sort or grounds.PRESERVERS["account_holder"]).items),
        respond_by=date(2026, 6, 15),
        appeal_ref="AP-2026-0007",
        appealed_on=date(2026, 6, 5),
        measure_ref="N-2026-000101",
        measure_issued_on=date(2026, 5, 20),
        upheld_on=date(2026, 6, 12) if kind == Kind.APPEAL_DECISION else None,
        lifted_on=date(2026, 6, 12) if kind == Kind.REINSTATEMENT else None,
        appeal_reasons=(words["reason"],) if is_answer else (),
        reinstatement_reasons=(words["back"],) if is_answer else (),
        verification_address="appeals.northlight.example",
        verification_code="M2XD-7QK4",
        profile=profile,
        form_note=_(grounds.FORM_NOTES["us" if profile == "us" else "voluntary"]) if profile != "other" else None,
        ground_sentence=_(grounds.GROUND),
        judicial_redress=_(grounds.COURTS[profile]),
        sort_sentence=_(sort.sentence) if sort else None,
        steps=tuple(_(item) for item in sort.items) if kind == Kind.VICTIM and sort else (),
        language=language,
    )


def _measure(kind: Kind, action: Decision.Action | None) -> str:
    if action:
        return _(grounds.MEASURES[action][0])
    if kind == Kind.VICTIM:
        return _(grounds.DONE_FOR_VICTIMS[Decision.Action.SUSPEND])
    return _(grounds.PRESERVATION_DEMAND if kind == Kind.PRESERVATION else grounds.DEMAND_ALONE)
