-- A card's code is kept as a keyed hash alone; its balance is the sum of its entries.
CREATE TABLE gift_cards (
    id uuid PRIMARY KEY NOT NULL,
    kind text NOT NULL,
    code_hash bytea,
    pin_hash bytea,
    last4 text,
    store text NOT NULL,
    currency text NOT NULL,
    balance bigint NOT NULL,
    status text NOT NULL,
    issued_at bigint NOT NULL,
    expires_on text,
    entries integer NOT NULL,
    spent boolean NOT NULL,
    issued_for uuid,
    replaces uuid,
    FOREIGN KEY (store) REFERENCES stores (store),
    FOREIGN KEY (replaces) REFERENCES gift_cards (id),
    CONSTRAINT gift_cards_code_once UNIQUE (code_hash),
    CONSTRAINT gift_cards_kind CHECK (kind IN ('gift_card', 'store_credit')),
    CONSTRAINT gift_cards_status CHECK (status IN ('inactive', 'active', 'frozen', 'void', 'replaced')),
    CONSTRAINT gift_cards_never_negative CHECK (balance >= 0),
    CONSTRAINT gift_cards_out_of_use_empty CHECK (balance = 0 OR status IN ('active', 'frozen')),
    CONSTRAINT gift_cards_entries CHECK (entries >= 0)
);

-- Every movement of a balance, signed, with the balance after it. Never changed.
CREATE TABLE gift_card_entries (
    card uuid NOT NULL,
    entry integer NOT NULL,
    at bigint NOT NULL,
    kind text NOT NULL,
    amount bigint NOT NULL,
    balance bigint NOT NULL,
    reference text,
    store text NOT NULL,
    register text,
    operator text NOT NULL,
    PRIMARY KEY (card, entry),
    FOREIGN KEY (card) REFERENCES gift_cards (id),
    CONSTRAINT gift_card_entries_from_one CHECK (entry >= 1),
    CONSTRAINT gift_card_entries_never_negative CHECK (balance >= 0)
);
CREATE INDEX gift_card_entries_of_reference ON gift_card_entries (reference, card, entry) WHERE reference IS NOT NULL;

-- The card that a refund went to.
ALTER TABLE refunds ADD COLUMN card uuid;
