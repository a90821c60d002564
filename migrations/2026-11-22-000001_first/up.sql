-- Settings: one generation for all of them, so that an instance sees with one small read whether its copy is current.
CREATE TABLE settings_generation (
    one integer PRIMARY KEY NOT NULL,
    generation bigint NOT NULL,
    CONSTRAINT settings_generation_one CHECK (one = 1)
);
INSERT INTO settings_generation VALUES (1, 0);

CREATE TABLE policy_versions (
    name text NOT NULL,
    number integer NOT NULL,
    document text NOT NULL,
    author_subject text NOT NULL,
    author_operator text NOT NULL,
    drafted_at bigint NOT NULL,
    status text NOT NULL,
    effective_from bigint,
    published_at bigint,
    publisher_subject text,
    publisher_operator text,
    PRIMARY KEY (name, number),
    CONSTRAINT policy_versions_status CHECK (status IN ('draft', 'published')),
    CONSTRAINT policy_versions_two_people CHECK (author_subject <> publisher_subject)
);

CREATE TABLE stores (
    store text PRIMARY KEY NOT NULL,
    name text NOT NULL,
    time_zone text NOT NULL,
    currency text NOT NULL,
    region text NOT NULL,
    policy text NOT NULL
);

CREATE TABLE registers (
    store text NOT NULL,
    register text NOT NULL,
    name text,
    active boolean NOT NULL,
    PRIMARY KEY (store, register),
    FOREIGN KEY (store) REFERENCES stores (store)
);

CREATE TABLE operators (
    operator text PRIMARY KEY NOT NULL,
    name text NOT NULL,
    roles text NOT NULL,
    stores text NOT NULL,
    pin_hash text,
    customer text,
    active boolean NOT NULL
);

CREATE TABLE sign_in_attempts (
    operator text PRIMARY KEY NOT NULL,
    failures integer NOT NULL,
    locked_until bigint
);

-- A sale is kept as sent and never changes; its row is also the lock that every return of it takes first.
CREATE TABLE sales (
    id uuid PRIMARY KEY NOT NULL,
    store text NOT NULL,
    receipt text NOT NULL,
    business_date text NOT NULL,
    customer text,
    document text NOT NULL,
    digest bytea NOT NULL,
    recorded_at bigint NOT NULL,
    FOREIGN KEY (store) REFERENCES stores (store),
    CONSTRAINT sales_receipt_once UNIQUE (receipt, store, business_date)
);
CREATE INDEX sales_of_customer ON sales (customer, id) WHERE customer IS NOT NULL;
CREATE INDEX sales_of_day ON sales (store, business_date, id);
-- The newest of a store: without it, a list of a small store walks through the sales of all.
CREATE INDEX sales_of_store ON sales (store, id);

-- Quantities in thousandths, money in minor units. What has come back can never exceed what was sold and paid.
CREATE TABLE sale_lines (
    sale uuid NOT NULL,
    line integer NOT NULL,
    sku text NOT NULL,
    sold bigint NOT NULL,
    returned bigint NOT NULL,
    value bigint NOT NULL,
    refunded bigint NOT NULL,
    extras text,
    PRIMARY KEY (sale, line),
    FOREIGN KEY (sale) REFERENCES sales (id),
    CONSTRAINT sale_lines_returned CHECK (returned >= 0 AND returned <= sold),
    CONSTRAINT sale_lines_refunded CHECK (refunded >= 0 AND refunded <= value)
);
CREATE INDEX sale_lines_of_sku ON sale_lines (sku, sale);

CREATE TABLE sale_serials (
    serial_number text NOT NULL,
    sale uuid NOT NULL,
    line integer NOT NULL,
    PRIMARY KEY (serial_number, sale, line),
    FOREIGN KEY (sale, line) REFERENCES sale_lines (sale, line)
);

CREATE TABLE sale_tenders (
    sale uuid NOT NULL,
    tender integer NOT NULL,
    kind text NOT NULL,
    paid bigint NOT NULL,
    refunded bigint NOT NULL,
    rounding bigint NOT NULL,
    charged_back boolean NOT NULL,
    card_fingerprint text,
    PRIMARY KEY (sale, tender),
    FOREIGN KEY (sale) REFERENCES sales (id),
    CONSTRAINT sale_tenders_refunded CHECK (refunded >= 0 AND refunded <= paid)
);
CREATE INDEX sale_tenders_of_card ON sale_tenders (card_fingerprint, sale) WHERE card_fingerprint IS NOT NULL;

CREATE TABLE sale_charges (
    sale uuid NOT NULL,
    charge integer NOT NULL,
    refunded boolean NOT NULL,
    PRIMARY KEY (sale, charge),
    FOREIGN KEY (sale) REFERENCES sales (id)
);

CREATE TABLE returns (
    id uuid PRIMARY KEY NOT NULL,
    store text NOT NULL,
    register text NOT NULL,
    operator text NOT NULL,
    customer text,
    id_hash bytea,
    status text NOT NULL,
    currency text NOT NULL,
    business_date text NOT NULL,
    recorded_at bigint NOT NULL,
    refund bigint NOT NULL,
    training boolean NOT NULL,
    -- The answer as first given; what changes later stands in the columns and in refunds.
    document text NOT NULL,
    FOREIGN KEY (store) REFERENCES stores (store),
    CONSTRAINT returns_refund CHECK (refund >= 0)
);
CREATE INDEX returns_of_store ON returns (store, id);
CREATE INDEX returns_of_operator ON returns (operator, id);
CREATE INDEX returns_of_customer ON returns (customer, recorded_at) WHERE customer IS NOT NULL;
CREATE INDEX returns_of_id_hash ON returns (id_hash, recorded_at) WHERE id_hash IS NOT NULL;

CREATE TABLE return_lines (
    return_id uuid NOT NULL,
    line integer NOT NULL,
    sale uuid NOT NULL,
    sale_line integer NOT NULL,
    quantity bigint NOT NULL,
    net bigint NOT NULL,
    gross bigint NOT NULL,
    fee bigint NOT NULL,
    -- Taxes and discount shares in minor units, "8,3;10"; NULL where there are none.
    parts text,
    reason text NOT NULL,
    serial_number text,
    PRIMARY KEY (return_id, line),
    FOREIGN KEY (return_id) REFERENCES returns (id),
    FOREIGN KEY (sale, sale_line) REFERENCES sale_lines (sale, line),
    CONSTRAINT return_lines_amounts CHECK (quantity >= 0 AND net >= 0 AND fee >= 0 AND fee <= gross)
);
CREATE INDEX return_lines_of_sale ON return_lines (sale, return_id);

CREATE TABLE return_charges (
    return_id uuid NOT NULL,
    sale uuid NOT NULL,
    charge integer NOT NULL,
    PRIMARY KEY (return_id, sale, charge),
    FOREIGN KEY (return_id) REFERENCES returns (id),
    FOREIGN KEY (sale, charge) REFERENCES sale_charges (sale, charge)
);
CREATE INDEX return_charges_of_sale ON return_charges (sale, return_id);

CREATE TABLE refunds (
    return_id uuid NOT NULL,
    refund integer NOT NULL,
    kind text NOT NULL,
    sale uuid,
    sale_tender integer,
    reference text,
    amount bigint NOT NULL,
    rounding bigint NOT NULL,
    fallbacks text NOT NULL,
    status text NOT NULL,
    settled_at bigint,
    settlement_reference text,
    stands_in_for integer,
    PRIMARY KEY (return_id, refund),
    FOREIGN KEY (return_id) REFERENCES returns (id),
    FOREIGN KEY (sale, sale_tender) REFERENCES sale_tenders (sale, tender),
    CONSTRAINT refunds_amount CHECK (amount >= 0),
    CONSTRAINT refunds_status CHECK (status IN ('due', 'settled', 'failed', 'voided'))
);

CREATE TABLE overrides (
    id uuid PRIMARY KEY NOT NULL,
    store text NOT NULL,
    approver_subject text NOT NULL,
    approver_operator text NOT NULL,
    approver_rank integer NOT NULL,
    sales text NOT NULL,
    codes text NOT NULL,
    max_refund bigint NOT NULL,
    currency text NOT NULL,
    issued_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    reason text NOT NULL,
    note text,
    used_for uuid,
    used_at bigint,
    FOREIGN KEY (store) REFERENCES stores (store),
    FOREIGN KEY (used_for) REFERENCES returns (id),
    CONSTRAINT overrides_five_minutes CHECK (expires_at > issued_at AND expires_at <= issued_at + 300000000)
);

-- Customers whose returns are counted: the row is the lock that two returns of one person take in turn.
CREATE TABLE people (
    person bytea PRIMARY KEY NOT NULL
);

-- The first answer to each key. The key is the first half of SHA-256 over caller, route and key.
CREATE TABLE idempotency (
    key uuid PRIMARY KEY NOT NULL,
    digest bytea NOT NULL,
    status integer NOT NULL,
    headers text,
    -- NULL: the answer is the document of the return named.
    body text,
    return_id uuid,
    created_at bigint NOT NULL,
    CONSTRAINT idempotency_answer CHECK (body IS NOT NULL OR return_id IS NOT NULL)
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);

-- The log. `leaf` is the canonical JSON of the entry; `hash` binds it to the one before in its store's chain.
CREATE TABLE audit_entries (
    store text NOT NULL,
    seq bigint NOT NULL,
    at bigint NOT NULL,
    event text NOT NULL,
    subject_id text,
    leaf text NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (store, seq),
    CONSTRAINT audit_entries_from_one CHECK (seq >= 1)
);
CREATE INDEX audit_entries_of_subject ON audit_entries (subject_id, store, seq) WHERE subject_id IS NOT NULL;
CREATE INDEX audit_entries_by_time ON audit_entries (store, at, seq);

CREATE TABLE audit_heads (
    store text PRIMARY KEY NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL
);
