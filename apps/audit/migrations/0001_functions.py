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

-- What a legal hold is on stays, whoever wants it gone. What is held the room of the records knows: its functions are
-- looked up when a row is to go, and as long as they are not there nothing goes. Who puts a hold on something waits for
-- those who are erasing, and they for him: neither overlooks the other.
CREATE FUNCTION audit_refuse_held() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    hold text;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtext('records.holds'));
    hold := records_hold_over(TG_TABLE_NAME, OLD.id);
    IF hold IS NOT NULL THEN
        RAISE EXCEPTION 'legal hold % is on %: this % of % is refused', hold, OLD.id, lower(TG_OP), TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'what_is_held_stays', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE FUNCTION audit_refuse_held_value() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    hold text;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtext('records.holds'));
    hold := records_hold_over_value(OLD.subject, OLD.event_uuid);
    IF hold IS NOT NULL THEN
        RAISE EXCEPTION 'legal hold % is on %: erasing it is refused', hold, OLD.subject
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'what_is_held_stays', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN OLD;
END $$;

-- A key opens all values of its subject: it goes after them, so that what holds one of them holds the key.
CREATE FUNCTION audit_key_goes_last() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM audit_privatevalue WHERE subject = OLD.subject) THEN
        RAISE EXCEPTION 'the key of % still opens values: they are erased first', OLD.subject
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_key_goes_last', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN OLD;
END $$;

-- Runs when the transaction commits: the event that names what was erased may be written after it.
CREATE FUNCTION audit_require_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM audit_event WHERE xid = audit_current_xid()
                   AND action IN ('records.erase_subject', 'records.reapply_erasure', 'records.drop_spare_keys',
                                  'records.carry_on')) THEN
        RAISE EXCEPTION 'what % of % was is erased by an erasure or by retention, on record', TG_TABLE_NAME, OLD.subject
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'erased_on_record', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
"""

REVERSE = """
DROP FUNCTION audit_require_erasure();
DROP FUNCTION audit_key_goes_last();
DROP FUNCTION audit_refuse_held_value();
DROP FUNCTION audit_refuse_held();
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
