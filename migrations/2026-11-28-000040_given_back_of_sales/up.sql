-- Of what has left a tender: how much was paid out in cash, and how much went into the new goods of exchanges. Both
-- exact, before cash rounding. Limits look at everything given back on a sale.
ALTER TABLE sale_tenders ADD COLUMN in_cash bigint NOT NULL DEFAULT 0;
ALTER TABLE sale_tenders ADD COLUMN carried bigint NOT NULL DEFAULT 0;

UPDATE sale_tenders SET in_cash = (
    SELECT CAST(COALESCE(SUM(r.amount - r.rounding), 0) AS bigint)
    FROM refunds r JOIN returns t ON t.id = r.return_id AND NOT t.training
    WHERE r.return_id IN (
            SELECT l.return_id FROM return_lines l WHERE l.sale = sale_tenders.sale
            UNION SELECT c.return_id FROM return_charges c WHERE c.sale = sale_tenders.sale)
        AND r.sale = sale_tenders.sale AND r.sale_tender = sale_tenders.tender
        AND r.kind = 'cash' AND r.status NOT IN ('failed', 'voided')
) WHERE refunded > 0;

UPDATE sale_tenders SET carried = (
    SELECT CAST(COALESCE(SUM(c.amount - c.rounding), 0) AS bigint)
    FROM carried c JOIN returns t ON t.id = c.return_id AND t.status <> 'voided'
    WHERE c.sale = sale_tenders.sale AND c.sale_tender = sale_tenders.tender
) WHERE refunded > 0;
