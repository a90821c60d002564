-- The lines of a marked promotion share its discounts. Sales recorded before that rule keep each
-- discount on its line: the value that is stored of a line is what its units were sold for.
ALTER TABLE sales ADD COLUMN shares_promotions boolean NOT NULL DEFAULT false;
