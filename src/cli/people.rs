//! Who acts on the command line. Whoever may open the data directory can sign any token, so a name
//! given here is taken as it is given; the log says that it came from the command line.

use crate::domain::caller::{Caller, Role, Stores};
use std::sync::Arc;

/// The client id in the log of what is done on the command line.
pub const CLIENT: &str = "returndesk-cli";

/// Nobody in particular, at the machine itself.
pub fn machine(issuer: &str) -> Arc<Caller> {
    named(issuer, "command-line", Role::Admin)
}

/// A person, under the subject that the person's tokens have: the same person stays one, whichever
/// way they come.
pub fn named(issuer: &str, operator: &str, role: Role) -> Arc<Caller> {
    Arc::new(Caller {
        subject: format!("{issuer}|{operator}"),
        operator: operator.to_owned(),
        client_id: CLIENT.into(),
        roles: vec![role],
        stores: Stores::All,
        register: None,
    })
}

/// Reads an operator's number from the command line.
pub fn operator(text: &str) -> Result<String, String> {
    let unfit = |letter: char| letter.is_whitespace() || letter.is_control() || letter == '|';
    if text.is_empty() || text.len() > 64 || text.contains(unfit) {
        return Err("an operator's number has 1 to 64 characters, none of them a space or |".into());
    }
    Ok(text.to_owned())
}

/// Reads a store's number, or `*` for all stores.
pub fn stores(text: &str) -> Result<String, String> {
    match text {
        "*" => Ok(text.to_owned()),
        text => store(text),
    }
}

/// Reads a store's number.
pub fn store(text: &str) -> Result<String, String> {
    if crate::domain::entry::is_store_id(text) {
        return Ok(text.to_owned());
    }
    Err("a store's number has letters, digits, dots, dashes and underscores".into())
}

/// The stores that were named; all of them if `*` is among them.
pub fn listed(stores: Vec<String>) -> Stores {
    if stores.iter().any(|store| store == "*") { Stores::All } else { Stores::Listed(stores) }
}

/// Reads a role's name.
pub fn role(text: &str) -> Result<Role, String> {
    let names = || Role::ALL.map(Role::as_str).join(", ");
    Role::parse(text).ok_or_else(|| format!("the roles are {}", names()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_stores_are_checked() {
        assert!(operator("2001").is_ok() && store("0042").is_ok() && stores("*").is_ok());
        assert!(["", "a b", "a|b", "a\nb"].iter().all(|text| operator(text).is_err()));
        assert!(store("*").is_err() && stores("**").is_err() && role("boss").is_err());
    }

    #[test]
    fn a_star_among_stores_is_all_of_them() {
        assert_eq!(listed(vec!["0042".into(), "*".into()]), Stores::All);
        assert_eq!(listed(vec!["0042".into()]), Stores::Listed(vec!["0042".into()]));
    }
}
