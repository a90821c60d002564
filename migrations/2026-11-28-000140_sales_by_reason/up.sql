-- Sales of which something came back for a reason, newest first.
CREATE INDEX return_lines_of_reason_by_sale ON return_lines (reason, sale);
