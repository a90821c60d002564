ALTER TABLE sales DROP CONSTRAINT sales_receipt_once;
ALTER TABLE sales ADD COLUMN register text NOT NULL DEFAULT '';
ALTER TABLE sales ADD COLUMN rung integer NOT NULL DEFAULT 0;
-- The register is in the sale as sent. Nothing else of a sale changes; its triggers are switched on again at once.
ALTER TABLE sales DISABLE TRIGGER USER;
UPDATE sales SET register = CAST(document AS json) ->> 'register';
ALTER TABLE sales ENABLE TRIGGER USER;
