"""A house in which much has happened: what a year of detectors leaves behind, written by SQL past the ledger.

One alert comes the usual way, and all rows are copies of what it left, with other columns. Groups of twenty alerts each
come one after the other, eight detectors take turns, half of the groups are decided. Three campaigns of a tenth of all
alerts each are on top of the queue. Nothing here depends on chance: two runs store the same.
"""

import json
import uuid
from dataclasses import dataclass
from typing import Any

from django.db import connection, models

PER_GROUP, PER_BATCH, CAMPAIGNS = 20, 500, 3
DAYS = 180
# Of each eight blocks of alerts so many come from a detector. `seldom` spoke once, long ago; `silent` never did.
TURNS = ["volume", "volume", "template", "template", "synchrony", "payment", "linkage", "region"]
ADMIN, ANALYST = "admin@example.com", "analyst@example.com"
SELDOM, SILENT = "canary", "fingerprint"
CODES = ["not_an_alert", "field_missing", "field_wrong", "wrong_source", "too_deep"]
FILLED = [
    "accounts_account",
    "accounts_activity",
    "alerts_alertgroup",
    "alerts_batch",
    "alerts_rejection",
    "alerts_alert",
    "alerts_verdict",
]


@dataclass
class Stock:
    """What is there, for whoever measures."""

    person: Any
    detectors: dict[str, Any]
    key: str  # of the detector that says most
    one: Any  # an alert of it


def build(stored: int, pattern: dict[str, Any]) -> Stock:
    """`stored` alerts (a multiple of 10,000), and what goes with them: a tenth as many accounts, a group for each 20
    alerts, a batch for each 500 and for each tenth alert one that brought nothing new, a rejection for each tenth."""
    _people(pattern)
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        for table in FILLED:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(SCALE, [stored, list(TURNS), SELDOM])
        for statement in _statements():
            cursor.execute(statement)
        for table in FILLED:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute("VACUUM ANALYZE")
    there = found()
    assert there
    return there


def found() -> Stock | None:
    """What an earlier run built, if any."""
    from apps.alerts.models import Alert, Detector
    from apps.staff import actions as staff
    from apps.staff.models import User

    detectors = {detector.slug: detector for detector in Detector.objects.all()}
    if not detectors:
        return None
    one = Alert.objects.select_related("detector").get(detector=detectors[TURNS[0]], source_ref="stored-0")
    _key, text = staff.issue_api_key(one.detector.service_account, by=User.objects.get(email=ADMIN))
    return Stock(User.objects.get(email=ANALYST), detectors, text, one)


def _people(pattern: dict[str, Any]) -> None:
    from apps.alerts import actions as alerts
    from apps.alerts import intake
    from apps.audit.principals import System
    from apps.staff import actions as staff

    admin = staff.bootstrap(email=ADMIN, name="Admin", password=uuid.uuid4().hex, by=System())
    staff.invite(email=ANALYST, name="Analyst", roles=["analyst"], password=uuid.uuid4().hex, by=admin)
    kinds = dict.fromkeys([*TURNS, SELDOM, SILENT])
    detectors = {
        kind: alerts.register_detector(slug=kind, name=kind.title(), kind=kind, owner="bench", by=admin)
        for kind in kinds
    }
    first = pattern | {"source": TURNS[0], "source_ref": "first", "kind": TURNS[0]}
    first["subject"] = {"type": "account", "accounts": ["acct_first"]}
    for item in (first, {"title": "not an alert"}):
        detector = detectors[TURNS[0]]
        intake.take(detector, [json.dumps(item).encode()], by=detector.service_account)


def _statements() -> list[str]:
    from apps.accounts.models import Account
    from apps.alerts.models import Alert, AlertGroup, Batch, Rejection

    return [
        *DETECTORS,
        _copies(Account, ACCOUNT, "generate_series(0, (SELECT accounts FROM scale) - 1) n"),
        ACTIVITY,
        _copies(AlertGroup, GROUP, GROUPS),
        NAMED,
        _copies(Batch, BATCH, "blocks"),
        _copies(Batch, BATCH | EMPTY, "generate_series(1, (SELECT stored FROM scale) / 10) n CROSS JOIN scale"),
        _copies(Rejection, REJECTION, "generate_series(1, (SELECT stored FROM scale) / 10) n CROSS JOIN scale"),
        _copies(Alert, ALERT, ALERTS),
        *LINKS,
        VERDICTS,
    ]


def _copies(model: type[models.Model], given: dict[str, str], rows: str) -> str:
    """Insert a copy of the table's first row for each of `rows`, with these columns instead."""
    table = model._meta.db_table
    columns = [str(field.column) for field in model._meta.local_fields]
    if unknown := given.keys() - set(columns):
        raise ValueError(f"{table} has no {', '.join(sorted(unknown))}")
    values = ", ".join(given.get(column, f"p.{column}") for column in columns)
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values}"  # noqa: S608 - names and values are ours
        f" FROM {rows} CROSS JOIN (SELECT * FROM {table} ORDER BY id LIMIT 1) p"
    )


def chance(seed: str, below: int) -> str:
    """A number from 0 on that follows from a seed."""
    return f"((hashint8({seed}) & 2147483647) % {below})"


# --- what is how large -----------------------------------------------------------------------------------------------

SCALE = """
CREATE TEMP TABLE scale AS SELECT *, stored / 10 AS campaign, stored - 3 * (stored / 10) AS ordinary,
    (stored - 3 * (stored / 10)) / 20 AS groups, greatest(stored / 10, 1) AS accounts
FROM (SELECT %s::int AS stored, %s::text[] AS turns, %s::text AS seldom) given CROSS JOIN
    (SELECT id AS person FROM staff_user WHERE email = 'analyst@example.com') people
"""
# A block is a batch of 500 alerts: of 25 groups, or a part of a campaign.
DETECTORS = [
    """
    CREATE TEMP TABLE blocks AS
    SELECT n, core_uuid7() AS batch_id, d.id AS detector_id, d.kind, d.slug,
        now() - interval '1 minute' - (greatest(1 - n * 500.0 / ordinary, 0) * 180
            + CASE WHEN n * 500 >= ordinary THEN (n * 500 - ordinary) % campaign * 30.0 / campaign ELSE 0 END)
            * interval '1 day' AS at
    FROM scale CROSS JOIN generate_series(0, stored / 500 - 1) n
    JOIN alerts_detector d ON d.slug = CASE WHEN n = 3 THEN seldom ELSE turns[1 + n % 8] END
    """,
    "CREATE UNIQUE INDEX ON blocks (n)",
]
ACCOUNT = {
    "id": "core_uuid7()",
    "ref": "'acct_' || lpad(to_hex(n), 12, '0')",
    "opened_at": "now() - (n % 400) * interval '1 day'",
    "recorded_at": "now() - (n % 180) * interval '1 day'",
}
ACTIVITY = """
INSERT INTO accounts_activity (id, account_id, day, model, queries, input_tokens, output_tokens)
SELECT core_uuid7(), a.id, current_date - day, 'model-x', 10 + day * 7 % 100, 1000, 1000
FROM (SELECT id FROM accounts_account ORDER BY id LIMIT (SELECT accounts / 4 FROM scale)) a
CROSS JOIN generate_series(1, 30) day
"""

# --- groups ----------------------------------------------------------------------------------------------------------

# The campaigns are numbered behind the ordinary groups.
GROUPS = f"""
(SELECT s.n, is_campaign, {chance("s.n", 100)} AS r, person, campaign, b.at, b.kind, b.slug
 FROM scale CROSS JOIN generate_series(0, groups + {CAMPAIGNS - 1}) s (n)
 CROSS JOIN LATERAL (SELECT s.n >= groups AS is_campaign) which
 JOIN blocks b ON b.n = CASE WHEN is_campaign THEN (ordinary + (s.n - groups) * campaign) / 500 ELSE s.n / 25 END) g
"""  # noqa: S608 - see above
STATE = """CASE WHEN is_campaign OR r < 50 THEN 'open' WHEN r < 53 THEN 'claimed' WHEN r < 87 THEN 'dismissed'
    ELSE 'escalated' END"""
SNOOZED, HIDDEN = "(NOT is_campaign AND r < 5)", "(NOT is_campaign AND r BETWEEN 5 AND 9)"
HELD = "(NOT is_campaign AND (r BETWEEN 50 AND 52 OR r >= 87))"
GROUP = {
    "id": "core_uuid7()",
    "key": "'stored:' || n",
    "title": "'Queries follow a template, group ' || n",
    "state": STATE,
    "severity": f"CASE WHEN is_campaign THEN 4 ELSE {chance('n + 7', 4)} END",
    "priority": f"CASE WHEN is_campaign THEN 99 ELSE {chance('n + 11', 95)} END",
    "kinds": "jsonb_build_array(kind)",
    "detectors": "jsonb_build_array(slug)",
    "alert_count": f"CASE WHEN is_campaign THEN campaign ELSE {PER_GROUP} END",
    "account_count": "CASE WHEN is_campaign THEN campaign ELSE 5 END",
    "first_received_at": "at",
    "last_received_at": "CASE WHEN is_campaign THEN now() ELSE at END",
    "due_at": "at + interval '3 days'",
    "claimed_by_id": f"CASE WHEN {HELD} THEN person END",
    "claimed_at": f"CASE WHEN {HELD} THEN at END",
    "dismissal": "CASE WHEN NOT is_campaign AND r BETWEEN 53 AND 86 THEN 'benign' ELSE '' END",
    "snoozed_until": f"CASE WHEN {SNOOZED} THEN now() + interval '9 days' END",
    "snoozed_severity": f"CASE WHEN {SNOOZED} THEN 4 END",
    "snoozed_by_id": f"CASE WHEN {SNOOZED} THEN person END",
    "hidden_until": f"CASE WHEN {HIDDEN} THEN now() + interval '9 days' END",
}
NAMED = """
CREATE TEMP TABLE named AS SELECT substr(key, 8)::int AS n, id FROM alerts_alertgroup WHERE key LIKE 'stored:%';
CREATE UNIQUE INDEX ON named (n);
CREATE TEMP TABLE numbered AS SELECT row_number() OVER (ORDER BY ref) - 1 AS n, id FROM accounts_account
WHERE ref <> 'acct_first';
CREATE UNIQUE INDEX ON numbered (n);
ANALYZE named, numbered
"""

# --- what came in ----------------------------------------------------------------------------------------------------

BATCH = {
    "id": "batch_id",
    "detector_id": "blocks.detector_id",
    "received_at": "at",
    "items": str(PER_BATCH),
    "created": str(PER_BATCH),
}
# One of these a second is what a detector sends that repeats itself.
EMPTY = {
    "id": "core_uuid7()",
    "detector_id": "p.detector_id",
    "received_at": f"now() - n * {DAYS} * interval '1 day' / (stored / 10)",
    "items": "1",
    "created": "0",
    "duplicates": "1",
}
REJECTION = {
    "id": "core_uuid7()",
    "source_ref": "'refused-' || n",
    "code": f"('{{{','.join(CODES)}}}'::text[])[CASE WHEN n > stored / 10 - 5 THEN 5 ELSE 1 + n % 4 END]",
    "received_at": f"now() - n * {DAYS} * interval '1 day' / (stored / 10)",
}
ALERTS = """
(SELECT i, i / 500 AS block, i >= ordinary AS is_campaign,
    CASE WHEN i < ordinary THEN i / 20 ELSE groups + (i - ordinary) / campaign END AS group_n,
    CASE WHEN i < ordinary THEN (i / 20 * 5 + i % 5) % accounts ELSE (i - ordinary) % accounts END AS account_n
 FROM scale CROSS JOIN generate_series(0, stored - 1) i) a
JOIN blocks b ON b.n = a.block JOIN named g ON g.n = a.group_n JOIN numbered c ON c.n = a.account_n
"""
ALERT = {
    "id": "core_uuid7()",
    "detector_id": "b.detector_id",
    "source_ref": "'stored-' || i",
    "batch_id": "b.batch_id",
    "group_id": "g.id",
    "key": "'stored:' || group_n",
    "kind": "b.kind",
    "is_open": "i % 20 <> 0",
    "severity": chance("i", 4),
    "detected_at": f"b.at - {chance('i', 4)} * interval '1 day' + i % 500 * interval '1 millisecond'",
    "received_at": "b.at + i % 500 * interval '1 millisecond'",
    "updated_at": "b.at + i % 500 * interval '1 millisecond'",
    "account_ids": "ARRAY[c.id]",
    "account_count": "1",
}
LINKS = [
    """INSERT INTO alerts_alertaccount (account_id, alert_id)
    SELECT unnest(account_ids), id FROM alerts_alert ON CONFLICT DO NOTHING""",
    """INSERT INTO alerts_groupaccount (account_id, group_id)
    SELECT DISTINCT l.account_id, a.group_id FROM alerts_alertaccount l JOIN alerts_alert a ON a.id = l.alert_id
    ON CONFLICT DO NOTHING""",
    "INSERT INTO alerts_groupkey (key, group_id) SELECT key, id FROM alerts_alertgroup ON CONFLICT DO NOTHING",
    """UPDATE alerts_batch b SET verdicts = a.answers FROM (
        SELECT batch_id, jsonb_agg(jsonb_build_object('id', id, 'verdict', 'created'))::text AS answers
        FROM alerts_alert GROUP BY 1) a WHERE b.id = a.batch_id AND b.created > 1""",
]
VERDICTS = """
INSERT INTO alerts_verdict (id, group_id, detector_id, outcome, dismissal, decided_at, decided_by, alert_count, drill)
SELECT core_uuid7(), g.id, d.id, CASE g.state WHEN 'dismissed' THEN 'dismissed' ELSE 'in_case' END, g.dismissal,
    g.first_received_at + interval '1 day', 'person:bench', g.alert_count, ''
FROM alerts_alertgroup g JOIN alerts_detector d ON d.slug = g.detectors->>0
WHERE g.state IN ('dismissed', 'escalated')
"""
