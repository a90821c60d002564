-- The cheapest purchase of each article on each trading day, among the stores of one country and currency: what goods
-- without a receipt are worth. Kept as the sale comes in; the sale says the rest.
CREATE TABLE lowest_prices (
    sku text NOT NULL,
    country text NOT NULL,
    currency text NOT NULL,
    day text NOT NULL,
    sale uuid NOT NULL,
    line integer NOT NULL,
    -- Of that line: what was paid with taxes, in minor units, for so many thousandths of a unit.
    value bigint NOT NULL,
    sold bigint NOT NULL,
    PRIMARY KEY (sku, country, currency, day),
    FOREIGN KEY (sale, line) REFERENCES sale_lines (sale, line),
    CONSTRAINT lowest_prices_positive CHECK (value > 0 AND sold > 0)
);

-- Those of the sales recorded before. A region begins with its country's two letters. The value on a gift card is no
-- price, and which line sold one is in the document alone: sales with such lines are left out.
INSERT INTO lowest_prices (sku, country, currency, day, sale, line, value, sold)
SELECT sku, country, currency, day, sale, line, value, sold FROM (
    SELECT l.sku, SUBSTR(t.region, 1, 2) AS country, t.currency, s.business_date AS day, l.sale, l.line, l.value, l.sold,
        ROW_NUMBER() OVER (
            PARTITION BY l.sku, SUBSTR(t.region, 1, 2), t.currency, s.business_date
            ORDER BY CAST(l.value AS numeric) * 1.0 / l.sold, l.sale, l.line
        ) AS place
    FROM sale_lines l JOIN sales s ON s.id = l.sale JOIN stores t ON t.store = s.store
    WHERE l.value > 0 AND l.sold > 0 AND s.document NOT LIKE '%"gift_card":%'
) ranked WHERE place = 1;

-- What came back without a receipt.
CREATE TABLE unreceipted_lines (
    return_id uuid NOT NULL,
    line integer NOT NULL,
    sku text NOT NULL,
    quantity bigint NOT NULL,
    net bigint NOT NULL,
    gross bigint NOT NULL,
    fee bigint NOT NULL,
    -- What the customer got: gross less the fee and its taxes.
    refund bigint NOT NULL,
    -- JSON, lists of [code, minor units]: what was given back of each tax, and what of it was kept with the fee.
    taxes text NOT NULL,
    fee_taxes text NOT NULL,
    reason text NOT NULL,
    condition text NOT NULL,
    serial_number text,
    -- The purchase that the price was taken from. Nothing came back of it.
    price_sale uuid NOT NULL,
    price_line integer NOT NULL,
    PRIMARY KEY (return_id, line),
    FOREIGN KEY (return_id) REFERENCES returns (id),
    FOREIGN KEY (price_sale, price_line) REFERENCES sale_lines (sale, line),
    CONSTRAINT unreceipted_lines_amounts CHECK (quantity > 0 AND net >= 0 AND fee >= 0 AND fee <= gross
        AND refund >= 0 AND refund <= gross)
);
CREATE INDEX unreceipted_lines_of_sku ON unreceipted_lines (sku, return_id);

-- What of a return's refund is for goods without a receipt; NULL where all had one.
ALTER TABLE returns ADD COLUMN without_receipt bigint;

-- The customers of the sales that a return is of, where it names nobody itself: it counts for their limits.
CREATE TABLE return_buyers (
    customer text NOT NULL,
    recorded_at bigint NOT NULL,
    return_id uuid NOT NULL,
    PRIMARY KEY (customer, recorded_at, return_id),
    FOREIGN KEY (return_id) REFERENCES returns (id)
);
CREATE INDEX return_buyers_of_return ON return_buyers (return_id);
INSERT INTO return_buyers (customer, recorded_at, return_id)
SELECT DISTINCT s.customer, r.recorded_at, r.id
FROM returns r JOIN return_lines l ON l.return_id = r.id JOIN sales s ON s.id = l.sale
WHERE r.customer IS NULL AND s.customer IS NOT NULL;
