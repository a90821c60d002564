//! Which indexes the searches use: with millions of rows, one that walks a table answers after
//! minutes.

use crate::shop::Shop;
use crate::support::on_each_database;
use diesel::connection::{InstrumentationEvent, SimpleConnection};
use diesel::sql_types::Text;
use diesel::{Connection as _, QueryableByName, RunQueryDsl, sql_query};
use jiff::civil::date;
use returndesk::domain::caller::Stores;
use returndesk::domain::entry::Event;
use returndesk::domain::sale::SaleStatus;
use returndesk::export::reconcile::reconcile;
use returndesk::store::audit::unaudited_in_tests;
use returndesk::store::rows::col;
use returndesk::store::search::events::{self, EventFilter};
use returndesk::store::search::returns::{self, ReturnFilter};
use returndesk::store::search::sales::{self, SaleFilter};
use returndesk::store::search::summaries;
use returndesk::store::writes::insert;
use returndesk::store::{Backend, Connection, Db, Read, StoreError, audit};
use std::sync::{Arc, Mutex};
use uuid::Uuid;

const SALES: usize = 6_000;
/// Few returns and sales of each: in a list of one store, those of the others are not walked
/// through.
const STORES: usize = 200;

/// Enough rows that no index is as good as another.
fn fill(shop: &mut Shop<'_>) {
    let ids: Vec<Uuid> =
        (0..SALES as u128).map(|n| Uuid::from_u128((0x0190_0000_0000 + n) << 80 | n)).collect();
    let number = || 0..SALES;
    let store = |n: usize| format!("T{}", n % STORES);
    let day = |n: usize| format!("2026-{:02}-{:02}", 1 + n / 28 % 12, 1 + n % 28);
    let micros = |n: usize| 1_700_000_000_000_000 + n as i64;
    let filled = Db::write(&mut shop.connection, |tx| -> Result<_, StoreError> {
        let text = |text: &'static str| col((0..STORES).map(move |_| text));
        let stores = [
            col((0..STORES).map(store)),
            text("A store"),
            text("UTC"),
            text("USD"),
            text("US-NY"),
            text("standard"),
        ];
        insert(tx, "stores(store, name, time_zone, currency, region, policy)", &stores)?;
        let sales = [
            col(ids.iter().copied()),
            col(number().map(store)),
            col(number().map(|n| format!("R{n}"))),
            col(number().map(|n| format!("r{n}"))),
            col(number().map(day)),
            col(number().map(|n| format!("C{}", n % 900))),
            col(number().map(|n| format!("c{}", n % 900))),
            col(number().map(|_| "{}")),
            col(number().map(|_| [0_u8; 32])),
            col(number().map(micros)),
        ];
        insert(
            tx,
            "sales(id, store, receipt, receipt_key, business_date, customer, customer_key, document, digest, \
             recorded_at)",
            &sales,
        )?;
        let zeros = || col(number().map(|_| 0_i64));
        let ones = || col(number().map(|_| 1_i32));
        let lines = [
            col(ids.iter().copied()),
            ones(),
            col(number().map(|n| format!("SKU{}", n % 700))),
            zeros(),
            zeros(),
            zeros(),
            zeros(),
        ];
        insert(tx, "sale_lines(sale, line, sku, sold, returned, value, refunded)", &lines)?;
        let serial = |prefix: &'static str| col(number().map(move |n| format!("{prefix}{n}")));
        let serials = [serial("SN"), serial("sn"), col(ids.iter().copied()), ones()];
        insert(tx, "sale_serials(serial_number, serial_key, sale, line)", &serials)?;
        let tenders = [
            col(ids.iter().copied()),
            ones(),
            col(number().map(|_| "cash")),
            zeros(),
            zeros(),
            zeros(),
            col(number().map(|_| false)),
            col(number().map(|n| format!("fp{}", n % 900))),
        ];
        let into = "sale_tenders(sale, tender, kind, paid, refunded, rounding, charged_back, card_fingerprint)";
        insert(tx, into, &tenders)?;
        let charges = [col(ids.iter().copied()), ones(), col(number().map(|_| false))];
        insert(tx, "sale_charges(sale, charge, refunded)", &charges)?;
        let returns = [
            col(ids.iter().copied()),
            col(number().map(store)),
            col(number().map(|_| "1")),
            col(number().map(|n| format!("O{}", n % 300))),
            col(number().map(|n| format!("C{}", n % 900))),
            col(number().map(|n| format!("c{}", n % 900))),
            col(number().map(|_| "completed")),
            col(number().map(|_| "USD")),
            col(number().map(day)),
            col(number().map(micros)),
            zeros(),
            col(number().map(|_| false)),
            col(number().map(|_| "{}")),
        ];
        let into = "returns(id, store, register, operator, customer, customer_key, status, currency, business_date, recorded_at, refund, \
                    training, document)";
        insert(tx, into, &returns)?;
        let lines = [
            col(ids.iter().copied()),
            ones(),
            col(ids.iter().copied()),
            ones(),
            zeros(),
            zeros(),
            zeros(),
            zeros(),
            col(number().map(|_| "late")),
        ];
        insert(
            tx,
            "return_lines(return_id, line, sale, sale_line, quantity, net, gross, fee, reason)",
            &lines,
        )?;
        let charges = [col(ids.iter().copied()), col(ids.iter().copied()), ones()];
        insert(tx, "return_charges(return_id, sale, charge)", &charges)?;
        let refunds = [
            col(ids.iter().copied()),
            ones(),
            col(number().map(|_| "cash")),
            col(ids.iter().copied()),
            ones(),
            zeros(),
            zeros(),
            col(number().map(|_| "")),
            col(number().map(|_| "settled")),
        ];
        let into = "refunds(return_id, refund, kind, sale, sale_tender, amount, rounding, fallbacks, status)";
        insert(tx, into, &refunds)?;
        let entries = [
            col(number().map(store)),
            col(number().map(|n| 1_000 + n as i64)),
            col(number().map(micros)),
            col(number().map(|n| if n % 50 == 0 { "return.voided" } else { "sale.recorded" })),
            col(ids.iter().map(Uuid::to_string)),
            col(number().map(|_| "{}")),
            col(number().map(|_| [0_u8; 32])),
        ];
        insert(tx, "audit_entries(store, seq, at, event, subject_id, leaf, hash)", &entries)?;
        Ok(unaudited_in_tests(()))
    });
    filled.unwrap();
    shop.connection.batch_execute("ANALYZE").unwrap();
}

/// The SQL that work sends, without values.
fn statements(
    shop: &mut Shop<'_>,
    work: &dyn Fn(&mut Read<'_>) -> Result<(), StoreError>,
) -> Vec<String> {
    let sent = Arc::new(Mutex::new(Vec::new()));
    let record = sent.clone();
    shop.connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let text = query.to_string();
            record
                .lock()
                .unwrap()
                .push(text.split(" -- binds").next().unwrap_or_default().to_owned());
        }
    });
    shop.read(|read| work(read)).unwrap();
    shop.connection.set_instrumentation(|_: InstrumentationEvent<'_>| ());
    let mut sent = sent.lock().unwrap().clone();
    sent.sort();
    sent.dedup();
    sent.retain(|sql| sql.starts_with("SELECT") || sql.starts_with("WITH"));
    sent
}

#[derive(QueryableByName)]
struct SqliteStep {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[derive(QueryableByName)]
struct PostgresStep {
    #[diesel(sql_type = Text)]
    #[diesel(column_name = "QUERY PLAN")]
    line: String,
}

/// How the database goes about a statement, whatever its values: a line a step.
fn plan(connection: &mut Connection, backend: Backend, sql: &str) -> Vec<String> {
    match backend {
        Backend::Sqlite => {
            let steps: Vec<SqliteStep> =
                sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load(connection).unwrap();
            steps.into_iter().map(|step| step.detail).collect()
        }
        Backend::Postgres if sql.contains("WITH u(one) AS") => Vec::new(), // of settings, all of them
        Backend::Postgres => {
            let values = (1..).take_while(|n| sql.contains(&format!("${n}"))).count();
            let setup = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off;";
            connection.batch_execute(&format!("{setup} PREPARE asked AS {sql}")).unwrap();
            let values = if values == 0 {
                String::new()
            } else {
                format!("({})", vec!["NULL"; values].join(", "))
            };
            let explain = sql_query(format!("EXPLAIN (COSTS OFF) EXECUTE asked{values}"));
            let steps: Vec<PostgresStep> = explain.load(connection).unwrap();
            connection.batch_execute("DEALLOCATE asked").unwrap();
            steps.into_iter().map(|step| step.line).collect()
        }
    }
}

/// Tables that are small whatever the shop's size.
const SMALL: [&str; 4] = ["stores", "audit_heads", "settings_generation", "u"];

/// Whether a step walks through a whole table of those that grow.
fn walks(step: &str) -> bool {
    let walked = step
        .trim_start_matches([' ', '-', '>'])
        .strip_prefix("Seq Scan on ")
        .or(step.strip_prefix("SCAN "));
    walked.is_some_and(|table| {
        let name = table.split_whitespace().next().unwrap_or_default();
        // SQLite's steps through the values of a statement, and PostgreSQL's through an index in
        // order, are none.
        !SMALL.contains(&name)
            && !table.contains("VALUES")
            && !table.contains("CONSTANT ROW")
            && !table.contains("USING")
    })
}

type Work = Box<dyn Fn(&mut Read<'_>) -> Result<(), StoreError>>;

/// Every search of which an index is asked, and that index: as PostgreSQL calls it, SQLite's own
/// names beside.
fn searches() -> Vec<(&'static str, &'static [&'static str], Work)> {
    let one = || Stores::Listed(vec!["T1".into()]);
    let two = || Stores::Listed(vec!["T1".into(), "T2".into()]);
    let sale = |filter: SaleFilter| -> Work {
        Box::new(move |read| sales::find(read, &filter, None, 50).map(drop))
    };
    let back = |filter: ReturnFilter| -> Work {
        Box::new(move |read| returns::find(read, &filter, None, 50).map(drop))
    };
    let logged = |filter: EventFilter| -> Work {
        Box::new(move |read| events::find(read, &filter, None, 50).map(drop))
    };
    let day = Some(date(2026, 5, 5));
    let sales_of = SaleFilter::of;
    let returns_of = ReturnFilter::of;
    let every = EventFilter { stores: two(), event: None, subject_id: None, from: None, to: None };
    let at = |second: i64| jiff::Timestamp::from_second(1_700_000_000 + second).ok();
    vec![
        (
            "sales by receipt",
            &["sales_receipt_key_once"],
            sale(SaleFilter { receipt: Some("R1".into()), ..sales_of(Stores::All) }),
        ),
        (
            "sales by another system's identifier",
            &["sales_of_external_id"],
            sale(SaleFilter { external_id: Some("SO-1".into()), ..sales_of(two()) }),
        ),
        (
            "sales by customer",
            &["sales_of_customer_key"],
            sale(SaleFilter { customer: Some("C1".into()), ..sales_of(two()) }),
        ),
        (
            "sales by card",
            &["sale_tenders_of_card"],
            sale(SaleFilter { card_fingerprint: Some("fp1".into()), ..sales_of(one()) }),
        ),
        (
            "sales by serial number",
            &["sale_serials_of_key"],
            sale(SaleFilter { serial_number: Some("SN1".into()), ..sales_of(Stores::All) }),
        ),
        (
            "sales by sku, store and day",
            &["sale_lines_of_sku", "sales_of_day"],
            sale(SaleFilter { sku: Some("SKU1".into()), from: day, to: day, ..sales_of(one()) }),
        ),
        ("sales of a store", &["sales_of_store"], sale(sales_of(one()))),
        ("sales of stores", &["sales_of_store"], sale(sales_of(two()))),
        (
            "sales of all stores",
            &["sales_pkey", "sqlite_autoindex_sales_1"],
            sale(sales_of(Stores::All)),
        ),
        (
            "sales of a day",
            &["sales_of_day"],
            sale(SaleFilter { from: day, to: day, ..sales_of(Stores::All) }),
        ),
        ("returns of a store", &["returns_of_store"], back(returns_of(one()))),
        ("returns of stores", &["returns_of_store"], back(returns_of(two()))),
        (
            "returns of a sale",
            &["return_lines_of_sale"],
            back(ReturnFilter { sale: Some(Uuid::nil()), ..returns_of(Stores::All) }),
        ),
        (
            "returns by operator",
            &["returns_of_operator"],
            back(ReturnFilter { operator: Some("O1".into()), ..returns_of(Stores::All) }),
        ),
        (
            "returns of a customer",
            &["returns_of_customer_key"],
            back(ReturnFilter { customer: Some("C1".into()), ..returns_of(two()) }),
        ),
        (
            "returns of a reason",
            &["return_lines_of_reason"],
            back(ReturnFilter { reason: Some("late".into()), ..returns_of(two()) }),
        ),
        (
            "returns of an article",
            &["sale_lines_of_sku"],
            back(ReturnFilter { sku: Some("SKU1".into()), ..returns_of(Stores::All) }),
        ),
        (
            "returns in short",
            &["return_lines_pkey", "sqlite_autoindex_return_lines_1"],
            Box::new(|read| summaries::of_returns(read, &[Uuid::from_u128(1)]).map(drop)),
        ),
        (
            "sales of which some is back",
            &["return_lines_of_sale"],
            sale(SaleFilter { status: Some(SaleStatus::PartlyReturned), ..sales_of(one()) }),
        ),
        (
            "sales of a reason",
            &["return_lines_of_reason_by_sale"],
            sale(SaleFilter { reason: Some("late".into()), ..sales_of(one()) }),
        ),
        (
            "sales that are void",
            &["sale_voids_pkey", "sqlite_autoindex_sale_voids_1"],
            sale(SaleFilter { status: Some(SaleStatus::Voided), ..sales_of(one()) }),
        ),
        (
            "sales in short",
            &["sale_lines_pkey", "sqlite_autoindex_sale_lines_1"],
            Box::new(|read| summaries::of_sales(read, &[Uuid::from_u128(1)]).map(drop)),
        ),
        (
            "returns of a day",
            &["returns_pkey", "sqlite_autoindex_returns_1"],
            back(ReturnFilter { from: day, to: day, ..returns_of(Stores::All) }),
        ),
        (
            "a store's log",
            &["audit_entries_pkey", "sqlite_autoindex_audit_entries_1"],
            logged(EventFilter { stores: one(), ..every.clone() }),
        ),
        (
            "a store's log in a window",
            &["audit_entries_by_time"],
            logged(EventFilter { stores: one(), from: at(1), to: at(2), ..every.clone() }),
        ),
        (
            "the log of stores",
            &["audit_entries_by_time"],
            logged(EventFilter { event: Some(Event::ReturnVoided), ..every.clone() }),
        ),
        (
            "entries on something",
            &["audit_entries_of_subject"],
            logged(EventFilter { subject_id: Some("x".into()), ..every }),
        ),
        (
            "reconciling",
            &["return_lines_of_sale", "audit_entries_of_subject"],
            Box::new(|read| reconcile(read, |_| ()).map(drop)),
        ),
        (
            "the end of a stretch",
            &["audit_entries_by_time"],
            Box::new(|read| audit::stretch(read, "T1", Some(1), Some(2)).map(drop)),
        ),
    ]
}

#[test]
fn no_search_walks_through_a_table_that_grows() {
    on_each_database(|database| {
        let mut shop = Shop::open(database);
        fill(&mut shop);
        let backend = database.backend();
        let mut wrong = Vec::new();
        for (what, indexes, work) in searches() {
            let sent = statements(&mut shop, &*work);
            assert!(!sent.is_empty(), "{what} sends nothing");
            let mut connection = database.connect();
            let plans: Vec<Vec<String>> =
                sent.iter().map(|sql| plan(&mut connection, backend, sql)).collect();
            let steps = || plans.iter().flatten();
            let uses = indexes
                .iter()
                .any(|index| steps().any(|step| step.split([' ', '(']).any(|word| word == *index)));
            if !uses || steps().any(|step| walks(step)) {
                wrong.push(format!(
                    "{what}:\n{}\n{}",
                    sent.join("\n"),
                    plans.iter().flatten().cloned().collect::<Vec<_>>().join("\n")
                ));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    });
}
