//! The ledger holds on both databases, and whatever is changed in it past the service is told, with
//! its place.

use crate::shop::{Shop, Sold};
use crate::support::on_each_database;
use diesel::connection::SimpleConnection;
use jiff::civil::Date;
use returndesk::domain::day_end::{CloseDay, DayEnd};
use returndesk::domain::ledger::Account;
use returndesk::domain::money::Minor;
use returndesk::domain::perform::{Command, Done};
use returndesk::export::ledger::{Fault, check};
use returndesk::store::search::day_ends::all_of;
use returndesk::store::search::ledger::balances;

fn faults(shop: &mut Shop<'_>) -> Vec<Fault> {
    let mut found = Vec::new();
    let checked = shop.read(|read| check(read, |fault| found.push(fault))).unwrap();
    assert_eq!(checked.faults, found.len() as u64);
    found
}

/// What is changed, and the first fault that is told: its place, its account, and words of it.
const CHANGES: &[(&str, Option<i64>, Option<Account>, &str)] = &[
    (
        "UPDATE ledger SET cash = cash + 1, sales = sales - 1 WHERE store = 'S1' AND seq = 2",
        Some(2),
        Some(Account::Cash),
        "it is kept with 1001 minor units, the log has 1000",
    ),
    (
        "UPDATE ledger SET voucher = 5, loyalty = -5 WHERE store = 'S1' AND seq = 2",
        Some(2),
        Some(Account::Voucher),
        "the log has 0",
    ),
    (
        "UPDATE ledger SET register = '9' WHERE store = 'S1' AND seq = 2",
        Some(2),
        None,
        "its register is not",
    ),
    (
        "UPDATE ledger SET register = '' WHERE store = 'S1' AND seq = 2",
        Some(2),
        None,
        "its register is not",
    ),
    (
        "UPDATE ledger SET business_date = '2026-01-01' WHERE store = 'S1' AND seq = 2",
        Some(2),
        None,
        "its business date is not",
    ),
    (
        "UPDATE ledger SET at = at + 1 WHERE store = 'S1' AND seq = 2",
        Some(2),
        None,
        "its time is not",
    ),
    (
        "UPDATE ledger SET event = 'return.recorded' WHERE store = 'S1' AND seq = 2",
        Some(2),
        None,
        "its event is not",
    ),
    (
        "UPDATE ledger SET subject_id = 'x' WHERE store = 'S1' AND seq = 2",
        Some(2),
        None,
        "its subject is not",
    ),
    (
        "DELETE FROM ledger WHERE store = 'S1' AND seq = 2",
        Some(2),
        None,
        "the ledger has no such movement",
    ),
    (
        "INSERT INTO ledger (store, seq, at, business_date, register, currency, event, subject_id, cash, suspense) \
      VALUES ('S1', 1, 0, '2026-03-01', '', 'USD', 'store.saved', 'S1', 5, -5)",
        Some(1),
        None,
        "the log does not say",
    ),
    (
        "INSERT INTO ledger (store, seq, at, business_date, register, currency, event, subject_id, cash, suspense) \
      VALUES ('S9', 7, 0, '2026-03-01', '', 'USD', 'sale.recorded', 'x', 5, -5)",
        Some(7),
        None,
        "the log has no entry",
    ),
];

#[test]
fn the_books_hold_and_every_change_past_the_service_is_named() {
    on_each_database(|database| {
        let (mut shop, _, _) = Shop::with_history(database, 36);
        assert_eq!(faults(&mut shop), []);
        for (store, balance) in shop.read(balances).unwrap() {
            assert_eq!(balance.imbalance(), 0, "{store}");
            assert!(!balance.is_empty());
        }
        shop.keep(&["ledger"]);
        for (sql, seq, account, words) in CHANGES {
            shop.tamper(sql);
            let found = faults(&mut shop);
            let first = found.first().unwrap_or_else(|| panic!("{sql} is not found"));
            assert_eq!((first.seq, first.account), (*seq, *account), "{sql}: {found:#?}");
            assert!(first.detail.contains(words), "{sql}: {found:#?}");
            shop.restore(&["ledger"]);
        }
        assert_eq!(faults(&mut shop), []);
    });
}

/// Whoever changes ledger and log alike is found by the sums.
#[test]
fn what_ledger_and_log_agree_on_is_held_against_sales_and_returns() {
    on_each_database(|database| {
        let (mut shop, _, _) = Shop::with_history(database, 12);
        let tables = ["ledger", "refunds", "returns", "gift_cards", "sale_tenders"];
        shop.keep(&tables);
        let due = "UPDATE refunds SET status = 'settled' WHERE status = 'due'";
        for (sql, account) in [
            (due, Account::RefundsPayable),
            (
                "UPDATE refunds SET amount = amount + 1 WHERE status = 'due'",
                Account::RefundsPayable,
            ),
            (
                "UPDATE refunds SET rounding = rounding + 1 WHERE status = 'settled'",
                Account::Rounding,
            ),
            ("UPDATE returns SET status = 'voided' WHERE NOT training", Account::StoreCredit),
            (
                "UPDATE gift_cards SET balance = balance + 1 WHERE balance > 0",
                Account::StoreCreditLiability,
            ),
            ("UPDATE returns SET refund = refund + 1 WHERE NOT training", Account::Returns),
            (
                "UPDATE sale_tenders SET bank_fees = 7 WHERE kind = 'credit_card'",
                Account::CreditCard,
            ),
            ("UPDATE sale_tenders SET lost = 7 WHERE kind = 'cash'", Account::Cash),
        ] {
            shop.tamper(sql);
            let found = faults(&mut shop);
            assert!(found.iter().any(|fault| fault.account == Some(account)), "{sql}: {found:#?}");
            shop.restore(&tables);
        }
        assert_eq!(faults(&mut shop), []);
    });
}

/// The database itself takes no movement that does not balance, none without its entry, and changes
/// none.
#[test]
fn the_database_refuses_what_is_no_movement() {
    on_each_database(|database| {
        let (mut shop, _, _) = Shop::with_history(database, 3);
        let row = |seq: i64, cash: i64| {
            format!(
                "INSERT INTO ledger (store, seq, at, business_date, register, currency, event, subject_id, cash, suspense) \
             VALUES ('S1', {seq}, 0, '2026-03-01', '', 'USD', 'store.saved', 'S1', {cash}, -5)"
            )
        };
        for (sql, words) in [
            (row(1, 6), "ledger_balanced"),
            (row(99, 5), "oreign key"),
            ("UPDATE ledger SET cash = cash, register = '9'".to_owned(), "is append-only"),
            ("DELETE FROM ledger".to_owned(), "is append-only"),
        ] {
            let refused = database.connect().batch_execute(&sql).unwrap_err().to_string();
            assert!(refused.contains(words) || refused.contains("FOREIGN KEY"), "{sql}: {refused}");
        }
        assert_eq!(faults(&mut shop), []);
    });
}

/// Closes all days of store S1: of register 3, on whose days sales were made, of register 7, and
/// then of the store.
fn close_all(shop: &mut Shop<'_>, sold: &[Sold]) -> Vec<DayEnd> {
    let mut days: Vec<Date> =
        sold.iter().filter(|sale| sale.store == "S1").map(|sale| sale.day).collect();
    days.sort();
    days.dedup();
    let today = shop.now.to_zoned(jiff::tz::TimeZone::get("America/New_York").unwrap()).date();
    days.retain(|day| *day <= today);
    let registers = [("3", &days[..]), ("7", &[today, today]), ("", &days[..])];
    let mut closed = Vec::new();
    for (register, days) in registers {
        for day in days {
            let command = CloseDay {
                store: "S1".into(),
                register: Some(register.to_owned()).filter(|register| !register.is_empty()),
                business_date: *day,
                shift: None,
                opening_cash: None,
                counted_cash: Some(Minor(500)),
            };
            let command = if register.is_empty() {
                CloseDay { counted_cash: None, ..command }
            } else {
                command
            };
            match shop.perform(Command::CloseDay(command)) {
                Done::DayClosed(day_end) => closed.push(*day_end),
                other => panic!("{other:?}"),
            }
        }
    }
    closed
}

#[test]
fn day_ends_hold_and_every_change_of_one_is_named() {
    on_each_database(|database| {
        let (mut shop, sold, _) = Shop::with_history(database, 36);
        let closed = close_all(&mut shop, &sold);
        assert!(
            closed.len() > 8
                && closed
                    .iter()
                    .any(|d| d.till.register().is_none() && d.sums.total().movements > 0)
        );
        assert_eq!(faults(&mut shop), []);
        let stored = shop.read(|read| all_of(read, "S1")).unwrap();
        assert_eq!(stored, closed, "what is read is what was closed");

        let tables = ["day_end_sums", "day_ends"];
        shop.keep(&tables);
        let place = i64::try_from(closed[1].seq).unwrap();
        let two = format!("store = 'S1' AND seq = {place}");
        let of_two = format!("day_end = (SELECT id FROM day_ends WHERE {two})");
        for (sql, words) in [
            (
                format!(
                    "UPDATE day_end_sums SET cash = cash + 1, sales = sales - 1 WHERE {of_two}"
                ),
                "not the one that the log tells of",
            ),
            (
                format!("UPDATE day_end_sums SET movements = movements + 1 WHERE {of_two}"),
                "not the one that the log tells of",
            ),
            (
                format!("UPDATE day_ends SET number = 9 WHERE {two}"),
                "not the one that the log tells of",
            ),
            (
                format!("UPDATE day_ends SET shift = 2 WHERE {two}"),
                "not the one that the log tells of",
            ),
            (
                format!("UPDATE day_ends SET perpetual_sales = 0 WHERE {two}"),
                "not the one that the log tells of",
            ),
            (
                format!("UPDATE day_ends SET counted_cash = 0 WHERE {two}"),
                "not the one that the log tells of",
            ),
            (
                format!("UPDATE day_ends SET from_seq = 1 WHERE {two}"),
                "not the one that the log tells of",
            ),
            (
                format!(
                    "DELETE FROM day_end_sums WHERE {of_two}; DELETE FROM day_ends WHERE {two}"
                ),
                "there is no such day end",
            ),
            (
                format!("UPDATE day_ends SET seq = {place} + 1 WHERE {two}"),
                "there is no such day end",
            ),
        ] {
            shop.tamper(&sql);
            let found = faults(&mut shop);
            let first = found.first().unwrap_or_else(|| panic!("{sql} is not found"));
            assert_eq!((first.store.as_str(), first.seq), ("S1", Some(place)), "{sql}: {found:#?}");
            assert!(first.detail.contains(words), "{sql}: {found:#?}");
            shop.restore(&["day_ends", "day_end_sums"]);
        }
        assert_eq!(faults(&mut shop), []);
        // Entries from before there were shifts say of none: all of those were the first.
        let without = "UPDATE audit_entries SET leaf = replace(leaf, ',\"shift\":1}', '}')";
        shop.tamper(&format!("{without} WHERE {two}"));
        assert_eq!(faults(&mut shop), []);
        let last = closed.iter().find(|end| end.shift == 2).unwrap();
        let without = without.replace(":1}", ":2}");
        shop.tamper(&format!("{without} WHERE store = 'S1' AND seq = {}", last.seq));
        let found = faults(&mut shop);
        assert_eq!((found.len(), found[0].seq), (1, i64::try_from(last.seq).ok()), "{found:#?}");
    });
}
