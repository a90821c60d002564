-- The redemption that an entry puts back, by its number on the same card: once.
ALTER TABLE gift_card_entries ADD COLUMN reverses integer;
CREATE UNIQUE INDEX gift_card_entries_reversed_once ON gift_card_entries (card, reverses) WHERE reverses IS NOT NULL;
