//! Many returns of one sale: never more than was sold, and nobody waits in a ring.

use crate::goods::{back, of, sale, sale_body, units};
use crate::held::{batches, no_deadlocks};
use crate::http::{Client, Served, token};
use crate::instances::{Instances, OPEN_POLICY, at_once, counts, tally};
use crate::support::on_each_database;
use jiff::SignedDuration;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use returndesk::desk::Reply;
use returndesk::domain::caller::Role;
use returndesk::domain::perform::{Command, Done, Outcome};
use returndesk::domain::returns::Return;
use returndesk::domain::sales::{RecordSale, VoidSale};
use returndesk::wire::sale::NewSale;
use serde_json::json;
use std::collections::BTreeMap;

#[test]
fn of_a_hundred_returns_of_one_unit_one_succeeds() {
    on_each_database(|database| {
        let shop = Instances::open_for_business(database);
        let sale = shop.sell("R-1", &[1]);
        let replies = at_once(100, |i| shop.submit(i, back(vec![of(sale, units(1, 1))]), None));
        assert_eq!(tally(&replies), counts([("recorded", 1), ("already_returned", 99)]));
        let proven = shop.prove();
        assert_eq!((proven.sales, proven.returns), (1, 1));
    });
}

#[test]
fn over_http_too() {
    on_each_database(|database| {
        let shop = Instances::open_for_business(database);
        shop.sell("R-1", &[1]);
        let servers: Vec<Served> = shop.apps.iter().map(Served::start).collect();
        let token = token(&shop.apps[0].service, "1042", &[Role::Cashier]);
        let body = json!({ "store": "S1", "register": "7", "sale": { "receipt": "R-1" }, "refund_to": "original",
                           "lines": [{ "sale_line": 1, "quantity": "1", "reason": "defective" }] });
        let answers = at_once(100, |i| {
            let mut client = Client::connect(servers[i % servers.len()].address, &token).unwrap();
            client.post("/v1/returns", &format!("till-{i}"), &body.to_string()).unwrap()
        });
        let mut told: BTreeMap<String, usize> = BTreeMap::new();
        for answer in &answers {
            let body = answer.json();
            let code = body["code"].as_str().unwrap_or("recorded");
            let finding = body["decision"]["lines"][0]["findings"][0]["code"].as_str();
            let finding = finding.filter(|_| answer.status != 201).unwrap_or_default();
            *told.entry(format!("{} {code} {finding}", answer.status)).or_default() += 1;
        }
        assert_eq!(
            told,
            counts([("201 recorded ", 1), ("422 return_refused already_returned", 99)])
        );
        assert_eq!(shop.prove().returns, 1);
    });
}

#[test]
fn quantities_at_random_never_add_up_to_more_than_was_sold() {
    on_each_database(|database| {
        let shop = Instances::open_for_business(database);
        let sold = [40, 25, 7];
        let sale = shop.sell("R-1", &sold);
        let per_thread = at_once(12, |i| {
            let mut random = StdRng::seed_from_u64(i as u64);
            let attempt = |n: usize| {
                let line = random.gen_range(1..=3);
                shop.submit(i + n, back(vec![of(sale, units(line, random.gen_range(1..=5)))]), None)
            };
            (0..15).map(attempt).collect::<Vec<Reply>>()
        });
        let recorded: Vec<Return> =
            per_thread.into_iter().flatten().filter_map(|reply| recorded(&reply)).collect();
        let back = |number: u32| -> i64 {
            recorded
                .iter()
                .flat_map(|r| &r.lines)
                .filter(|l| l.sale_line == number)
                .map(|l| l.quantity.0 / 1000)
                .sum()
        };
        // 180 attempts of 3 units on average: the lines run out, to the last unit where a single
        // one was asked for.
        for (number, sold) in (1..).zip(sold) {
            let (back, refunded) = (back(number), refunded(&recorded, number));
            assert!(back <= sold && back > sold - 5, "{back} of {sold} on line {number}");
            assert_eq!(refunded, back * 135, "line {number}");
        }
        assert_eq!(shop.prove().returns, recorded.len() as u64);
    });
}

#[test]
fn two_sales_in_opposite_order_never_block_each_other() {
    on_each_database(|database| {
        let shop = Instances::open_for_business(database);
        let (one, other) = (shop.sell("R-1", &[200]), shop.sell("R-2", &[200]));
        let back_and_forth = |i: usize| {
            let lines = |first, second| vec![of(first, units(1, 1)), of(second, units(1, 1))];
            let order = |n: usize| {
                if (i + n).is_multiple_of(2) { lines(one, other) } else { lines(other, one) }
            };
            (0..20).map(|n| shop.submit(i, back(order(n)), None)).collect::<Vec<_>>()
        };
        let replies = at_once(10, back_and_forth);
        assert_eq!(tally(replies.iter().flatten()), counts([("recorded", 200)]));
        shop.prove();
        no_deadlocks(shop);
    });
}

/// A till's backlog sent to two instances, once forwards and once backwards.
#[test]
fn the_same_sales_in_opposite_order_are_recorded_once() {
    on_each_database(|database| {
        let shop = Instances::with(database, 2, |config| config.desk.writers = 1);
        shop.set_up("open", "USD", OPEN_POLICY);
        for round in 0..5 {
            let one = |n: i32| {
                Command::RecordSale(Box::new(sale(&format!("R-{round}-{n}"), &[1, 2, 3], None)))
            };
            let forwards = (0..250).map(|n| (one(n), None)).collect();
            let backwards = (0..250).rev().map(|n| (one(n), None)).collect();
            let replies =
                batches(&shop, vec![forwards, backwards]).into_iter().flatten().collect::<Vec<_>>();
            assert_eq!(tally(&replies), counts([("recorded", 500)]));
            let new = |reply: &&Reply| {
                matches!(done(reply), Some(Done::SaleRecorded { known_before: false, .. }))
            };
            assert_eq!(replies.iter().filter(new).count(), 250);
        }
        assert_eq!(shop.prove().sales, 5 * 250);
        no_deadlocks(shop);
    });
}

fn done(reply: &Reply) -> Option<&Done> {
    match reply {
        Reply::Done { outcome: Some(Outcome::Done(done)), .. } => Some(done),
        _ => None,
    }
}

fn recorded(reply: &Reply) -> Option<Return> {
    match done(reply) {
        Some(Done::Returned(recorded)) => Some(recorded.the_return.clone()),
        _ => None,
    }
}

/// What went back on a line of the sale, in minor units.
fn refunded(returns: &[Return], number: u32) -> i64 {
    let of_line = returns.iter().flat_map(|r| &r.lines).filter(|line| line.sale_line == number);
    of_line.map(|line| line.parts.gross.0 - line.fee.0).sum()
}

/// A sale rung up today, so that it can be voided.
fn of_today(receipt: &str) -> RecordSale {
    let now = jiff::Timestamp::now();
    let london = now.to_zoned(jiff::tz::TimeZone::get("Europe/London").unwrap());
    let mut body = sale_body(receipt, &[1], None);
    body["business_date"] = json!(london.date().to_string());
    body["sold_at"] = json!(now.to_string());
    let sale: NewSale = serde_json::from_value(body).unwrap();
    sale.read(now, SignedDuration::from_hours(1)).unwrap()
}

#[test]
fn of_a_void_and_a_return_of_one_sale_one_succeeds() {
    on_each_database(|database| {
        let shop = Instances::open_for_business(database);
        let mut won = BTreeMap::new();
        for round in 0..20 {
            let rung = Command::RecordSale(Box::new(of_today(&format!("R-{round}"))));
            let Done::SaleRecorded { sale, .. } = shop.done(rung) else { panic!() };
            let replies = at_once(4, |i| {
                let void = VoidSale { id: sale, reason: "mistake".to_owned(), note: None };
                let command = match i {
                    0 => Command::VoidSale(void),
                    _ => back(vec![of(sale, units(1, 1))]),
                };
                shop.submit(i + round, command, None)
            });
            let told = tally(&replies);
            let voided = matches!(&replies[0], Reply::Done { outcome: Some(Outcome::Done(_)), .. });
            let expected = match voided {
                true => counts([("recorded", 1), ("not_returnable", 3)]),
                false => {
                    counts([("recorded", 1), ("already_returned", 2), ("sale_not_voidable", 1)])
                }
            };
            assert_eq!(told, expected);
            *won.entry(voided).or_insert(0) += 1;
        }
        assert_eq!(shop.prove().sales, 20, "{won:?}");
    });
}

#[test]
fn a_voided_receipt_is_rung_up_again_once() {
    on_each_database(|database| {
        let shop = Instances::open_for_business(database);
        let Done::SaleRecorded { sale, .. } =
            shop.done(Command::RecordSale(Box::new(of_today("R-1"))))
        else {
            panic!()
        };
        let void = VoidSale { id: sale, reason: "mistake".to_owned(), note: None };
        shop.done(Command::VoidSale(void));
        let replies = at_once(8, |i| {
            let mut other = sale_body("R-1", &[1], Some(&format!("C-{i}")));
            let known = of_today("R-1");
            other["business_date"] = json!(known.sale.business_date.to_string());
            other["sold_at"] = json!(known.sale.sold_at.to_string());
            let other: NewSale = serde_json::from_value(other).unwrap();
            let other = other.read(jiff::Timestamp::now(), SignedDuration::from_hours(1)).unwrap();
            shop.submit(i, Command::RecordSale(Box::new(other)), None)
        });
        assert_eq!(tally(&replies), counts([("recorded", 1), ("receipt_exists", 7)]));
        shop.prove();
    });
}
