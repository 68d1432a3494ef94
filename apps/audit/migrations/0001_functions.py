"""What PostgreSQL itself holds up: a change of an audited table without an event of the same transaction does not commit."""

from django.db import migrations

FUNCTIONS = """
CREATE FUNCTION audit_current_xid() RETURNS bigint LANGUAGE sql STABLE
    AS 'SELECT pg_current_xact_id()::text::bigint';

-- Which rows a statement wrote: a check per statement, where one per row would cost more than writing the row. Past a
-- hundred rows only a batch may have written them, and their ids are not needed. Once its transaction has ended a row is
-- of no use; the sequencer clears the table.
CREATE UNLOGGED TABLE audit_touched (
    table_name text NOT NULL,
    ids uuid[]
);

CREATE FUNCTION audit_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_touched (table_name, ids)
    SELECT TG_TABLE_NAME, CASE WHEN count(*) <= 100 THEN array_agg(id) END
    FROM (SELECT id FROM touched_rows LIMIT 101) AS touched HAVING count(*) > 0;
    RETURN NULL;
END $$;

-- Runs when the transaction commits, whatever was done to its row in the meantime.
-- plpgsql looks tables up when it runs, so this may come before audit_event.
CREATE FUNCTION audit_require_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    missing uuid;
BEGIN
    IF NOT EXISTS (SELECT FROM audit_event
                   WHERE tables IS NOT NULL AND xid = audit_current_xid() AND tables ? NEW.table_name) THEN
        SELECT touched INTO missing FROM unnest(NEW.ids) AS touched
        WHERE NOT EXISTS (SELECT FROM audit_event
                          WHERE object_id = touched AND object_type = NEW.table_name AND xid = audit_current_xid())
        LIMIT 1;
        IF missing IS NOT NULL OR NEW.ids IS NULL THEN
            RAISE EXCEPTION 'row % of audited table % was changed without an entry in the trail',
                coalesce(missing::text, '(one of many)'), NEW.table_name
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'needs_event', TABLE = NEW.table_name;
        END IF;
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER needs_event AFTER INSERT ON audit_touched DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION audit_require_event();

CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the trail keeps what it has: % of % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
END $$;
"""

REVERSE = """
DROP FUNCTION audit_refuse();
DROP FUNCTION audit_guard();
DROP TABLE audit_touched;
DROP FUNCTION audit_require_event();
DROP FUNCTION audit_current_xid();
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunSQL(FUNCTIONS, REVERSE)]
