ALTER TABLE day_ends DROP CONSTRAINT day_ends_once;
ALTER TABLE day_ends ADD COLUMN shift bigint NOT NULL DEFAULT 1;
