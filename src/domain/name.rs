//! Names of operators, registers, stores and policies, as they enter the service.
//!
//! Two names that look the same are the same bytes, no name means something to a path, a list or
//! the log, and no name is the service's own. Names that a database already holds are not checked
//! again: they stay readable.

use super::entry::is_store_id;

/// The longest name, in characters.
pub const MAX_LENGTH: usize = 64;

/// Names with a meaning of their own: the service and the command line as actors, the chain of no
/// store, parts of a path, all stores.
pub const RESERVED: [&str; 6] = ["service", "command-line", "-", ".", "..", "*"];

/// What a name has to be, for people.
pub const RULE: &str = "1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-'";

/// What a store's name has to be, for people.
pub const STORE_RULE: &str = "1 to 32 of A-Z, a-z, 0-9, '.', '_' and '-', and no '-' in front";

/// Returns true for a name with a meaning of its own, in any letter case.
pub fn is_reserved(name: &str) -> bool {
    RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(name))
}

/// Returns true if an operator, a register or a policy can have the name.
pub fn is_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    (1..=MAX_LENGTH).contains(&name.len()) && name.bytes().all(allowed) && !is_reserved(name)
}

/// Returns true if a store can have the name: at most 32 characters, as the log has room for, and no
/// `-` in front, which belongs to chains of no store.
pub fn is_store(name: &str) -> bool {
    is_store_id(name) && !name.starts_with('-') && !is_reserved(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_spelling_and_no_other_meaning() {
        let good = ["1042", "a.b_c-d", "till-3", "services", "...", "-x"];
        let unfit =
            ["", "1042 ", "10 42", "1042\u{200b}", "１０４２", "1\u{85}", "a|b", "7\r\n", "a/b"];
        let reserved = ["service", "Service", "command-line", "-", ".", "..", "*"];
        assert!(good.iter().all(|name| is_name(name)));
        assert!(unfit.iter().chain(&reserved).all(|name| !is_name(name) && !is_store(name)));
        assert!(is_name(&"9".repeat(64)) && !is_name(&"9".repeat(65)));
        assert!(is_store("0042") && is_store(&"9".repeat(32)));
        assert!(!is_store(&"9".repeat(33)) && !is_store("-x"));
    }
}
