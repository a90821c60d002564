//! How PostgreSQL is told to look rows up, one table after the other, by the keys before it.
//!
//! A plain join leaves PostgreSQL the choice: to look each key up in an index, or to walk the whole
//! index and compare every row with the keys. For a table that it takes for small the second is
//! cheaper, and the plan stays when the table has grown (decision 0023). A `LATERAL` subquery leaves
//! it no choice: `OFFSET 0` keeps it from being turned back into a join.

use super::rows::Select;

/// Words between the joins of a [`Select`], longest first.
const BETWEEN: [&str; 4] = [" LEFT JOIN ", " JOIN ", " WHERE ", " GROUP BY "];

/// Pushes the joins as lookups, in their order; rows to be locked are locked as they are found.
pub(super) fn push_lookups(words: &mut Vec<&'static str>, select: &Select) {
    let (mut kind, mut left) = (" JOIN ", select.join);
    // The first table is read in the order of the answer, where not all of it is wanted.
    let mut end = if select.order.contains(" LIMIT ") {
        [" ORDER BY ", select.order]
    } else {
        [" OFFSET 0", ""]
    };
    loop {
        let (clause, next) = split(left);
        match kind {
            " JOIN " | " LEFT JOIN " => {
                // `table alias ON condition`
                let (table, condition) = clause.split_once(" ON ").unwrap_or((clause, "true"));
                let alias = table.rsplit(' ').next().unwrap_or(table);
                words.extend([kind, "LATERAL (SELECT * FROM ", table, " WHERE ", condition]);
                words.extend(end);
                words.extend((select.lock == Some(alias)).then_some(" FOR NO KEY UPDATE"));
                words.extend([") ", alias, " ON true"]);
            }
            // What is asked of the joined rows ends the text.
            _ => return words.extend([kind, left]),
        }
        let Some((next_kind, rest)) = next else { return };
        (kind, left, end) = (next_kind, rest, [" OFFSET 0", ""]);
    }
}

/// The first clause, and the word after it with what follows. Words within brackets are the
/// clause's own.
fn split(text: &'static str) -> (&'static str, Option<(&'static str, &'static str)>) {
    let mut depth = 0;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            b' ' if depth == 0 => {
                if let Some(word) = BETWEEN.into_iter().find(|word| text[at..].starts_with(word)) {
                    return (&text[..at], Some((word, &text[at + word.len()..])));
                }
            }
            _ => {}
        }
    }
    (text, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookups(join: &'static str, lock: Option<&'static str>) -> String {
        let mut words = Vec::new();
        let select = Select { columns: "*", names: "id", join, order: "1", lock };
        push_lookups(&mut words, &select);
        words.concat()
    }

    #[test]
    fn the_first_of_many_rows_are_read_in_their_order() {
        let join = "log e ON e.store = u.store AND e.seq > u.seq LEFT JOIN b b ON b.seq = e.seq";
        let order = "e.seq LIMIT 500";
        let mut words = Vec::new();
        let select = Select { columns: "*", names: "store, seq", join, order, lock: None };
        push_lookups(&mut words, &select);
        assert_eq!(
            words.concat(),
            " JOIN LATERAL (SELECT * FROM log e WHERE e.store = u.store AND e.seq > u.seq \
             ORDER BY e.seq LIMIT 500) e ON true \
             LEFT JOIN LATERAL (SELECT * FROM b b WHERE b.seq = e.seq OFFSET 0) b ON true"
        );
    }

    #[test]
    fn every_table_is_looked_up_by_what_stands_before_it() {
        assert_eq!(
            lookups("sales s ON s.id = u.id", Some("s")),
            " JOIN LATERAL (SELECT * FROM sales s WHERE s.id = u.id OFFSET 0 FOR NO KEY UPDATE) s ON true"
        );
        assert_eq!(
            lookups("a a ON a.id = u.id LEFT JOIN b c ON c.id = a.b JOIN d d ON d.id = c.d", None),
            " JOIN LATERAL (SELECT * FROM a a WHERE a.id = u.id OFFSET 0) a ON true \
             LEFT JOIN LATERAL (SELECT * FROM b c WHERE c.id = a.b OFFSET 0) c ON true \
             JOIN LATERAL (SELECT * FROM d d WHERE d.id = c.d OFFSET 0) d ON true"
        );
    }

    #[test]
    fn conditions_on_the_joined_rows_and_subqueries_stay_as_they_are() {
        assert_eq!(
            lookups("a a ON a.n = (SELECT MAX(o.n) FROM a o WHERE o.m = a.m) GROUP BY a.k", None),
            " JOIN LATERAL (SELECT * FROM a a WHERE a.n = (SELECT MAX(o.n) FROM a o WHERE o.m = a.m) \
             OFFSET 0) a ON true GROUP BY a.k"
        );
        assert_eq!(
            lookups("a a ON a.k = u.k LEFT JOIN b b ON b.k = a.k WHERE b.k IS NULL", None),
            " JOIN LATERAL (SELECT * FROM a a WHERE a.k = u.k OFFSET 0) a ON true \
             LEFT JOIN LATERAL (SELECT * FROM b b WHERE b.k = a.k OFFSET 0) b ON true \
             WHERE b.k IS NULL"
        );
    }
}
