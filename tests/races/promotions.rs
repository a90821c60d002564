//! Two items of one promotion at two registers: what is kept between them is withheld once, and
//! paid once.

use crate::goods::{back, of, sale_body, units};
use crate::instances::{Instances, at_once, counts, tally};
use crate::support::on_each_database;
use jiff::SignedDuration;
use returndesk::desk::Reply;
use returndesk::domain::directory::Seen;
use returndesk::domain::perform::{Command, Done, Outcome};
use returndesk::domain::returns::{Return, VoidReturn};
use returndesk::domain::sales::RecordSale;
use returndesk::wire::sale::NewSale;
use serde_json::json;
use uuid::Uuid;

const REPRICE: &str = r#"[{"id": "open", "when": {}, "set": {"promotion": "reprice", "fee": {"percent": "10"},
    "window": {"days": 36500, "from": "sale", "after": "refuse"}, "refund_to": {"*": ["original"]}, "approval": []}}]"#;

/// Three units for the price of two: 2.50 and 0.20 of tax for what costs 3.75, spread over three
/// lines.
fn sell(shop: &Instances<'_>) -> Uuid {
    let mut body = sale_body("R-1", &[1, 1, 1], None);
    for (line, (off, net, tax)) in
        [("0.41", "0.84", "0.07"), ("0.42", "0.83", "0.07"), ("0.42", "0.83", "0.06")]
            .iter()
            .enumerate()
    {
        let line = &mut body["lines"][line];
        line["discounts"] = json!([{ "amount": off, "promotion": "THREE" }]);
        line["net"] = json!(net);
        line["taxes"][0]["amount"] = json!(tax);
    }
    body["total"] = json!("2.70");
    body["tenders"][0]["amount"] = json!("2.70");
    let sale: NewSale = serde_json::from_value(body).unwrap();
    let sale: RecordSale =
        sale.read("2026-11-22T12:00:00Z".parse().unwrap(), SignedDuration::from_hours(1)).unwrap();
    match shop.done(Command::RecordSale(Box::new(sale))) {
        Done::SaleRecorded { sale, .. } => sale,
        other => panic!("{other:?}"),
    }
}

fn returned(reply: &Reply) -> Return {
    match reply {
        Reply::Done { outcome: Some(Outcome::Done(done)), .. } => match &**done {
            Done::Returned(recorded) => recorded.the_return.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_withheld_survives_the_database_and_is_paid_once() {
    on_each_database(|database| {
        let shop = Instances::start(database);
        shop.publish("reprice", "USD", REPRICE);
        shop.save_store("S1", "reprice", "USD", Seen::Nothing);
        let sale = sell(&shop);
        let replies =
            at_once(3, |i| shop.submit(i, back(vec![of(sale, units(i as u32 + 1, 1))]), None));
        assert_eq!(tally(&replies), counts([("recorded", 3)]));
        let mut made: Vec<Return> = replies.iter().map(returned).collect();
        let net: i64 = made.iter().flat_map(|r| &r.lines).map(|line| line.parts.net.0).sum();
        assert_eq!(net, 250, "all that was paid for three, whichever came first");
        assert_eq!(shop.prove().returns, 3);
        // The first by its lines: the last one also paid what the others had withheld.
        made.sort_by_key(|r| (r.lines.len(), r.recorded_at, r.id));
        let void = |made: &Return| {
            let command = VoidReturn { id: made.id, reason: "mistake".to_owned(), note: None };
            shop.submit(0, Command::VoidReturn(command), None)
        };
        // The refunds are on their way to the card, and can be called back: but not those before
        // the one that released.
        assert_eq!(
            tally(&[void(&made[0]), void(&made[2])]),
            counts([("return_not_voidable", 1), ("recorded", 1)])
        );
        shop.prove();
        assert_eq!(tally(&[void(&made[1]), void(&made[0])]), counts([("recorded", 2)]));
        let all = [1, 2, 3].map(|line| of(sale, units(line, 1))).to_vec();
        assert_eq!(
            returned(&shop.submit(1, back(all), None))
                .lines
                .iter()
                .map(|l| l.parts.gross.0)
                .sum::<i64>(),
            270
        );
        shop.prove();
    });
}
