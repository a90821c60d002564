BEGIN;
SELECT key, digest, status, body, return_id FROM idempotency WHERE key = md5('k' || :n)::uuid;
SELECT (lpad(to_hex(1900000000000 + :base + :k), 12, '0') || '7abc8' || substr(md5(b.receipt), 1, 15))::uuid AS return_id,
       s.id AS sale, s.store AS store, s.document AS document
  FROM bench_plain b JOIN sales s ON s.receipt = b.receipt AND s.store = b.store
 WHERE b.n = :n FOR NO KEY UPDATE OF s \gset
SELECT line, returned, extras FROM sale_lines WHERE sale = :sale ORDER BY line;
SELECT tender, refunded, rounding, charged_back FROM sale_tenders WHERE sale = :sale ORDER BY tender;
UPDATE sale_lines SET returned = 1000, refunded = 1350 WHERE sale = :sale AND line = 1;
UPDATE sale_lines SET returned = 1000, refunded = 783 WHERE sale = :sale AND line = 2;
UPDATE sale_tenders SET refunded = 2133, rounding = 0 WHERE sale = :sale AND tender = 1;
INSERT INTO returns (id, store, register, operator, status, currency, business_date, recorded_at, refund, training, document)
VALUES (:return_id, :store, '7', '1042', 'completed', 'USD', '2026-11-22', 1795000000000000, 2133, false, @document);
INSERT INTO return_lines (return_id, line, sale, sale_line, quantity, net, gross, fee, parts, reason)
VALUES (:return_id, 1, :sale, 1, 1000, 1250, 1350, 0, '100;', 'changed_mind'),
       (:return_id, 2, :sale, 2, 1000, 725, 783, 0, '58;', 'defective');
INSERT INTO refunds (return_id, refund, kind, sale, sale_tender, reference, amount, rounding, fallbacks, status)
VALUES (:return_id, 1, 'credit_card', :sale, 1, 'tok_1', 2133, 0, 'store_credit', 'due');
INSERT INTO idempotency (key, digest, status, headers, return_id, created_at)
VALUES (md5('k' || :n)::uuid, sha256('digest'), 201, 'content-type;application/json', :return_id, 1795000000000000);
UPDATE audit_heads SET seq = seq + 1, hash = sha256(hash) WHERE store = :store RETURNING seq, hash \gset
INSERT INTO audit_entries (store, seq, at, event, subject_id, leaf, hash)
VALUES (:store, :seq, 1795000000000000, 'return.recorded', :return_id::text, @leaf, :hash);
INSERT INTO ledger (store, seq, at, business_date, register, currency, event, subject_id, refunds_payable, returns, tax_returned)
VALUES (:store, :seq, 1795000000000000, '2026-11-22', '7', 'USD', 'return.recorded', :return_id::text, -2133, 1975, 158);
COMMIT;
