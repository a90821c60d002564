//! Books, returns and the log agree; whatever is changed in one of them past the service is told.

use crate::shop::{Shop, Sold};
use crate::support::on_each_database;
use returndesk::domain::returns::{Return, ReturnStatus};
use returndesk::export::reconcile::{Finding, Odds, Reconciled, reconcile};

const TABLES: [&str; 11] = [
    "audit_entries",
    "sales",
    "sale_lines",
    "sale_tenders",
    "sale_charges",
    "returns",
    "return_lines",
    "return_charges",
    "refunds",
    "gift_cards",
    "gift_card_entries",
];

fn findings(shop: &mut Shop<'_>) -> (Reconciled, Vec<Finding>) {
    let mut found = Vec::new();
    let done = shop.read(|read| reconcile(read, |finding| found.push(finding))).unwrap();
    assert_eq!(done.findings, found.len() as u64);
    (done, found)
}

/// What is changed, and what is then at odds with what.
fn changes(shop: &Shop<'_>, sold: &[Sold], returned: &[Return]) -> Vec<(String, &'static [Odds])> {
    let id = |id: uuid::Uuid| match shop.database.backend() {
        returndesk::store::Backend::Sqlite => shop.bytes(id.as_bytes()),
        returndesk::store::Backend::Postgres => format!("'{id}'"),
    };
    let (sale, other) = (id(sold[0].id), id(sold[4].id));
    let the_return =
        returned.iter().find(|r| r.status == ReturnStatus::Completed && !r.training).unwrap();
    let practice = returned.iter().find(|r| r.training).unwrap();
    let one = id(the_return.id);
    let first = "(SELECT card FROM gift_card_entries ORDER BY card LIMIT 1)";
    let (a_card, an_entry) = (format!("id = {first}"), format!("card = {first}"));
    vec![
        (format!("UPDATE sale_lines SET returned = 0 WHERE sale = {sale} AND line = 1"), &[Odds::Line]),
        (format!("UPDATE sale_lines SET refunded = refunded + 1 WHERE sale = {sale} AND line = 1"), &[Odds::Line]),
        (format!("UPDATE return_lines SET quantity = 2000 WHERE return_id = {one}"), &[Odds::Line]),
        (
            format!("UPDATE sale_tenders SET refunded = refunded - 1 WHERE sale = {sale} AND refunded > 0"),
            &[Odds::Tender],
        ),
        (format!("UPDATE refunds SET amount = amount + 1 WHERE return_id = {one} AND refund = 1"), &[Odds::Tender]),
        (
            format!("UPDATE refunds SET sale = {other} WHERE return_id = {one}"),
            &[Odds::Tender, Odds::Tender, Odds::Refund],
        ),
        (format!("UPDATE sale_charges SET refunded = TRUE WHERE sale = {sale}"), &[Odds::Charge]),
        (format!("UPDATE sales SET document = document || ' ' WHERE id = {sale}"), &[Odds::Document, Odds::Document]),
        (format!("UPDATE sales SET digest = {} WHERE id = {sale}", shop.bytes(&[5; 32])), &[Odds::Document]),
        (format!("UPDATE sales SET store = 'S2' WHERE id = {sale}"), &[Odds::Log]),
        (format!("UPDATE returns SET refund = refund + 1 WHERE id = {one}"), &[Odds::Return]),
        (format!("UPDATE returns SET status = 'voided' WHERE id = {one}"), &[Odds::Line, Odds::Return]),
        (format!("UPDATE returns SET training = TRUE WHERE id = {one}"), &[Odds::Line, Odds::Tender]),
        (format!("UPDATE returns SET training = FALSE WHERE id = {}", id(practice.id)), &[Odds::Line, Odds::Tender]),
        (format!("DELETE FROM audit_entries WHERE subject_id = '{}'", sold[4].id), &[Odds::Log]),
        (format!("DELETE FROM audit_entries WHERE subject_id = '{}'", practice.id), &[Odds::Log]),
        (format!("UPDATE gift_cards SET balance = balance + 1 WHERE {a_card}"), &[Odds::Card]),
        (format!("UPDATE gift_cards SET entries = entries + 1 WHERE {a_card}"), &[Odds::Card]),
        (
            format!("UPDATE gift_card_entries SET amount = amount + 1, balance = balance + 1 WHERE {an_entry}"),
            &[Odds::Card, Odds::Card],
        ),
        (format!("DELETE FROM gift_card_entries WHERE {an_entry}"), &[Odds::Card, Odds::Card]),
        (
            format!(
                "UPDATE gift_cards SET balance = balance + 1 WHERE {a_card}; \
                 UPDATE gift_card_entries SET amount = amount + 1, balance = balance + 1 WHERE {an_entry}"
            ),
            &[Odds::Card],
        ),
        (
            format!(
                "DELETE FROM refunds WHERE return_id = {one}; DELETE FROM return_lines WHERE return_id = {one}; \
                  DELETE FROM returns WHERE id = {one}"
            ),
            &[Odds::Line, Odds::Tender, Odds::Log],
        ),
        (
            "UPDATE audit_entries SET subject_id = 'x' WHERE seq = (SELECT MAX(seq) FROM audit_entries \
             WHERE store = 'S1' AND event = 'sale.recorded') AND store = 'S1'"
                .into(),
            &[Odds::Log, Odds::Log],
        ),
    ]
}

#[test]
fn a_history_agrees_with_itself_and_every_change_past_the_service_is_told() {
    on_each_database(|database| {
        let (mut shop, sold, returned) = Shop::with_history(database, 36);
        let (done, found) = findings(&mut shop);
        assert_eq!(found, []);
        let voided = returned.iter().filter(|r| r.status == ReturnStatus::Voided).count();
        assert_eq!((done.sales, done.returns), (36, returned.len() as u64));
        assert_eq!((done.entries, voided), (36 + returned.len() as u64, 6));
        shop.keep(&TABLES);
        for (sql, odds) in changes(&shop, &sold, &returned) {
            shop.tamper(&sql);
            // What the books of money say to it is asked in ledger.rs.
            let mut found = findings(&mut shop).1;
            found.retain(|finding| finding.odds != Odds::Ledger);
            assert_eq!(found.iter().map(|f| f.odds).collect::<Vec<_>>(), odds, "{sql}: {found:#?}");
            shop.restore(&TABLES);
        }
        assert_eq!(findings(&mut shop).1, []);
    });
}
