-- A register's day may be closed several times, once a shift: 1, 2, 3 … within the day. What was closed before was the
-- first, and an older instance closes no other. A store's own day has one.
CREATE UNIQUE INDEX day_ends_once ON day_ends (store, register, business_date, shift);
