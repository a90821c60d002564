-- What other systems call their sales.
ALTER TABLE sales ADD COLUMN external_id text;
CREATE INDEX sales_of_external_id ON sales (external_id, id) WHERE external_id IS NOT NULL;
