//! Who acts on the command line. Whoever may open the data directory can sign any token, so a name
//! given here is taken as it is given; the log says that it came from the command line.

use crate::domain::caller::{Caller, Role, Stores};
use crate::domain::entry::is_store_id;
use crate::domain::name;
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

/// Reads the number of an operator or a register, or the name of a policy, from the command line.
pub fn number(text: &str) -> Result<String, String> {
    match text {
        text if name::is_reserved(text) => Err("the service itself uses that name".into()),
        text if name::is_name(text) => Ok(text.to_owned()),
        _ => Err(format!("it must have {}", name::RULE)),
    }
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
    match text {
        text if name::is_reserved(text) => Err("the service itself uses that name".into()),
        text if name::is_store(text) => Ok(text.to_owned()),
        _ => Err(format!("a store's number has {}", name::STORE_RULE)),
    }
}

/// Reads the name of a chain of the log: a store's, also one of a name that is no longer given, or
/// `-` for what is about no store.
pub fn chain(text: &str) -> Result<String, String> {
    if text == "*" || is_store_id(text) {
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
        assert!(number("2001").is_ok() && store("0042").is_ok() && stores("*").is_ok());
        let unfit = ["", "a b", "a|b", "a\nb", "2001\u{200b}", "service", ".."];
        assert!(unfit.iter().all(|text| number(text).is_err() && store(text).is_err()));
        assert!(store("*").is_err() && stores("**").is_err() && role("boss").is_err());
        assert!(chain("-").is_ok() && chain("..").is_ok() && chain("a b").is_err());
    }

    #[test]
    fn a_star_among_stores_is_all_of_them() {
        assert_eq!(listed(vec!["0042".into(), "*".into()]), Stores::All);
        assert_eq!(listed(vec!["0042".into()]), Stores::Listed(vec!["0042".into()]));
    }
}
