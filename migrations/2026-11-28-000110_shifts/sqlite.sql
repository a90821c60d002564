-- SQLite cannot drop a constraint: the table is made anew without it, and its rows are copied. Foreign keys that refer
-- to it do so by its name, which stays.
CREATE TABLE day_ends_anew (
    id uuid PRIMARY KEY NOT NULL,
    store text NOT NULL,
    register text NOT NULL,
    number bigint NOT NULL,
    business_date text NOT NULL,
    currency text NOT NULL,
    closed_at bigint NOT NULL,
    operator text NOT NULL,
    from_seq bigint NOT NULL,
    seq bigint NOT NULL,
    opening_cash bigint,
    counted_cash bigint,
    perpetual_sales bigint NOT NULL,
    perpetual_returns bigint NOT NULL,
    perpetual_voided_sales bigint NOT NULL,
    perpetual_voided_returns bigint NOT NULL,
    shift bigint NOT NULL DEFAULT 1,
    FOREIGN KEY (store, seq) REFERENCES audit_entries (store, seq),
    CONSTRAINT day_ends_number UNIQUE (store, register, number),
    CONSTRAINT day_ends_covers CHECK (number >= 1 AND from_seq >= 1 AND from_seq <= seq)
);
INSERT INTO day_ends_anew (id, store, register, number, business_date, currency, closed_at, operator, from_seq, seq,
    opening_cash, counted_cash, perpetual_sales, perpetual_returns, perpetual_voided_sales, perpetual_voided_returns)
SELECT id, store, register, number, business_date, currency, closed_at, operator, from_seq, seq,
    opening_cash, counted_cash, perpetual_sales, perpetual_returns, perpetual_voided_sales, perpetual_voided_returns
FROM day_ends;
DROP TABLE day_ends;
ALTER TABLE day_ends_anew RENAME TO day_ends;
