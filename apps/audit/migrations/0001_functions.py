"""What PostgreSQL itself holds up: a change of an audited table without an event of the same transaction does not commit."""

from django.db import migrations

FUNCTIONS = """
CREATE FUNCTION audit_current_xid() RETURNS bigint LANGUAGE sql STABLE
    AS 'SELECT pg_current_xact_id()::text::bigint';

-- plpgsql looks the table up when it runs, so the function may come before it.
CREATE FUNCTION audit_require_event(changed_table text, changed_id uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM audit_event
               WHERE object_id = changed_id AND object_type = changed_table AND xid = audit_current_xid())
    OR EXISTS (SELECT FROM audit_event
               WHERE tables IS NOT NULL AND xid = audit_current_xid() AND tables ? changed_table) THEN
        RETURN;
    END IF;
    RAISE EXCEPTION 'row % of audited table % was changed without an entry in the trail', changed_id, changed_table
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'needs_event', TABLE = changed_table;
END $$;

CREATE FUNCTION audit_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM audit_require_event(TG_TABLE_NAME::text, COALESCE(NEW.id, OLD.id));
    RETURN NULL;
END $$;

CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the trail keeps what it has: % of % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
END $$;
"""

REVERSE = "DROP FUNCTION audit_refuse(); DROP FUNCTION audit_guard(); DROP FUNCTION audit_require_event(text, uuid); DROP FUNCTION audit_current_xid();"


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunSQL(FUNCTIONS, REVERSE)]
