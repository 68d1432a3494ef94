"""What was erased on record: values that may be missing, because an event of casemgr's own names them."""

import hmac

from apps.audit import ledger, private
from apps.audit.verify.reading import Reader, body_of
from apps.audit.verify.report import Verdict


class Erasures:
    """The values and subjects that events of erasure name. An event that casemgr did not seal excuses nothing."""

    def __init__(self, reader: Reader) -> None:
        self.values: set[tuple[str, str]] = set()  # event and field
        self.subjects: set[str] = set()
        for data, seal in reader.stream(
            "SELECT body, seal FROM audit_event WHERE action = ANY(%s) ORDER BY id", [list(private.ERASING)]
        ):
            if hmac.compare_digest(ledger.seal(bytes(data)), bytes(seal)):
                details = body_of(data).get("details") or {}
                self.values |= {(event, field) for event, field in details.get("erased", [])}
                self.subjects |= set(details.get("subjects", []))

    def names(self, event: object, field: str) -> bool:
        return (str(event), field) in self.values

    def found_again(self, verdict: Verdict, event: object, field: str) -> None:
        """A value that was erased lies there: an older copy of the database was restored, or somebody kept one."""
        verdict.found(
            f"The value of {field.removesuffix('.new')} beside event {event} was erased, and is there again. "
            "After a restore, `manage.py reapply_erasures` erases it once more.",
            table="audit_privatevalue",
            row=f"{event}/{field}",
            column=field.removesuffix(".new"),
            event=event,
        )
