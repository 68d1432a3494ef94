"""Writes typed rows set by set: each kind of record has its statement and its idea of "the same again"."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from apps.accounts import identifiers
from apps.accounts.importing import Row
from apps.accounts.models import Acceptance, Account, Activity, Identifier
from apps.audit import ledger
from apps.audit.models import AuditedModel
from apps.policies.models import Document, Sighting


class Writer(ABC):
    """Gathers rows and writes them in sets. Of two rows about the same thing in one set the later counts."""

    model: type[AuditedModel]
    key: tuple[str, ...]  # columns of the incoming row that make it unique
    types: str  # of the incoming row, for jsonb_to_recordset
    found: str  # condition under which a row `t` of the table is the incoming row `n`
    statement: str  # with {incoming} for the rows, and {t} for the table in what a conflict compares

    def __init__(self, make_known: Callable[[set[str]], None]) -> None:
        self.make_known = make_known
        self.created = self.updated = self.unchanged = 0
        self.rejections: list[dict[str, Any]] = []
        self.waiting: dict[tuple, dict[str, Any]] = {}

    def take(self, row: Row) -> None:
        try:
            values = self.values(row.value) if not row.reason else None
        except ValueError as error:
            values, row = None, Row(row.line, row.raw, reason=str(error))
        if values is None:
            self.rejections.append({"line": row.line, "reason": row.reason, "raw": row.raw})
            return
        key = tuple(values[name] for name in self.key)
        if earlier := self.waiting.get(key):
            self.unchanged += earlier == values
            self.updated += earlier != values
        self.waiting[key] = values

    @abstractmethod
    def values(self, value: Any) -> dict[str, Any]:
        """Column values of a typed row. Raises ValueError with what is wrong."""

    def flush(self, rows: ledger.Batch) -> None:
        """Write what waits; what is there already and says the same is not touched."""
        chunk = [self.waiting[key] for key in sorted(self.waiting, key=str)]
        self.waiting = {}
        if not chunk:
            return
        if "account_ref" in chunk[0]:
            self.make_known({row["account_ref"] for row in chunk})
        data = json.dumps(chunk, default=str)
        incoming = f"jsonb_to_recordset(%s::jsonb) AS n ({self.types})"
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT count(*) FROM {incoming} WHERE EXISTS (SELECT FROM {self.found})",  # noqa: S608 - ours
                [data],
            )
            existing = cursor.fetchone()[0]
        written = rows.run(self.model, self.statement.format(incoming=incoming, t=self.model._meta.db_table), [data])
        created = len(chunk) - existing
        self.created += created
        self.updated += written - created
        self.unchanged += existing - (written - created)


def _utc(moment: Any) -> str | None:
    return moment and moment.isoformat()


class Accounts(Writer):
    model = Account
    key = ("ref",)
    types = (
        "ref text, opened_at timestamptz, product text, plan text, country text, organisation text, contract text,"
        " payer_verified boolean, status text"
    )
    found = "accounts_account t WHERE t.ref = n.ref"
    statement = """
        INSERT INTO accounts_account
            (id, ref, opened_at, product, plan, country, organisation, contract, payer_verified, status, recorded_at)
        SELECT core_uuid7(), ref, opened_at, product, plan, country, organisation, contract, payer_verified, status,
            now()
        FROM {incoming}
        ON CONFLICT (ref) DO UPDATE SET
            opened_at = COALESCE(excluded.opened_at, {t}.opened_at),
            product = COALESCE(NULLIF(excluded.product, ''), {t}.product),
            plan = COALESCE(NULLIF(excluded.plan, ''), {t}.plan),
            country = COALESCE(NULLIF(excluded.country, ''), {t}.country),
            organisation = COALESCE(NULLIF(excluded.organisation, ''), {t}.organisation),
            contract = COALESCE(NULLIF(excluded.contract, ''), {t}.contract),
            payer_verified = COALESCE(excluded.payer_verified, {t}.payer_verified),
            status = COALESCE(NULLIF(excluded.status, 'unknown'), {t}.status)
        WHERE (excluded.opened_at IS NOT NULL AND excluded.opened_at IS DISTINCT FROM {t}.opened_at)
           OR (excluded.product <> '' AND excluded.product <> {t}.product)
           OR (excluded.plan <> '' AND excluded.plan <> {t}.plan)
           OR (excluded.country <> '' AND excluded.country <> {t}.country)
           OR (excluded.organisation <> '' AND excluded.organisation <> {t}.organisation)
           OR (excluded.contract <> '' AND excluded.contract <> {t}.contract)
           OR (excluded.payer_verified IS NOT NULL AND excluded.payer_verified IS DISTINCT FROM {t}.payer_verified)
           OR (excluded.status <> 'unknown' AND excluded.status <> {t}.status)"""

    def values(self, value: Any) -> dict[str, Any]:
        return {
            "ref": value.ref,
            "opened_at": _utc(value.opened_at),
            "product": value.product,
            "plan": value.plan,
            "country": value.country.upper(),
            "organisation": value.organisation,
            "contract": value.contract,
            "payer_verified": value.payer_verified,
            "status": value.status,
        }


class Identifiers(Writer):
    model = Identifier
    key = ("account_ref", "kind", "value_hmac")
    types = (
        "account_ref text, kind text, value_hmac text, key_id text, masked text,"
        " first_seen timestamptz, last_seen timestamptz"
    )
    found = (
        "accounts_identifier t JOIN accounts_account a ON a.id = t.account_id"
        " WHERE a.ref = n.account_ref AND t.kind = n.kind AND t.value_hmac = n.value_hmac"
    )
    # Seen earlier or later widens the time; a narrower report is not news. LEAST and GREATEST pass over nulls.
    statement = """
        INSERT INTO accounts_identifier
            (id, account_id, kind, value_hmac, key_id, masked, first_seen, last_seen)
        SELECT core_uuid7(), a.id, n.kind, n.value_hmac, n.key_id, n.masked, n.first_seen, n.last_seen
        FROM {incoming} JOIN accounts_account a ON a.ref = n.account_ref
        ON CONFLICT (account_id, kind, value_hmac) DO UPDATE SET
            first_seen = LEAST(excluded.first_seen, {t}.first_seen),
            last_seen = GREATEST(excluded.last_seen, {t}.last_seen)
        WHERE LEAST(excluded.first_seen, {t}.first_seen) IS DISTINCT FROM {t}.first_seen
           OR GREATEST(excluded.last_seen, {t}.last_seen) IS DISTINCT FROM {t}.last_seen"""

    def values(self, value: Any) -> dict[str, Any]:
        kind, text = identifiers.kind_and_value(value.kind, value.value)
        digest, key_id = identifiers.hmac_of(kind, text)
        return {
            "account_ref": value.account_ref,
            "kind": kind,
            "value_hmac": digest,
            "key_id": key_id,
            "masked": identifiers.mask(kind, text),
            "first_seen": _utc(value.first_seen),
            "last_seen": _utc(value.last_seen),
        }


class DailyActivity(Writer):
    model = Activity
    key = ("account_ref", "day", "model")
    types = (
        "account_ref text, day date, model text, queries bigint, input_tokens bigint, output_tokens bigint,"
        " active_hours smallint, distinct_templates integer, topic_entropy_bits double precision"
    )
    found = (
        "accounts_activity t JOIN accounts_account a ON a.id = t.account_id"
        " WHERE a.ref = n.account_ref AND t.day = n.day AND t.model = n.model"
    )
    # A day is reported anew as a whole: the later report replaces the earlier one.
    statement = """
        INSERT INTO accounts_activity (id, account_id, day, model, queries, input_tokens, output_tokens,
            active_hours, distinct_templates, topic_entropy_bits)
        SELECT core_uuid7(), a.id, n.day, n.model, n.queries, n.input_tokens, n.output_tokens,
            n.active_hours, n.distinct_templates, n.topic_entropy_bits
        FROM {incoming} JOIN accounts_account a ON a.ref = n.account_ref
        ON CONFLICT (account_id, day, model) DO UPDATE SET
            queries = excluded.queries, input_tokens = excluded.input_tokens, output_tokens = excluded.output_tokens,
            active_hours = excluded.active_hours, distinct_templates = excluded.distinct_templates,
            topic_entropy_bits = excluded.topic_entropy_bits
        WHERE ({t}.queries, {t}.input_tokens, {t}.output_tokens, {t}.active_hours, {t}.distinct_templates,
                {t}.topic_entropy_bits)
            IS DISTINCT FROM (excluded.queries, excluded.input_tokens, excluded.output_tokens, excluded.active_hours,
                excluded.distinct_templates, excluded.topic_entropy_bits)"""

    def values(self, value: Any) -> dict[str, Any]:
        return {
            "account_ref": value.account_ref,
            "day": value.day.isoformat(),
            "model": value.model,
            "queries": value.queries,
            "input_tokens": value.input_tokens,
            "output_tokens": value.output_tokens,
            "active_hours": value.active_hours,
            "distinct_templates": value.distinct_templates,
            "topic_entropy_bits": value.topic_entropy_bits,
        }


class Acceptances(Writer):
    model = Acceptance
    key = ("account_ref", "document_id", "accepted_at")
    types = "account_ref text, document_id uuid, version_id uuid, accepted_at timestamptz, method text"
    found = (
        "accounts_acceptance t JOIN accounts_account a ON a.id = t.account_id"
        " WHERE a.ref = n.account_ref AND t.document_id = n.document_id AND t.accepted_at = n.accepted_at"
    )
    # A later report may say which version it was, or how; one that does not say takes nothing away.
    statement = """
        INSERT INTO accounts_acceptance (id, account_id, document_id, version_id, accepted_at, method)
        SELECT core_uuid7(), a.id, n.document_id, n.version_id, n.accepted_at, n.method
        FROM {incoming} JOIN accounts_account a ON a.ref = n.account_ref
        ON CONFLICT (account_id, document_id, accepted_at) DO UPDATE SET
            version_id = COALESCE(excluded.version_id, {t}.version_id),
            method = COALESCE(NULLIF(excluded.method, ''), {t}.method)
        WHERE (excluded.version_id IS NOT NULL AND excluded.version_id IS DISTINCT FROM {t}.version_id)
           OR (excluded.method <> '' AND excluded.method <> {t}.method)"""

    def __init__(self, make_known: Callable[[set[str]], None]) -> None:
        super().__init__(make_known)
        self.documents: dict[tuple[str, str], list[Document]] = {}
        for document in Document.objects.all():
            self.documents.setdefault((document.service, document.name), []).append(document)
        self.seen: dict[UUID, list[tuple[datetime, str, UUID]]] = {}  # document -> moment, SHA-256, version

    def values(self, value: Any) -> dict[str, Any]:
        document, version = self._found(value)
        return {
            "account_ref": value.account_ref,
            "document_id": str(document.pk),
            "version_id": version and str(version),
            "accepted_at": value.accepted_at.isoformat(),
            "method": value.method,
        }

    def _found(self, value: Any) -> tuple[Document, UUID | None]:
        """The document, and the version that the row names."""
        known = self.documents.get((value.service, value.document), [])
        known = [d for d in known if value.collection in ("", d.collection)]
        name = f"“{value.document}” of “{value.service}”"
        if not known:
            raise ValueError(f"there is no document {name}: import the terms first")
        if value.version_sha256 or value.version_recorded_at:
            found = [(document, version) for document in known for version in self._versions(document, value)]
            if not found:
                raise ValueError(f"no version of {name} has this SHA-256 or was recorded then: import the terms first")
            known = list(dict.fromkeys(document for document, _ in found))
        if len(known) > 1:
            collections = ", ".join(sorted(d.collection for d in known))
            raise ValueError(f"several collections hold {name}: say in a column `collection` which of {collections}")
        if value.version_sha256 or value.version_recorded_at:
            return known[0], found[0][1]
        return known[0], None

    def _versions(self, document: Document, value: Any) -> list[UUID]:
        """Versions in which the text was seen, the one that was seen last before the acceptance first."""
        if document.pk not in self.seen:
            rows = Sighting.objects.filter(document=document).order_by("seen_at")
            self.seen[document.pk] = list(rows.values_list("seen_at", "text__sha256", "version"))
        matching = [
            (seen_at, version)
            for seen_at, sha256, version in self.seen[document.pk]
            if value.version_sha256.lower() in ("", sha256) and value.version_recorded_at in (None, seen_at)
        ]
        before = [version for seen_at, version in matching if seen_at <= value.accepted_at]
        return [*before[::-1], *(version for seen_at, version in matching if seen_at > value.accepted_at)]


WRITERS: dict[str, type[Writer]] = {
    "accounts": Accounts,
    "identifiers": Identifiers,
    "activity": DailyActivity,
    "acceptances": Acceptances,
}
