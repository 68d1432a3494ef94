"""UUID version 7 for rows that SQL itself makes; PostgreSQL has its own only from 18 on."""

from django.db import migrations

UUID7 = """
CREATE FUNCTION core_uuid7() RETURNS uuid LANGUAGE sql VOLATILE AS $$
    SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING
        substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
        52, 1), 53, 1), 'hex')::uuid
$$;
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunSQL(UUID7, "DROP FUNCTION core_uuid7()")]
