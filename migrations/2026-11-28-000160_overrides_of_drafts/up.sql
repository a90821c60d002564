-- What an override approves: the SHA-256 of the draft, and the person at the register if the approver
-- was told. Overrides of before have neither and are good for no return.
ALTER TABLE overrides ADD COLUMN draft_digest bytea;
ALTER TABLE overrides ADD COLUMN operator text;
