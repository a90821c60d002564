//! Opening the shop: stores, registers and operators as an administrator saves them, then its sales
//! as an import.

use super::http::{Asked, Client};
use super::shop::Shop;
use super::token;
use crate::app::App;
use crate::cli::failure::Failure;
use crate::cli::terminal::{counted, grouped, print};
use crate::domain::caller::Role;
use std::time::Instant;

/// Sales in one request. The client reads nothing before it has written all, so the answer must fit
/// the sockets.
const AT_ONCE: usize = 500;

/// All of it over HTTP, as a shop's own systems would.
pub fn open(client: &Client, app: &App, shop: &Shop) -> Result<(), Failure> {
    let admin = token(app, Role::Admin, "1", None, None)?;
    let mut registers = 0;
    for store in shop.stores() {
        put(client, &admin, &format!("/v1/stores/{}", store.store), store.body().to_string())?;
        for register in store.registers {
            put(
                client,
                &admin,
                &format!("/v1/stores/{}/registers/{register}", store.store),
                "{}".into(),
            )?;
            registers += 1;
        }
    }
    for operator in shop.operators() {
        put(
            client,
            &admin,
            &format!("/v1/operators/{}", operator.operator),
            operator.body().to_string(),
        )?;
    }
    let (stores, people) = (shop.stores().len(), shop.operators().len());
    print(&format!("Saved {stores} stores, {registers} registers, {people} operators."));
    import(client, &admin, shop)
}

fn put(client: &Client, token: &str, path: &str, body: String) -> Result<(), Failure> {
    let answered = client
        .ask(&Asked::json("PUT", path, Some(token), body))
        .map_err(|fault| no_answer(path, &fault))?;
    if answered.status == 201 {
        return Ok(());
    }
    Err(Failure::Trouble(format!(
        "PUT {path} was answered {}: {}",
        answered.status,
        answered.text()
    )))
}

fn import(client: &Client, token: &str, shop: &Shop) -> Result<(), Failure> {
    let began = Instant::now();
    let lines: Vec<String> = shop.sales().map(|sale| sale.to_string()).collect();
    for part in lines.chunks(AT_ONCE) {
        import_part(client, token, part)?;
    }
    let (sales, millis) =
        (lines.len() as u64, u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX));
    let rate = grouped(sales.saturating_mul(1_000) / millis.max(1));
    print(&format!(
        "Imported {}, {rate} a second, each with an entry in the log.",
        counted(sales, "sale", "sales")
    ));
    Ok(())
}

fn import_part(client: &Client, token: &str, sales: &[String]) -> Result<(), Failure> {
    let path = "/v1/sales/import";
    let asked = Asked::json("POST", path, Some(token), sales.join("\n"));
    let asked = Asked { content_type: "application/x-ndjson", ..asked };
    let answered = client.ask(&asked).map_err(|fault| no_answer(path, &fault))?;
    let text = answered.text();
    let recorded = |line: &&str| line.contains("\"status\":\"recorded\"");
    if answered.status == 200 && text.lines().filter(recorded).count() == sales.len() {
        return Ok(());
    }
    let other = text.lines().find(|line| !recorded(line)).unwrap_or_default();
    Err(Failure::Trouble(format!("POST {path} was answered {}: {other}", answered.status)))
}

fn no_answer(path: &str, fault: &std::io::Error) -> Failure {
    Failure::Trouble(format!("{path} was not answered: {fault}"))
}
