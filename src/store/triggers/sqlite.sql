-- The triggers of one append-only table, run for each at every start; {table} and {when} are filled in by migrate.rs.
DROP TRIGGER IF EXISTS {table}_no_update;
CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} WHEN {when}
BEGIN
    SELECT RAISE(ABORT, '{table} is append-only: UPDATE refused');
END;
DROP TRIGGER IF EXISTS {table}_no_delete;
CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} WHEN {when}
BEGIN
    SELECT RAISE(ABORT, '{table} is append-only: DELETE refused');
END;
