//! A manager's word for one return, spent on another.

use crate::support::bodies::{back, hearts, plain};
use crate::support::on_each_database;
use crate::support::shop::Shop;
use serde_json::{Value, json};

/// A change of the body between approval and record, and its name.
type Row = (&'static str, fn(&mut Value));

/// What the register sends after the manager saw `back(sale, 1, 1)` of a late sale.
const OTHERS: [Row; 15] = [
    ("another line", |body| body["lines"][0]["sale_line"] = json!(2)),
    ("more units", |body| body["lines"][0]["quantity"] = json!("2")),
    ("fewer units", |body| body["lines"][0]["quantity"] = json!("0.5")),
    ("money back while the goods stay", |body| {
        body["lines"][0].as_object_mut().unwrap().remove("quantity");
        body["lines"][0]["amount"] = json!("12.00");
    }),
    ("another reason", |body| body["lines"][0]["reason"] = json!("wrong_size")),
    ("another condition", |body| body["lines"][0]["condition"] = json!("used")),
    ("a charge with it", |body| body["charges"] = json!([{"charge": 1}])),
    ("store credit", |body| body["refund_to"] = json!("store_credit")),
    ("cash", |body| body["refund_to"] = json!("cash")),
    ("a card that cannot be paid back", |body| body["unavailable_tenders"] = json!([1])),
    ("another customer", |body| body["customer"] = json!({"id": "C-1"})),
    ("an identity document", |body| {
        body["customer"] = json!({"identification": "L01X00T47"});
    }),
    ("another register", |body| body["register"] = json!("8")),
    ("training", |body| body["training"] = json!(true)),
    ("another day", |body| body["business_date"] = json!("2026-04-20")),
];

/// Two lines of the same article and price, and a charge.
fn two_lines(shop: &Shop) -> Value {
    let mut sale = plain(shop, "0042", 2, 12, "credit_card");
    let mut second = sale["lines"][0].clone();
    second["line"] = json!(2);
    sale["lines"].as_array_mut().unwrap().push(second);
    sale["charges"] = json!([{"charge": 1, "type": "shipping", "amount": "5.00", "taxes": [],
        "refundable": true}]);
    sale["tenders"] = json!([{"tender": 1, "type": "credit_card", "amount": "53.00",
        "reference": "tok_1", "card": {"brand": "visa", "last4": "4242", "fingerprint": "fp_1"}}]);
    sale["total"] = json!("53.00");
    sale
}

fn asked(of: &Value) -> Value {
    json!({"return": of, "reason": "goodwill"})
}

fn with_token(body: &Value, issued: &Value) -> Value {
    let mut body = body.clone();
    body["approvals"] = json!([issued["token"]]);
    body
}

#[test]
fn an_override_is_for_the_return_that_the_manager_saw() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = two_lines(&shop);
        shop.sell(&sale);
        shop.move_days(41);
        let seen = back(&sale, 1, 1);
        let issued = shop.manager().post("/v1/overrides", &asked(&seen)).expect(201).body;
        for (name, change) in OTHERS {
            let mut other = with_token(&seen, &issued);
            change(&mut other);
            let answer = shop.cashier().post_keyed("/v1/returns", name, &other);
            assert_eq!(
                (answer.status, answer.code()),
                (422, "override_mismatch"),
                "{name}: {answer}"
            );
        }
        let refused = shop.logged("override.refused");
        assert_eq!(refused.len(), OTHERS.len());
        assert!(refused.iter().all(|entry| entry["data"]["code"] == "override_mismatch"));
        assert_eq!(shop.logged("return.recorded").len(), 0);
        shop.cashier()
            .post_keyed("/v1/returns", "as seen", &with_token(&seen, &issued))
            .expect(201);
    });
}

#[test]
fn an_approved_exchange_is_no_approved_refund_however_it_is_paid() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = plain(&shop, "0042", 2, 40, "cash");
        shop.sell(&sale);
        shop.move_days(41);
        let goods = json!([{"sku": "LAMP", "quantity": "1", "unit_price": "45.00", "net": "45.00",
            "taxes": []}]);
        let mut exchange = back(&sale, 1, 1);
        exchange["exchange"] = json!({"lines": goods});
        let issued = shop.manager().post("/v1/overrides", &asked(&exchange)).expect(201).body;
        let money = with_token(&back(&sale, 1, 1), &issued);
        shop.cashier()
            .post_keyed("/v1/returns", "money", &money)
            .expect_problem(422, "override_mismatch");
        // How the difference is paid is known later than what is approved.
        let mut paid = with_token(&exchange, &issued);
        paid["exchange"]["tenders"] = json!([{"tender": 1, "type": "cash", "amount": "5.00"}]);
        shop.cashier().post_keyed("/v1/returns", "goods", &paid).expect(201);
    });
}

#[test]
fn an_override_of_a_sale_pays_for_no_goods_without_a_receipt_nor_for_another_document() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = plain(&shop, "0042", 20, 10, "cash");
        shop.sell(&sale);
        let none = |document: &str| {
            json!({"store": "0042", "register": "7", "refund_to": "store_credit",
                "customer": {"identification": document},
                "lines": [{"sku": sale["lines"][0]["sku"], "quantity": "16",
                    "reason": "changed_mind", "condition": "opened"}]})
        };
        shop.move_days(41);
        let of_sale =
            shop.manager().post("/v1/overrides", &asked(&back(&sale, 1, 1))).expect(201).body;
        shop.cashier()
            .post_keyed("/v1/returns", "none", &with_token(&none("L01X00T47"), &of_sale))
            .expect_problem(422, "override_mismatch");
        let opened = shop.manager().post("/v1/overrides", &asked(&none("L01X00T47")));
        let opened = opened.expect(201).body;
        shop.cashier()
            .post_keyed("/v1/returns", "other", &with_token(&none("L02X00T48"), &opened))
            .expect_problem(422, "override_mismatch");
        // The same document, typed another way, is the same person.
        shop.cashier()
            .post_keyed("/v1/returns", "same", &with_token(&none("l01x-00t47"), &opened))
            .expect(201);
    });
}

#[test]
fn an_override_is_for_the_cashier_who_asked() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = hearts(&shop);
        shop.sell(&sale);
        shop.move_days(41);
        let manager = json!({"name": "M", "roles": ["manager"], "stores": ["0042"],
            "pin": "493817"});
        shop.admin().put("/v1/operators/2001", &manager).expect(201);
        let seen = back(&sale, 1, 1);
        let mut at_register = asked(&seen);
        at_register["approver"] = json!({"operator": "2001", "pin": "493817"});
        let mut alone = asked(&seen);
        alone["operator"] = json!("1042");
        let issued = [
            shop.cashier().post("/v1/overrides", &at_register).expect(201).body,
            shop.caller("2002", returndesk::domain::caller::Role::Manager)
                .post("/v1/overrides", &alone)
                .expect(201)
                .body,
        ];
        let other = shop.caller("1043", returndesk::domain::caller::Role::Cashier);
        for (key, issued) in ["at the register", "alone"].iter().zip(&issued) {
            other
                .post_keyed("/v1/returns", key, &with_token(&seen, issued))
                .expect_problem(422, "override_mismatch");
        }
        at_register["operator"] = json!("1043");
        let named = shop.cashier().post("/v1/overrides", &at_register);
        let faults = named.expect_problem(422, "invalid_value").faults();
        assert_eq!(faults, [("/operator".to_owned(), "invalid_value".to_owned())]);
        shop.cashier().post_keyed("/v1/returns", "own", &with_token(&seen, &issued[0])).expect(201);
    });
}
