-- SQLite cannot change a constraint: the tables are made anew with the new accounts in it, and their rows are copied.
-- Foreign keys lead to and from them by name.
CREATE TABLE ledger_anew (
    store text NOT NULL,
    seq bigint NOT NULL,
    at bigint NOT NULL,
    business_date text NOT NULL,
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
    chargebacks_receivable bigint,
    chargeback_losses bigint,
    chargeback_fees bigint,
    PRIMARY KEY (store, seq),
    FOREIGN KEY (store, seq) REFERENCES audit_entries (store, seq),
    CONSTRAINT ledger_balanced CHECK (
        COALESCE(cash, 0) + COALESCE(credit_card, 0) + COALESCE(debit_card, 0) + COALESCE(bank_check, 0) +
        COALESCE(gift_card, 0) + COALESCE(store_credit, 0) + COALESCE(voucher, 0) + COALESCE(store_account, 0) +
        COALESCE(ebt, 0) + COALESCE(bnpl, 0) + COALESCE(mobile_wallet, 0) + COALESCE(loyalty, 0) +
        COALESCE(other_tender, 0) + COALESCE(gift_card_liability, 0) + COALESCE(store_credit_liability, 0) + COALESCE(refunds_payable, 0) +
        COALESCE(sales, 0) + COALESCE(charges, 0) + COALESCE(tax, 0) + COALESCE(returns, 0) +
        COALESCE(charges_returned, 0) + COALESCE(tax_returned, 0) + COALESCE(fees, 0) + COALESCE(goodwill, 0) +
        COALESCE(rounding, 0) + COALESCE(suspense, 0) + COALESCE(chargebacks_receivable, 0) + COALESCE(chargeback_losses, 0) +
        COALESCE(chargeback_fees, 0) = 0)
);
INSERT INTO ledger_anew (
    store, seq, at, business_date, register, currency, event, subject_id, cash, credit_card, debit_card, bank_check,
    gift_card, store_credit, voucher, store_account, ebt, bnpl, mobile_wallet, loyalty, other_tender,
    gift_card_liability, store_credit_liability, refunds_payable, sales, charges, tax, returns, charges_returned,
    tax_returned, fees, goodwill, rounding, suspense)
SELECT
    store, seq, at, business_date, register, currency, event, subject_id, cash, credit_card, debit_card, bank_check,
    gift_card, store_credit, voucher, store_account, ebt, bnpl, mobile_wallet, loyalty, other_tender,
    gift_card_liability, store_credit_liability, refunds_payable, sales, charges, tax, returns, charges_returned,
    tax_returned, fees, goodwill, rounding, suspense
FROM ledger;
DROP TABLE ledger;
ALTER TABLE ledger_anew RENAME TO ledger;
CREATE INDEX ledger_of_register ON ledger (store, register, business_date, seq);

CREATE TABLE day_end_sums_anew (
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
    chargebacks_receivable bigint,
    chargeback_losses bigint,
    chargeback_fees bigint,
    PRIMARY KEY (day_end, event),
    FOREIGN KEY (day_end) REFERENCES day_ends (id),
    CONSTRAINT day_end_sums_balanced CHECK (
        COALESCE(cash, 0) + COALESCE(credit_card, 0) + COALESCE(debit_card, 0) + COALESCE(bank_check, 0) +
        COALESCE(gift_card, 0) + COALESCE(store_credit, 0) + COALESCE(voucher, 0) + COALESCE(store_account, 0) +
        COALESCE(ebt, 0) + COALESCE(bnpl, 0) + COALESCE(mobile_wallet, 0) + COALESCE(loyalty, 0) +
        COALESCE(other_tender, 0) + COALESCE(gift_card_liability, 0) + COALESCE(store_credit_liability, 0) + COALESCE(refunds_payable, 0) +
        COALESCE(sales, 0) + COALESCE(charges, 0) + COALESCE(tax, 0) + COALESCE(returns, 0) +
        COALESCE(charges_returned, 0) + COALESCE(tax_returned, 0) + COALESCE(fees, 0) + COALESCE(goodwill, 0) +
        COALESCE(rounding, 0) + COALESCE(suspense, 0) + COALESCE(chargebacks_receivable, 0) + COALESCE(chargeback_losses, 0) +
        COALESCE(chargeback_fees, 0) = 0)
);
INSERT INTO day_end_sums_anew (
    day_end, event, movements, cash, credit_card, debit_card, bank_check, gift_card, store_credit, voucher,
    store_account, ebt, bnpl, mobile_wallet, loyalty, other_tender, gift_card_liability, store_credit_liability,
    refunds_payable, sales, charges, tax, returns, charges_returned, tax_returned, fees, goodwill, rounding,
    suspense)
SELECT
    day_end, event, movements, cash, credit_card, debit_card, bank_check, gift_card, store_credit, voucher,
    store_account, ebt, bnpl, mobile_wallet, loyalty, other_tender, gift_card_liability, store_credit_liability,
    refunds_payable, sales, charges, tax, returns, charges_returned, tax_returned, fees, goodwill, rounding,
    suspense
FROM day_end_sums;
DROP TABLE day_end_sums;
ALTER TABLE day_end_sums_anew RENAME TO day_end_sums;
