//! What is printed when the walk is done: tokens to play with, and lines to paste.

use super::shop::Shop;
use super::token;
use crate::app::App;
use crate::cli::failure::Failure;
use crate::cli::terminal::print;
use crate::domain::caller::Role;
use std::net::SocketAddr;

/// People whose tokens are printed: variable, role, number, stores (`None` for all), register.
type Person = (&'static str, Role, &'static str, Option<&'static str>, Option<&'static str>);

const PEOPLE: [Person; 4] = [
    ("CASHIER", Role::Cashier, "1044", Some("0042"), Some("7")),
    ("MANAGER", Role::Manager, "2001", Some("0042"), None),
    ("AUDITOR", Role::Auditor, "6001", None, None),
    ("ADMIN", Role::Admin, "1", None, None),
];

/// Tokens of eight hours as shell variables, and curl lines that use them.
pub fn print_tokens(app: &App, shop: &Shop, address: SocketAddr) -> Result<(), Failure> {
    print("\nIt goes on serving. Tokens for eight hours, and something to paste:\n");
    for (name, role, operator, store, register) in PEOPLE {
        let token = token(app, role, operator, store, register)?;
        print(&format!("{name}='{}'", token));
    }
    let url = format!("http://{address}");
    let latest = shop.sales().filter(|sale| sale["store"] == "0042").last().unwrap_or_default();
    let receipt = latest["receipt"].as_str().unwrap_or_default();
    print(&format!(
        "\ncurl -s -H \"Authorization: Bearer $CASHIER\" '{url}/v1/sales?store=0042&limit=3'"
    ));
    let line = r#"{"sale_line":1,"quantity":"1","reason":"changed_mind","condition":"unopened"}"#;
    let body = format!(
        r#"{{"store":"0042","register":"7","sale":{{"receipt":"{receipt}"}},"lines":[{line}]}}"#
    );
    let json = "-H 'Content-Type: application/json'";
    print(&format!(
        "curl -s -H \"Authorization: Bearer $CASHIER\" {json} {url}/v1/returns/check \\\n  -d '{body}'"
    ));
    print(&format!(
        "curl -s -H \"Authorization: Bearer $MANAGER\" '{url}/v1/returns?store=0042&limit=3'"
    ));
    print(&format!(
        "curl -s -H \"Authorization: Bearer $AUDITOR\" '{url}/v1/audit/events?store=0042&limit=3'"
    ));
    print(&format!("curl -s -H \"Authorization: Bearer $ADMIN\" {url}/v1/operators"));
    print(&format!("\nReference: {url}/docs. Ctrl-C stops."));
    Ok(())
}
