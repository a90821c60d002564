-- The new accounts are part of what has to come to nought.
ALTER TABLE ledger DROP CONSTRAINT ledger_balanced;
ALTER TABLE ledger ADD COLUMN chargebacks_receivable bigint;
ALTER TABLE ledger ADD COLUMN chargeback_losses bigint;
ALTER TABLE ledger ADD COLUMN chargeback_fees bigint;
ALTER TABLE ledger ADD CONSTRAINT ledger_balanced CHECK (
        COALESCE(cash, 0) + COALESCE(credit_card, 0) + COALESCE(debit_card, 0) + COALESCE(bank_check, 0) +
        COALESCE(gift_card, 0) + COALESCE(store_credit, 0) + COALESCE(voucher, 0) + COALESCE(store_account, 0) +
        COALESCE(ebt, 0) + COALESCE(bnpl, 0) + COALESCE(mobile_wallet, 0) + COALESCE(loyalty, 0) +
        COALESCE(other_tender, 0) + COALESCE(gift_card_liability, 0) + COALESCE(store_credit_liability, 0) + COALESCE(refunds_payable, 0) +
        COALESCE(sales, 0) + COALESCE(charges, 0) + COALESCE(tax, 0) + COALESCE(returns, 0) +
        COALESCE(charges_returned, 0) + COALESCE(tax_returned, 0) + COALESCE(fees, 0) + COALESCE(goodwill, 0) +
        COALESCE(rounding, 0) + COALESCE(suspense, 0) + COALESCE(chargebacks_receivable, 0) + COALESCE(chargeback_losses, 0) +
        COALESCE(chargeback_fees, 0) = 0);
ALTER TABLE day_end_sums DROP CONSTRAINT day_end_sums_balanced;
ALTER TABLE day_end_sums ADD COLUMN chargebacks_receivable bigint;
ALTER TABLE day_end_sums ADD COLUMN chargeback_losses bigint;
ALTER TABLE day_end_sums ADD COLUMN chargeback_fees bigint;
ALTER TABLE day_end_sums ADD CONSTRAINT day_end_sums_balanced CHECK (
        COALESCE(cash, 0) + COALESCE(credit_card, 0) + COALESCE(debit_card, 0) + COALESCE(bank_check, 0) +
        COALESCE(gift_card, 0) + COALESCE(store_credit, 0) + COALESCE(voucher, 0) + COALESCE(store_account, 0) +
        COALESCE(ebt, 0) + COALESCE(bnpl, 0) + COALESCE(mobile_wallet, 0) + COALESCE(loyalty, 0) +
        COALESCE(other_tender, 0) + COALESCE(gift_card_liability, 0) + COALESCE(store_credit_liability, 0) + COALESCE(refunds_payable, 0) +
        COALESCE(sales, 0) + COALESCE(charges, 0) + COALESCE(tax, 0) + COALESCE(returns, 0) +
        COALESCE(charges_returned, 0) + COALESCE(tax_returned, 0) + COALESCE(fees, 0) + COALESCE(goodwill, 0) +
        COALESCE(rounding, 0) + COALESCE(suspense, 0) + COALESCE(chargebacks_receivable, 0) + COALESCE(chargeback_losses, 0) +
        COALESCE(chargeback_fees, 0) = 0);
