-- Wrong PINs are counted by operator and by the place they come from. The row of `sign_in_attempts`
-- stays the lock that an operator's attempts take first; its counts are those of earlier versions.
-- `slate`: how often the operator got a new PIN. Attempts of an earlier slate do not count.
ALTER TABLE sign_in_attempts ADD COLUMN slate integer NOT NULL DEFAULT 0;

CREATE TABLE sign_in_sources (
    operator text NOT NULL,
    -- `address:` and the caller's address, or `caller:` and the subject of its token.
    source text NOT NULL,
    slate integer NOT NULL,
    failures integer NOT NULL,
    locked_until bigint,
    last_at bigint NOT NULL,
    -- When the log last heard that the operator was locked here.
    told_at bigint,
    PRIMARY KEY (operator, source)
);

CREATE INDEX sign_in_sources_by_age ON sign_in_sources (last_at);
