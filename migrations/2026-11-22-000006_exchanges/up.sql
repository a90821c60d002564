-- New goods taken for what came back: the sale they became, and the return they were taken for.
CREATE TABLE exchanges (
    return_id uuid PRIMARY KEY NOT NULL,
    sale uuid NOT NULL,
    FOREIGN KEY (return_id) REFERENCES returns (id),
    FOREIGN KEY (sale) REFERENCES sales (id),
    CONSTRAINT exchanges_sale_once UNIQUE (sale)
);

-- Money that left a tender for the new sale instead of for the customer. It counts as refunded where it came from.
CREATE TABLE carried (
    return_id uuid NOT NULL,
    -- The tender of the new sale that it became.
    into_tender integer NOT NULL,
    -- NULL: money of no tender.
    sale uuid,
    sale_tender integer,
    amount bigint NOT NULL,
    rounding bigint NOT NULL,
    PRIMARY KEY (return_id, into_tender),
    FOREIGN KEY (return_id) REFERENCES exchanges (return_id),
    FOREIGN KEY (sale, sale_tender) REFERENCES sale_tenders (sale, tender),
    CONSTRAINT carried_amount CHECK (amount >= 0)
);
CREATE INDEX carried_of_sale ON carried (sale, return_id) WHERE sale IS NOT NULL;

-- Sales that were taken back with the exchange they are of.
CREATE TABLE sale_voids (
    sale uuid PRIMARY KEY NOT NULL,
    voided_at bigint NOT NULL,
    FOREIGN KEY (sale) REFERENCES sales (id)
);
