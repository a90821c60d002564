-- What the bank took for the dispute that is open on a tender, what it keeps for that one, what it took in those that were
-- lost, and what it kept for all. Disputes that were opened before state no amount: theirs is found when they are closed.
ALTER TABLE sale_tenders ADD COLUMN in_dispute bigint NOT NULL DEFAULT 0;
ALTER TABLE sale_tenders ADD COLUMN dispute_fee bigint NOT NULL DEFAULT 0;
ALTER TABLE sale_tenders ADD COLUMN lost bigint NOT NULL DEFAULT 0;
ALTER TABLE sale_tenders ADD COLUMN bank_fees bigint NOT NULL DEFAULT 0;
