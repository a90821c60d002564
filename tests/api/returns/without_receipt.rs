//! Goods without a receipt under the policy that a new shop has, gift receipts, and whose limits
//! they count for.

use crate::support::bodies::{back, hearts, plain};
use crate::support::caller::masked;
use crate::support::shop::Shop;
use crate::support::{TestDb, on_each_database};
use diesel::RunQueryDsl;
use returndesk::export::database::verify_database;
use returndesk::export::reconcile::reconcile;
use returndesk::store::Db;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

#[test]
fn the_value_on_a_gift_card_is_no_price() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        // Said by an attribute, by the line's gift card, and by one of ours.
        let issued =
            json!({"kind": "gift_card", "amount": "0", "currency": "USD", "store": "0042"});
        let card = shop.supervisor().post_keyed("/v1/gift-cards", "card", &issued).expect(201).body;
        let told = [
            ("/lines/0/attributes", json!({"gift_card": true})),
            ("/lines/0/gift_card", json!({"last4": "7Q2M"})),
            ("/lines/0/gift_card", json!({"id": card["id"]})),
        ];
        for (member, value) in told {
            let mut sale = plain(&shop, "0042", 1, 50, "credit_card");
            let (line, name) = member.rsplit_once('/').unwrap();
            sale.pointer_mut(line).unwrap()[name] = value;
            sale["lines"][0]["sku"] = json!("85123A");
            shop.sell(&sale);
        }
        let checked =
            shop.cashier().post("/v1/returns/check", &bare(1, Some("D1"))).expect(200).body;
        assert_eq!(codes(&checked), ["price_unknown refused"]);
    });
}

/// Units of a heart without a receipt, by somebody who shows a document.
fn bare(quantity: u32, document: Option<&str>) -> Value {
    let mut body = json!({"store": "0042", "register": "7", "lines": [{"sku": "85123A", "quantity": quantity.to_string(),
        "reason": "gift", "condition": "unopened"}]});
    if let Some(number) = document {
        body["customer"] = json!({"identification": number});
    }
    body
}

fn codes(decision: &Value) -> Vec<String> {
    let of_lines = decision["lines"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|line| line["findings"].as_array().unwrap());
    let all = of_lines.chain(decision["findings"].as_array().unwrap());
    all.map(|finding| {
        format!("{} {}", finding["code"].as_str().unwrap(), finding["outcome"].as_str().unwrap())
    })
    .collect()
}

#[test]
fn the_lowest_price_goes_to_store_credit() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        shop.sell(&hearts(&shop));
        shop.move_days(3);
        let checked =
            shop.cashier().post("/v1/returns/check", &bare(1, Some("D 123-4567"))).expect(200);
        let finding = json!({"code": "receipt_missing", "rule": "no-receipt", "outcome": "allowed",
            "detail": "Without a receipt: the lowest price of the last 90 days, 12.25 with taxes on 2026-03-11, is given."});
        let mut expected = json!({"decision": "allowed", "policy": {"name": "standard", "version": 1},
            "evaluated_at": "2026-03-14T15:00:00Z", "currency": "USD", "charges": [], "findings": [],
            "approvals_needed": [], "alternatives": [], "quote": "<token>",
            "lines": [{"index": 0, "sale": null, "sale_line": null, "sku": "85123A", "quantity": "1",
                "returnable_quantity": "1", "reason": "gift", "condition": "unopened", "disposition": "undecided",
                "serial_number": null, "policy_version": 1, "decision": "allowed", "net": "11.25",
                "taxes": [{"code": "NY", "amount": "1.00"}], "fee": "0.00", "refund": "12.25", "findings": [finding]}],
            "totals": {"returned": "12.25", "fees": "0.00", "exchanged": "0.00", "refund": "12.25", "due": "0.00"},
            "refunds": [{"refund": 1, "type": "store_credit", "sale": null, "sale_tender": null, "reference": null,
                "amount": "12.25", "rounding": "0.00", "status": "due"}]});
        assert_eq!(checked.masked(), expected);
        let mut recorded = shop
            .cashier()
            .post_keyed("/v1/returns", "k1", &bare(1, Some("d1234567")))
            .expect(201)
            .body;
        issued(&mut recorded);
        expected.as_object_mut().unwrap().remove("quote");
        expected["refunds"][0]["status"] = json!("settled");
        expected["refunds"][0]["settled_at"] = json!("2026-03-14T15:00:00Z");
        let head = json!({"id": "<id>", "return_number": recorded["return_number"], "status": "completed",
            "store": "0042", "register": "7", "operator": "1042", "customer": null, "business_date": "2026-03-14",
            "recorded_at": "2026-03-14T15:00:00Z", "training": false});
        expected.as_object_mut().unwrap().extend(head.as_object().unwrap().clone());
        assert_eq!(masked(&recorded), expected);
        let path = format!("/v1/returns/{}", recorded["id"].as_str().unwrap());
        let mut shown = shop.cashier().get(&path).expect(200).body;
        shown["refunds"][0].as_object_mut().unwrap().remove("card");
        assert_eq!(shown, recorded);
        let entry = shop.logged("return.recorded").remove(0);
        let told = json!([{"line": 1, "sku": "85123A", "quantity": "1", "gross": "12.25", "fee": "0.00",
            "refund": "12.25", "price_sale": "<id>", "price_sale_line": 1}]);
        assert_eq!(
            (masked(&entry["data"]["without_receipt"]), &entry["data"]["identified"]),
            (told, &json!(true))
        );
        let everything = format!("{recorded}{entry}").to_uppercase();
        assert!(
            !everything.contains("1234567") && !everything.contains("123-4567"),
            "{everything}"
        );
        assert_eq!(stored_hashes(db), 1);
        let refused =
            shop.cashier().post_keyed(&format!("{path}/void"), "v", &json!({"reason": "mistake"}));
        assert_eq!(refused.status, 403, "a cashier voids nothing");
        let voided = shop
            .manager()
            .post_keyed(&format!("{path}/void"), "v", &json!({"reason": "mistake"}))
            .expect(200);
        assert_eq!(
            (&voided.body["status"], &voided.body["refunds"][0]["status"]),
            (&json!("voided"), &json!("voided"))
        );
        proven(db);
    });
}

/// Takes the card out that a refund of 12.25 was paid on: its code, which differs from run to run,
/// is told this once.
fn issued(recorded: &mut Value) {
    let card = recorded["refunds"][0].as_object_mut().unwrap().remove("card").unwrap();
    assert_eq!(card["balance"], "12.25");
    assert!(card["code"].as_str().unwrap().ends_with(card["last4"].as_str().unwrap()));
}

/// The log verifies, and books, returns and log agree.
fn proven(db: &TestDb) {
    let mut connection = db.open().connect_reader().unwrap();
    let mut found = Vec::new();
    Db::read(&mut connection, |read| {
        verify_database(read, None).unwrap_or_else(|fault| panic!("{fault}"));
        reconcile(read, |finding| found.push(finding.to_string()))
    })
    .unwrap();
    assert_eq!(found, Vec::<String>::new());
}

/// Returns that have the hash of a document, which is no plain digest of its number.
fn stored_hashes(db: &TestDb) -> i64 {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Binary>)]
        id_hash: Option<Vec<u8>>,
    }
    let rows: Vec<Row> =
        diesel::sql_query("SELECT id_hash FROM returns").load(&mut db.connect()).unwrap();
    let hashes: Vec<Vec<u8>> = rows.into_iter().filter_map(|row| row.id_hash).collect();
    for plain in ["D1234567", "d1234567", "D 123-4567"] {
        assert!(hashes.iter().all(|hash| hash[..] != Sha256::digest(plain)[..]));
    }
    hashes.len() as i64
}

#[test]
fn who_shows_no_document_gets_nothing() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        shop.sell(&hearts(&shop));
        let refused = shop.cashier().post_keyed("/v1/returns", "k1", &bare(1, None));
        let refused = refused.expect_problem(422, "return_refused");
        assert_eq!(
            codes(&refused.body["decision"]),
            ["id_required refused", "receipt_missing allowed"]
        );
        let faults =
            shop.cashier().post("/v1/returns/check", &bare(1, Some(" -. "))).expect(422).faults();
        assert_eq!(faults, [("/customer/identification".to_owned(), "invalid_value".to_owned())]);
        let mut unknown = bare(1, Some("D1"));
        unknown["lines"][0]["sku"] = json!("NEVER");
        let decided = shop.cashier().post("/v1/returns/check", &unknown).expect(200).body;
        assert_eq!(codes(&decided), ["price_unknown refused"]);
    });
}

#[test]
fn the_limit_counts_one_person_however_the_number_is_written() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        shop.sell(&hearts(&shop));
        for number in ["D123-4567", "d1234567", "D 1234567"] {
            shop.bring_back(&bare(1, Some(number)));
        }
        let needed = shop.cashier().post_keyed("/v1/returns", "k4", &bare(1, Some("D123-4567")));
        let needed = needed.expect_problem(403, "approval_required");
        let finding = &needed.body["decision"]["findings"][0];
        let told = "With this one the customer has made 4 returns without receipt, 49.00 in all, within 90 days; the limit \
                    is 3 returns or 150.00.";
        assert_eq!(
            (&finding["code"], &finding["detail"]),
            (&json!("velocity_exceeded"), &json!(told))
        );
        let body = json!({"return": bare(1, Some("D123-4567")), "reason": "goodwill"});
        let token = shop.manager().post("/v1/overrides", &body).expect(201).body["token"].clone();
        let mut approved = bare(1, Some("D123-4567"));
        approved["approvals"] = json!([token]);
        shop.cashier().post_keyed("/v1/returns", "k5", &approved).expect(201);
        shop.bring_back(&bare(1, Some("D999")));
        proven(db);
    });
}

#[test]
fn a_sale_a_moment_ago_sets_the_price_in_every_store_of_the_country() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let price = |sku: &str| {
            let mut body = bare(1, Some("D1"));
            body["lines"][0]["sku"] = json!(sku);
            let decided = shop.cashier().post("/v1/returns/check", &body).expect(200).body;
            decided["totals"]["refund"].as_str().unwrap().to_owned()
        };
        assert_eq!(price("MUG-1"), "0.00");
        for (store, units, each, lowest) in [
            ("0042", 1, 9, "9.00"),
            ("0043", 2, 7, "7.00"),
            ("0042", 1, 8, "7.00"),
            ("0044", 1, 2, "7.00"),
        ] {
            shop.sell(&plain(&shop, store, units, each, "cash"));
            assert_eq!(
                price("MUG-1"),
                lowest,
                "after {each}.00 in {store}; pounds are another market"
            );
        }
        shop.move_days(90);
        assert_eq!(price("MUG-1"), "7.00");
        shop.move_days(1);
        assert_eq!(price("MUG-1"), "0.00");
    });
}

#[test]
fn a_gift_goes_to_store_credit_and_hides_its_price_and_its_giver() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = hearts(&shop);
        shop.sell(&sale);
        let mut gift = back(&sale, 1, 1);
        gift["sale"]["gift_receipt"] = json!(true);
        let mut recorded = shop.bring_back(&gift);
        issued(&mut recorded);
        let refund = json!([{"refund": 1, "type": "store_credit", "sale": "<id>", "sale_tender": 1, "reference": null,
            "amount": "12.25", "rounding": "0.00", "status": "settled", "settled_at": "2026-03-11T15:00:00Z"}]);
        assert_eq!(masked(&recorded["refunds"]), refund);
        let line = &recorded["lines"][0];
        let marks = [
            &recorded["gift_receipt"],
            &recorded["price_hidden"],
            &line["gift_receipt"],
            &line["price_hidden"],
        ];
        assert_eq!(marks, [&json!(true); 4]);
        assert!(!recorded.to_string().contains("C-77") && !recorded.to_string().contains("tok_9f"));
        let entry = shop.logged("return.recorded").remove(0);
        assert_eq!(
            (&entry["data"]["customer_sha256"], &entry["data"]["gift_receipts"]),
            (&Value::Null, &json!([recorded["lines"][0]["sale"]]))
        );
        // It used up the giver's tender: of 24.50, 20.00 were by card.
        let normal = shop.bring_back(&back(&sale, 1, 1));
        let paid: Vec<(&Value, &Value)> = normal["refunds"]
            .as_array()
            .unwrap()
            .iter()
            .map(|refund| (&refund["type"], &refund["amount"]))
            .collect();
        assert_eq!(
            paid,
            [(&json!("credit_card"), &json!("7.75")), (&json!("cash"), &json!("4.50"))]
        );
        proven(db);
    });
}

#[test]
fn cash_for_a_gift_takes_an_approval() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = hearts(&shop);
        shop.sell(&sale);
        let mut gift = back(&sale, 1, 1);
        gift["sale"]["gift_receipt"] = json!(true);
        gift["refund_to"] = json!("cash");
        let needed = shop
            .cashier()
            .post_keyed("/v1/returns", "k1", &gift)
            .expect_problem(403, "approval_required");
        assert_eq!(codes(&needed.body["decision"]), ["tender_not_allowed needs_approval"]);
        let detail = &needed.body["decision"]["findings"][0]["detail"];
        assert_eq!(detail, "With a gift receipt the money goes to store credit, not to cash.");
        let body = json!({"return": gift, "reason": "goodwill"});
        let token = shop.manager().post("/v1/overrides", &body).expect(201).body["token"].clone();
        gift["approvals"] = json!([token]);
        let recorded = shop.cashier().post_keyed("/v1/returns", "k2", &gift).expect(201).body;
        assert_eq!(
            (&recorded["refunds"][0]["type"], &recorded["refunds"][0]["amount"]),
            (&json!("cash"), &json!("12.25"))
        );
    });
}
