-- Receipt numbers, customer numbers and serial numbers are matched by a key: NFKC, case folding, white space collapsed.
-- What is kept and shown stays as sent. No database folds so: src/store/match_keys.rs fills in the keys of older rows,
-- also of those that an older instance writes during a rolling upgrade, and makes the unique key of receipts.
ALTER TABLE sales ADD COLUMN receipt_key text;
ALTER TABLE sales ADD COLUMN customer_key text;
ALTER TABLE sale_serials ADD COLUMN serial_key text;
ALTER TABLE returns ADD COLUMN customer_key text;
ALTER TABLE return_buyers ADD COLUMN customer_key text;
CREATE INDEX sales_of_customer_key ON sales (customer_key, id) WHERE customer_key IS NOT NULL;
CREATE INDEX sale_serials_of_key ON sale_serials (serial_key, sale, line);
CREATE INDEX returns_of_customer_key ON returns (customer_key, recorded_at) WHERE customer_key IS NOT NULL;
CREATE INDEX return_buyers_of_key ON return_buyers (customer_key, recorded_at, return_id);
-- Customers without a key, so that a start finds them at once.
CREATE INDEX sales_without_customer_key ON sales (customer) WHERE customer_key IS NULL AND customer IS NOT NULL;
CREATE INDEX returns_without_customer_key ON returns (customer) WHERE customer_key IS NULL AND customer IS NOT NULL;
