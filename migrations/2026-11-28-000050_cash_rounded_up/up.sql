-- Cash that stands in for a card is rounded to the nearest coin, which can be more than the card
-- paid. `refunded` and `rounding` are kept without that excess: with it they are what was paid out.
ALTER TABLE sale_tenders ADD COLUMN rounded_up bigint NOT NULL DEFAULT 0
    CONSTRAINT sale_tenders_rounded_up CHECK (rounded_up >= 0);
