-- The number of a return among those of each of its sales, given while the sale is claimed: the clocks of
-- several instances may tell another order. Rows that an older instance writes during a rolling upgrade
-- have none, and are ordered by time. `last_return` is the number of the last return that took of a line:
-- the next number of a sale is one more than the largest of its lines.
ALTER TABLE sale_lines ADD COLUMN last_return bigint NOT NULL DEFAULT 0;
ALTER TABLE return_lines ADD COLUMN nth bigint;
UPDATE return_lines SET nth = n.nth FROM (
    SELECT DISTINCT l.return_id, l.sale,
        DENSE_RANK() OVER (PARTITION BY l.sale ORDER BY r.recorded_at, r.id) AS nth
    FROM return_lines l JOIN returns r ON r.id = l.return_id
) AS n WHERE n.return_id = return_lines.return_id AND n.sale = return_lines.sale;
UPDATE sale_lines SET last_return = n.nth FROM (
    SELECT l.sale, l.sale_line, MAX(l.nth) AS nth FROM return_lines l GROUP BY l.sale, l.sale_line
) AS n WHERE n.sale = sale_lines.sale AND n.sale_line = sale_lines.line;
