-- Charges can come back in parts: the amount given back of the charge, then of each tax, in minor
-- units, separated by commas. Rows without are of before: `refunded` was all of the charge, and each
-- return of it gave all of it back.
ALTER TABLE sale_charges ADD COLUMN given text;
ALTER TABLE return_charges ADD COLUMN parts text;
