-- The triggers of one append-only table, run for each at every start; {table} and {when} are filled in by migrate.rs.
-- A trigger that is in place, switched on and made for the same condition is left alone: making one waits for all
-- writers of the table, which other instances may be serving.
CREATE OR REPLACE FUNCTION returndesk_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $function$;

DO $check$
BEGIN
    IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = '{table}'::regclass AND tgname = '{table}_append_only'
                AND tgenabled = 'O' AND obj_description(oid, 'pg_trigger') = $when${when}$when$)
       AND EXISTS (SELECT FROM pg_trigger WHERE tgrelid = '{table}'::regclass AND tgname = '{table}_no_truncate'
                AND tgenabled = 'O')
    THEN RETURN; END IF;
    DROP TRIGGER IF EXISTS {table}_append_only ON {table};
    CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
        FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION returndesk_refuse_change();
    COMMENT ON TRIGGER {table}_append_only ON {table} IS $when${when}$when$;
    DROP TRIGGER IF EXISTS {table}_no_truncate ON {table};
    CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION returndesk_refuse_change();
END $check$;
