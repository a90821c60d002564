-- Sales whose balance is kept in the currency that replaced their own, such as BGN by EUR: the amounts
-- of their lines, tenders and charges are in `currency` from then on. `opening` is what had come back
-- before, in the new currency: `line=units:refunded,…;tender=refunded:rounding:in cash:carried,…;
-- charge=amount:tax:…,…`. `when_recorded`: the sale was recorded so, and booked in the new currency.
CREATE TABLE sale_conversions (
    sale uuid PRIMARY KEY NOT NULL,
    currency text NOT NULL,
    when_recorded boolean NOT NULL,
    opening text NOT NULL,
    FOREIGN KEY (sale) REFERENCES sales (id)
);
