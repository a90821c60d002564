-- What summaries of sales show. NULL: recorded before; the document says it.
ALTER TABLE sales ADD COLUMN currency text;
ALTER TABLE sales ADD COLUMN total bigint;

-- Returns by reason, newest first.
CREATE INDEX return_lines_of_reason ON return_lines (reason, return_id);
CREATE INDEX unreceipted_lines_of_reason ON unreceipted_lines (reason, return_id);
