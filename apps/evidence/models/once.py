import pgtrigger

from apps.audit.models import AuditedModel

REFUSE = """
    RAISE EXCEPTION 'evidence is written once: % of % refused', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'check_violation', CONSTRAINT = 'evidence_is_written_once';
"""


def written_once(*, but: tuple[str, ...] = ()) -> list[pgtrigger.Trigger]:
    """What was collected, seen and computed is never corrected, only added to. `but` names columns that may change."""
    if not but:
        operation = pgtrigger.Update | pgtrigger.Delete
        return [
            *AuditedModel.Meta.triggers,
            pgtrigger.Trigger(name="evidence_is_written_once", when=pgtrigger.Before, operation=operation, func=REFUSE),
        ]
    return [
        *AuditedModel.Meta.triggers,
        pgtrigger.Trigger(
            name="evidence_is_written_once",
            when=pgtrigger.Before,
            operation=pgtrigger.Update,
            condition=pgtrigger.AnyChange(exclude=list(but)),
            func=REFUSE,
        ),
        pgtrigger.Trigger(name="evidence_stays", when=pgtrigger.Before, operation=pgtrigger.Delete, func=REFUSE),
    ]


WRITTEN_ONCE = written_once()
