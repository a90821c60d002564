-- Receipt numbers are unique per store, register and business day: many registers count from 1 each. `rung` counts
-- the sales of the same number that were voided before this one. What an older instance records meanwhile has no
-- register here: its number is then unique per store and day, as before.
CREATE UNIQUE INDEX sales_receipt_once ON sales (receipt, store, register, business_date, rung);
