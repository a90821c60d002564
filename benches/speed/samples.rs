//! Rows of the size that the service writes, for the baselines: they write the same tables with
//! plain statements.

use crate::database::Database;

/// The texts of a return that the service recorded.
pub struct Samples {
    /// The answer, kept as the return's document.
    pub document: String,
    /// The entry of the log.
    pub leaf: String,
}

impl Samples {
    pub fn of(database: &Database) -> Samples {
        let word = |query: &str| database.word(query).expect("a return was recorded");
        Samples {
            document: word("SELECT document AS word FROM returns LIMIT 1"),
            leaf: word(
                "SELECT leaf AS word FROM audit_entries WHERE event = 'return.recorded' LIMIT 1",
            ),
        }
    }
}
