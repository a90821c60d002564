-- The smallest coin a store pays with where no law says so, in minor units.
ALTER TABLE stores ADD COLUMN cash_rounding bigint;
