-- Money, in double entry: one row a movement, one column an account. Debits are positive, credits negative, what is not
-- part of a movement is NULL, and what does not come to nought cannot be stored. (store, seq) is the place of the entry
-- of the log that tells of the same act.
CREATE TABLE ledger (
    store text NOT NULL,
    seq bigint NOT NULL,
    at bigint NOT NULL,
    business_date text NOT NULL,
    -- Empty: what was done at no register.
    register text NOT NULL,
    currency text NOT NULL,
    event text NOT NULL,
    subject_id text NOT NULL,
    cash bigint,
    credit_card bigint,
    debit_card bigint,
    bank_check bigint,
    gift_card bigint,
    store_credit bigint,
    voucher bigint,
    store_account bigint,
    ebt bigint,
    bnpl bigint,
    mobile_wallet bigint,
    loyalty bigint,
    other_tender bigint,
    gift_card_liability bigint,
    store_credit_liability bigint,
    refunds_payable bigint,
    sales bigint,
    charges bigint,
    tax bigint,
    returns bigint,
    charges_returned bigint,
    tax_returned bigint,
    fees bigint,
    goodwill bigint,
    rounding bigint,
    suspense bigint,
    PRIMARY KEY (store, seq),
    FOREIGN KEY (store, seq) REFERENCES audit_entries (store, seq),
    CONSTRAINT ledger_balanced CHECK (
        COALESCE(cash, 0) + COALESCE(credit_card, 0) + COALESCE(debit_card, 0) + COALESCE(bank_check, 0) +
        COALESCE(gift_card, 0) + COALESCE(store_credit, 0) + COALESCE(voucher, 0) + COALESCE(store_account, 0) +
        COALESCE(ebt, 0) + COALESCE(bnpl, 0) + COALESCE(mobile_wallet, 0) + COALESCE(loyalty, 0) +
        COALESCE(other_tender, 0) + COALESCE(gift_card_liability, 0) + COALESCE(store_credit_liability, 0) + COALESCE(refunds_payable, 0) +
        COALESCE(sales, 0) + COALESCE(charges, 0) + COALESCE(tax, 0) + COALESCE(returns, 0) +
        COALESCE(charges_returned, 0) + COALESCE(tax_returned, 0) + COALESCE(fees, 0) + COALESCE(goodwill, 0) +
        COALESCE(rounding, 0) + COALESCE(suspense, 0) = 0)
);
-- A day end asks for what a register moved on the days that are not closed yet.
CREATE INDEX ledger_of_register ON ledger (store, register, business_date, seq);

-- A register's, or with an empty register a store's, trading day, closed once. It covers what was booked before its own
-- entry of the log, (store, seq), up to its business date, and that no earlier one covers.
CREATE TABLE day_ends (
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
    -- From the first day on, never reset.
    perpetual_sales bigint NOT NULL,
    perpetual_returns bigint NOT NULL,
    perpetual_voided_sales bigint NOT NULL,
    perpetual_voided_returns bigint NOT NULL,
    FOREIGN KEY (store, seq) REFERENCES audit_entries (store, seq),
    CONSTRAINT day_ends_number UNIQUE (store, register, number),
    CONSTRAINT day_ends_once UNIQUE (store, register, business_date),
    CONSTRAINT day_ends_covers CHECK (number >= 1 AND from_seq >= 1 AND from_seq <= seq)
);

-- What a day end sums up, by the kind of act.
CREATE TABLE day_end_sums (
    day_end uuid NOT NULL,
    event text NOT NULL,
    movements bigint NOT NULL,
    cash bigint,
    credit_card bigint,
    debit_card bigint,
    bank_check bigint,
    gift_card bigint,
    store_credit bigint,
    voucher bigint,
    store_account bigint,
    ebt bigint,
    bnpl bigint,
    mobile_wallet bigint,
    loyalty bigint,
    other_tender bigint,
    gift_card_liability bigint,
    store_credit_liability bigint,
    refunds_payable bigint,
    sales bigint,
    charges bigint,
    tax bigint,
    returns bigint,
    charges_returned bigint,
    tax_returned bigint,
    fees bigint,
    goodwill bigint,
    rounding bigint,
    suspense bigint,
    PRIMARY KEY (day_end, event),
    FOREIGN KEY (day_end) REFERENCES day_ends (id),
    CONSTRAINT day_end_sums_balanced CHECK (
        COALESCE(cash, 0) + COALESCE(credit_card, 0) + COALESCE(debit_card, 0) + COALESCE(bank_check, 0) +
        COALESCE(gift_card, 0) + COALESCE(store_credit, 0) + COALESCE(voucher, 0) + COALESCE(store_account, 0) +
        COALESCE(ebt, 0) + COALESCE(bnpl, 0) + COALESCE(mobile_wallet, 0) + COALESCE(loyalty, 0) +
        COALESCE(other_tender, 0) + COALESCE(gift_card_liability, 0) + COALESCE(store_credit_liability, 0) + COALESCE(refunds_payable, 0) +
        COALESCE(sales, 0) + COALESCE(charges, 0) + COALESCE(tax, 0) + COALESCE(returns, 0) +
        COALESCE(charges_returned, 0) + COALESCE(tax_returned, 0) + COALESCE(fees, 0) + COALESCE(goodwill, 0) +
        COALESCE(rounding, 0) + COALESCE(suspense, 0) = 0)
);
