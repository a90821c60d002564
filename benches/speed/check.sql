SELECT generation FROM settings_generation WHERE one = 1;
SELECT s.id AS sale, s.document AS document
  FROM bench_plain b JOIN sales s ON s.receipt = b.receipt AND s.store = b.store
 WHERE b.n = :n \gset
SELECT line, returned, extras FROM sale_lines WHERE sale = :sale ORDER BY line;
SELECT tender, refunded, rounding, charged_back FROM sale_tenders WHERE sale = :sale ORDER BY tender;
