"""Alerts that are there before a measurement begins: one that came the usual way, multiplied by SQL past the ledger."""

import json
from typing import Any

GROUPS = 50
FILLED = (
    "accounts_account",
    "accounts_identifier",
    "alerts_alertgroup",
    "alerts_alert",
    "alerts_alertaccount",
    "alerts_groupaccount",
)


def account(number: int) -> str:
    return f"acct_{number:012x}"


def used(number: int) -> list[tuple[str, str]]:
    """What an account uses: an address that some share, a payment instrument and a device of its own."""
    return [
        ("ip", f"10.{number % 7}.{number % 251}.{number % 253}"),
        ("payment", f"{number:024x}"),
        ("device", f"device-{number:x}"),
    ]


def fill(detector: Any, pattern: dict[str, Any], stored: int, accounts: int, *, shared: int = 0) -> None:
    """`accounts` accounts with their identifiers, and `stored` alerts about them in 50 groups. Each of `shared` further
    accounts uses one and the same device, and is named by an alert."""
    from django.db import connection  # Django is set up only after this module is imported

    from apps.alerts import intake
    from apps.alerts.models import Alert

    first = pattern | {"source_ref": "stored-first", "subject": {"type": "account", "accounts": [account(0)]}}
    intake.take(detector, [json.dumps(first).encode()], by=detector.service_account)
    pattern_id = Alert.objects.get(source_ref="stored-first").pk
    with connection.cursor() as cursor:
        for table in FILLED:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(ACCOUNTS, [accounts + shared])
        rows = list(zip(*_identifiers(accounts, shared), strict=True))
        cursor.execute(IDENTIFIERS, [list(column) for column in rows])
        cursor.execute(GROUPED, [GROUPS, pattern_id])
        cursor.execute(ALERTS, [accounts + shared, GROUPS, max(stored, shared), pattern_id])
        cursor.execute(LINKS)
        for table in FILLED:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute("VACUUM ANALYZE")


def _identifiers(accounts: int, shared: int) -> Any:
    from apps.accounts.identifiers import recognise

    for number in range(accounts):
        for kind, value in used(number):
            if one := recognise(kind, value):
                yield account(number), *one
    if one := recognise("device", "device-of-many"):
        for number in range(accounts, accounts + shared):
            yield account(number), *one


ACCOUNTS = """
INSERT INTO accounts_account
SELECT (jsonb_populate_record(a, jsonb_build_object('id', core_uuid7(), 'ref', 'acct_' || lpad(to_hex(n), 12, '0')))).*
FROM accounts_account a CROSS JOIN generate_series(1, %s - 1) n
"""
IDENTIFIERS = """
INSERT INTO accounts_identifier (id, account_id, kind, value_hmac, key_id, masked, first_seen, last_seen)
SELECT core_uuid7(), a.id, kind, value_hmac, key_id, masked, '2026-06-05', '2026-06-05'
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[]) AS n (ref, kind, value_hmac, key_id, masked)
JOIN accounts_account a ON a.ref = n.ref
"""
GROUPED = """
INSERT INTO alerts_alertgroup
SELECT (jsonb_populate_record(g, jsonb_build_object('id', core_uuid7(), 'key', 'stored:' || n))).*
FROM generate_series(1, %s) n CROSS JOIN alerts_alert a JOIN alerts_alertgroup g ON g.id = a.group_id WHERE a.id = %s
"""
ALERTS = """
INSERT INTO alerts_alert
SELECT (jsonb_populate_record(p, jsonb_build_object(
    'id', core_uuid7(), 'source_ref', 'stored-' || n, 'group_id', g.id, 'key', g.key,
    'account_ids', jsonb_build_array(a.id), 'updated_at', now() - n * interval '1 second'))).*
FROM (VALUES (%s::bigint, %s::bigint)) AS v (accounts, groups)
CROSS JOIN LATERAL generate_series(0, %s - 1) n
JOIN accounts_account a ON a.ref = 'acct_' || lpad(to_hex(n %% v.accounts), 12, '0')
JOIN alerts_alertgroup g ON g.key = 'stored:' || 1 + n %% v.groups
JOIN alerts_alert p ON p.id = %s
"""
LINKS = """
INSERT INTO alerts_alertaccount (account_id, alert_id)
SELECT unnest(account_ids), id FROM alerts_alert ON CONFLICT DO NOTHING;
INSERT INTO alerts_groupaccount (account_id, group_id)
SELECT DISTINCT l.account_id, a.group_id FROM alerts_alertaccount l JOIN alerts_alert a ON a.id = l.alert_id
ON CONFLICT DO NOTHING
"""
