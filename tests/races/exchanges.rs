//! Exchanges that meet returns, each other and voids, from several instances.

use crate::goods::{draft, of, record, sale_body, units};
use crate::instances::{Instances, at_once, counts, tally};
use crate::support::on_each_database;
use returndesk::desk::Reply;
use returndesk::domain::draft::{Draft, ExchangeDraft, ExchangeLine};
use returndesk::domain::perform::{Command, Done, Outcome};
use returndesk::domain::returns::{Return, VoidReturn};
use returndesk::domain::sale::Sale;
use std::collections::BTreeMap;
use uuid::Uuid;

/// One unit of line 1 of a sale for another of its kind.
fn exchanged(sale: Uuid, receipt: Option<&str>) -> Draft {
    let like: Sale =
        returndesk::wire::sale::read_document(&sale_body("X", &[1], None).to_string(), sale)
            .unwrap();
    let line = ExchangeLine {
        line: like.lines[0].clone(),
        attributes: BTreeMap::new(),
        exchanged_for: Some(0),
        priced: false,
    };
    let exchange = ExchangeDraft {
        lines: vec![line],
        discounts: vec![],
        taxes: Vec::new(),
        charges: Vec::new(),
        tenders: vec![],
        receipt: receipt.map(str::to_owned),
        prices_include_tax: None,
        cash_rounding: None,
    };
    Draft { exchange: Some(exchange), ..draft(vec![of(sale, units(1, 1))]) }
}

fn made(reply: &Reply) -> Option<Return> {
    match reply {
        Reply::Done { outcome: Some(Outcome::Done(done)), .. } => match &**done {
            Done::Returned(recorded) => Some(recorded.the_return.clone()),
            _ => None,
        },
        _ => None,
    }
}

#[test]
fn of_many_exchanges_and_returns_of_one_unit_one_succeeds() {
    on_each_database(|database| {
        let shop = Instances::open_for_business(database);
        let sale = shop.sell("R-1", &[1]);
        let ask = |i: usize| match i % 2 {
            0 => record(exchanged(sale, None)),
            _ => record(draft(vec![of(sale, units(1, 1))])),
        };
        let replies = at_once(60, |i| shop.submit(i, ask(i), None));
        assert_eq!(tally(&replies), counts([("recorded", 1), ("already_returned", 59)]));
        shop.prove();
    });
}

#[test]
fn one_receipt_is_given_to_one_exchange() {
    on_each_database(|database| {
        let shop = Instances::open_for_business(database);
        let sale = shop.sell("R-1", &[40]);
        let replies = at_once(30, |i| shop.submit(i, record(exchanged(sale, Some("X-1"))), None));
        assert_eq!(tally(&replies), counts([("recorded", 1), ("receipt_exists", 29)]));
        assert_eq!(shop.prove().sales, 2);
    });
}

#[test]
fn new_goods_come_back_or_are_taken_back_but_not_both() {
    on_each_database(|database| {
        let shop = Instances::open_for_business(database);
        let sale = shop.sell("R-1", &[20]);
        for round in 0..20 {
            let one = made(&shop.submit(round, record(exchanged(sale, None)), None)).unwrap();
            let new = one.exchange.as_ref().unwrap().sale;
            let replies = at_once(8, |i| match i % 2 {
                0 => shop.submit(i, record(draft(vec![of(new, units(1, 1))])), None),
                _ => {
                    let void = VoidReturn { id: one.id, reason: "mistake".to_owned(), note: None };
                    shop.submit(i, Command::VoidReturn(void), None)
                }
            });
            let done = replies
                .iter()
                .filter(|r| matches!(r, Reply::Done { outcome: Some(Outcome::Done(_)), .. }));
            assert_eq!(done.count(), 1, "{:?}", tally(&replies));
        }
        shop.prove();
    });
}
