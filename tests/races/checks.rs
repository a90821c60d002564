//! Checks that wait are decided together: what each is told does not depend on its company.

use crate::goods::sale_body;
use crate::http::{self, Client, Served};
use crate::instances::{Instances, at_once};
use crate::support::on_each_database;
use returndesk::domain::caller::Role;
use serde_json::{Value, json};

const CLIENTS: usize = 16;

fn check(client: &mut Client, body: &Value) -> (u16, Value) {
    let answer = client.post("/v1/returns/check", "unused", &body.to_string()).unwrap();
    let mut told = answer.json();
    for momentary in ["quote", "evaluated_at"] {
        told.as_object_mut().unwrap().remove(momentary);
    }
    (answer.status, told)
}

/// Units of a line of a sale; by its receipt, as it is presented.
fn body(receipt: &str, line: u32, units: &str, more: &Value) -> Value {
    let mut body = json!({ "store": "S1", "register": "7", "sale": { "receipt": receipt },
        "lines": [{ "sale_line": line, "quantity": units, "reason": "defective" }] });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[test]
fn a_check_among_others_says_what_it_says_alone() {
    on_each_database(|database| {
        let shop = Instances::open_for_business(database);
        let token = http::token(&shop.apps[0].service, "1042", &[Role::Cashier, Role::Register]);
        let server = Served::start(&shop.apps[0]);
        let mut client = Client::connect(server.address, &token).unwrap();
        for number in 0..6 {
            let customer = (number % 2 == 0).then(|| format!("C-{number}"));
            let sale = sale_body(&format!("R-{number}"), &[5, 1 + number], customer.as_deref());
            let recorded =
                client.post("/v1/sales", &format!("S-{number}"), &sale.to_string()).unwrap();
            assert_eq!(recorded.status, 201, "{recorded:?}");
        }
        for number in 0..3 {
            let back = body(&format!("R-{number}"), 1, "2", &json!({}));
            let recorded =
                client.post("/v1/returns", &format!("K-{number}"), &back.to_string()).unwrap();
            assert_eq!(recorded.status, 201, "{recorded:?}");
        }
        let mut bodies: Vec<Value> = Vec::new();
        for receipt in ["R-0", "R-1", "R-2", "R-3", "R-4", "R-5", "R-none"] {
            for (line, units) in [(1, "1"), (1, "5"), (2, "0.001"), (2, "9"), (3, "1")] {
                bodies.push(body(receipt, line, units, &json!({})));
            }
            bodies.push(body(
                receipt,
                1,
                "1",
                &json!({ "customer": { "id": "C-0" }, "refund_to": "store_credit" }),
            ));
        }
        bodies
            .push(json!({ "store": "S1", "register": "7", "customer": { "identification": "D1" },
            "lines": [{ "sku": "SKU-1", "quantity": "1", "reason": "gift" }] }));
        let alone: Vec<(u16, Value)> = bodies.iter().map(|body| check(&mut client, body)).collect();
        assert!(alone.iter().any(|(_, told)| told["decision"] == "refused"));
        assert!(alone.iter().any(|(_, told)| told["decision"] == "allowed"));
        at_once(CLIENTS, |place| {
            let cashier = format!("20{place:02}");
            let token = http::token(&shop.apps[0].service, &cashier, &[Role::Cashier]);
            let mut client = Client::connect(server.address, &token).unwrap();
            for turn in 0..bodies.len() {
                let which = (turn * 5 + place * 3) % bodies.len();
                assert_eq!(check(&mut client, &bodies[which]), alone[which], "{}", bodies[which]);
            }
        });
        drop(server);
        shop.prove();
    });
}
