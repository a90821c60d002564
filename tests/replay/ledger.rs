//! In the end: log, returns and books say the same, and nothing has gone back that was not paid.

use crate::counter::Told;
use crate::instances::Instances;
use crate::shop::Shop;
use diesel::RunQueryDsl;
use returndesk::domain::ledger::{Account, Amounts};
use returndesk::domain::money::{Minor, parse_scaled};
use returndesk::store::search::{self, entries};
use returndesk::store::{Db, StoreError};

/// Holds the database against what the counter was told.
pub fn check(desks: &Instances<'_>, shop: &Shop, told: &Told) {
    let proven = desks.prove();
    assert_eq!(proven.returns, told.returns as u64);
    let sum = |sql: &str| number(desks, sql);
    let (returned, entries, refused) = log(desks);
    assert_eq!((entries, refused), (told.returns, told.refused));
    let sums = [
        ("log", returned),
        ("returns", sum("SELECT CAST(SUM(refund) AS bigint) AS number FROM returns")),
        ("refunds", sum("SELECT CAST(SUM(amount) AS bigint) AS number FROM refunds")),
        ("sale_lines", sum("SELECT CAST(SUM(refunded) AS bigint) AS number FROM sale_lines")),
        ("sale_tenders", sum("SELECT CAST(SUM(refunded) AS bigint) AS number FROM sale_tenders")),
    ];
    assert_eq!(sums, sums.map(|(what, _)| (what, told.refunded)));
    let over = "SELECT CAST(COUNT(*) AS bigint) AS number FROM sale_lines WHERE returned > sold OR refunded > value";
    assert_eq!(sum(over), 0);
    balances(desks, shop, told);
}

/// The accounts of the ledger against the shop's own sales and credits, added up apart from it. The
/// file knows no taxes, charges or fees, and nothing of it was paid in cash that is rounded;
/// refunds wait for their terminals, or are paid.
fn balances(desks: &Instances<'_>, shop: &Shop, told: &Told) {
    let mut expected = Amounts::default();
    for sale in shop.sales() {
        expected.credit(Account::Sales, sale.total);
        sale.tenders
            .iter()
            .for_each(|tender| expected.debit(Account::of_tender(tender.kind), tender.paid()));
    }
    expected.debit(Account::Returns, Minor(told.refunded));
    expected.credit(Account::RefundsPayable, Minor(told.refunded));
    let mut connection = desks.database.open().connect_reader().unwrap();
    let booked = Db::read(&mut connection, search::ledger::balances).unwrap();
    assert_eq!(booked, vec![("S1".to_owned(), expected)]);
    assert_eq!(expected.imbalance(), 0);
}

/// What the log's entries of recorded returns come to, how many there are, and how many attempts
/// were refused.
fn log(desks: &Instances<'_>) -> (i64, usize, usize) {
    let (mut refunded, mut recorded, mut refused) = (0, 0, 0);
    let mut connection = desks.database.open().connect_reader().unwrap();
    Db::read(&mut connection, |read| {
        let mut after = 0;
        loop {
            let page = entries::page(read, "S1", after, i64::MAX, 1_000)?;
            let Some(last) = page.last() else { return Ok::<_, StoreError>(()) };
            after = i64::try_from(last.stored.seq).unwrap();
            refused += page.iter().filter(|entry| entry.event == "return.refused").count();
            for entry in page.iter().filter(|entry| entry.event == "return.recorded") {
                let leaf: serde_json::Value = serde_json::from_str(&entry.stored.leaf).unwrap();
                refunded +=
                    parse_scaled(leaf["data"]["decision"]["refund"].as_str().unwrap(), 2).unwrap();
                recorded += 1;
            }
        }
    })
    .unwrap();
    (refunded, recorded, refused)
}

fn number(desks: &Instances<'_>, sql: &str) -> i64 {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        number: i64,
    }
    diesel::sql_query(sql).get_result::<Row>(&mut desks.database.connect()).unwrap().number
}
