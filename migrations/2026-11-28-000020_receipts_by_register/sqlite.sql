-- SQLite cannot drop a constraint: the table is made anew without it, and its rows are copied. Foreign keys that refer
-- to it do so by its name, which stays.
CREATE TABLE sales_anew (
    id uuid PRIMARY KEY NOT NULL,
    store text NOT NULL,
    receipt text NOT NULL,
    business_date text NOT NULL,
    customer text,
    document text NOT NULL,
    digest bytea NOT NULL,
    recorded_at bigint NOT NULL,
    register text NOT NULL DEFAULT '',
    rung integer NOT NULL DEFAULT 0,
    FOREIGN KEY (store) REFERENCES stores (store)
);
INSERT INTO sales_anew (id, store, receipt, business_date, customer, document, digest, recorded_at, register)
SELECT id, store, receipt, business_date, customer, document, digest, recorded_at, document ->> 'register' FROM sales;
DROP TABLE sales;
ALTER TABLE sales_anew RENAME TO sales;
CREATE INDEX sales_of_customer ON sales (customer, id) WHERE customer IS NOT NULL;
CREATE INDEX sales_of_day ON sales (store, business_date, id);
-- The newest of a store: without it, a list of a small store walks through the sales of all.
CREATE INDEX sales_of_store ON sales (store, id);
