//! Charges in parts, and charges of exchanges.

use super::{body, card, in_order, record, refunds, sale, units, void};
use crate::support::on_each_database;
use crate::support::shop::Shop;
use serde_json::{Value, json};

/// 30.00 of goods, and shipping of 10.00 with 1.50 of tax, by card.
fn shipped(shop: &Shop) -> Value {
    let mut made = sale(shop, ("0042", "USD"), &[(1, "30.00")], json!([card(1, "41.50")]));
    made["total"] = json!("41.50");
    made["charges"] = json!([{"charge": 1, "type": "shipping", "amount": "10.00",
        "taxes": [{"code": "T", "amount": "1.50"}], "refundable": true}]);
    shop.sell(&made)
}

fn charge(sale: &Value, amount: Option<&str>) -> Value {
    let mut back = body("0042", sale, json!([]));
    back["charges"] = json!([{"charge": 1}]);
    if let Some(amount) = amount {
        back["charges"][0]["amount"] = json!(amount);
    }
    back
}

/// What a charge gives back: amount, tax, refund, and the codes of its findings.
fn given(answer: &Value) -> Value {
    let charge = &answer["charges"][0];
    let codes: Vec<&Value> =
        charge["findings"].as_array().unwrap().iter().map(|f| &f["code"]).collect();
    json!([charge["amount"], charge["taxes"][0]["amount"], charge["refund"], codes])
}

/// Case B15: shipping of 11.50 comes back in parts of 4.50 and 7.00, each with its share of tax.
#[test]
fn a_charge_comes_back_in_parts() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sold = shipped(&shop);
        let path = format!("/v1/sales/{}", sold["id"].as_str().unwrap());
        let state = |shop: &Shop| {
            let charge = shop.auditor().get(&path).expect(200).body["charges"][0].clone();
            json!([charge["refunded"], charge["refunded_amount"]])
        };
        let checked = shop.cashier().post("/v1/returns/check", &charge(&sold, Some("4.50")));
        assert_eq!(given(&checked.expect(200).body), json!(["3.91", "0.59", "4.50", []]));
        let first = record(&shop, &charge(&sold, Some("4.50"))).expect(201).body;
        assert_eq!(
            (&first["totals"]["refund"], state(&shop)),
            (&json!("4.50"), json!([false, "4.50"]))
        );
        let too_much = shop.cashier().post("/v1/returns/check", &charge(&sold, Some("7.01")));
        let too_much = too_much.expect(200).body;
        assert_eq!(given(&too_much), json!(["0.00", "0.00", "0.00", ["price_above_paid"]]));
        assert_eq!(
            too_much["charges"][0]["findings"][0]["detail"],
            "Only 7.00 of the shipping charge can still be refunded, not 7.01."
        );
        in_order(&shop);
        let rest = record(&shop, &charge(&sold, Some("7.00"))).expect(201).body;
        assert_eq!(given(&rest), json!(["6.09", "0.91", "7.00", []]));
        assert_eq!(state(&shop), json!([true, "11.50"]));
        // A refunded charge has neither an amount nor a tax left.
        let again = shop.cashier().post("/v1/returns/check", &charge(&sold, None)).expect(200).body;
        assert_eq!(given(&again), json!(["0.00", "0.00", "0.00", ["already_returned"]]));
        in_order(&shop);
        void(&shop, &first).expect(200);
        assert_eq!(state(&shop), json!([false, "7.00"]));
        let whole = record(&shop, &charge(&sold, None)).expect(201).body;
        assert_eq!(given(&whole), json!(["3.91", "0.59", "4.50", []]));
        in_order(&shop);
        let entry = &shop.logged("return.recorded")[0]["data"];
        assert_eq!(
            entry["decision"]["charges"][0]["taxes"],
            json!([{"code": "T", "amount": "0.59"}])
        );
        assert_eq!(
            entry["ledger"]["amounts"],
            json!({"charges_returned": "3.91", "tax_returned": "0.59",
            "refunds_payable": "-4.50"})
        );
    });
}

#[test]
fn a_part_of_a_charge_is_an_amount() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sold = shipped(&shop);
        for amount in ["0.00", "-1.00", "1.005"] {
            let refused = shop.cashier().post("/v1/returns/check", &charge(&sold, Some(amount)));
            assert_eq!(refused.status, 422, "{refused}");
            assert_eq!(refused.body["errors"][0]["pointer"], "/charges/0/amount");
        }
    });
}

/// Case C18: the shipping of a swap is a charge among the new goods, and part of what is due.
#[test]
fn an_exchange_has_charges() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let mut made = sale(&shop, ("0042", "USD"), &[(1, "50.00")], json!([card(1, "50.00")]));
        made["total"] = json!("50.00");
        let sold = shop.sell(&made);
        let mut swap = body("0042", &sold, json!([units(1, 1)]));
        swap["exchange"] = json!({"lines": [{"sku": "B", "quantity": "1", "exchanged_for": 0}],
            "charges": [{"charge": 1, "type": "shipping", "amount": "9.00", "refundable": true,
                "taxes": [{"code": "T", "amount": "0.90"}]}]});
        let checked = shop.cashier().post("/v1/returns/check", &swap).expect(200).body;
        assert_eq!(
            checked["totals"],
            json!({"returned": "50.00", "fees": "0.00", "exchanged": "59.90",
            "refund": "0.00", "due": "9.90"})
        );
        swap["exchange"]["tenders"] = json!([{"tender": 1, "type": "cash", "amount": "9.90"}]);
        let recorded = record(&shop, &swap).expect(201).body;
        assert_eq!(
            recorded["exchange"]["charges"],
            json!([{"charge": 1, "type": "shipping",
            "amount": "9.00", "taxes": [{"code": "T", "amount": "0.90"}], "refundable": true}])
        );
        assert_eq!(recorded["exchange"]["total"], "59.90");
        let amounts = &shop.logged("exchange.recorded")[0]["data"]["ledger"]["amounts"];
        assert_eq!(
            amounts,
            &json!({"returns": "50.00", "sales": "-50.00", "charges": "-9.00",
            "tax": "-0.90", "cash": "9.90"})
        );
        in_order(&shop);
        // It is a charge of the new sale like any other.
        let mut new =
            body("0042", &json!({"id": recorded["exchange"]["sale"]}), json!([units(1, 1)]));
        new["charges"] = json!([{"charge": 1}]);
        let back = record(&shop, &new).expect(201).body;
        assert_eq!(
            refunds(&back),
            json!([["credit_card", "50.00", "0.00"], ["cash", "9.90", "0.00"]])
        );
        in_order(&shop);
        void(&shop, &recorded).expect_problem(409, "return_not_voidable");
        void(&shop, &back).expect(200);
        void(&shop, &recorded).expect(200);
        in_order(&shop);
        // Faults are told where they stand.
        let shipping = |number: u32, amount: &str| json!({"charge": number, "type": "shipping", "amount": amount, "refundable": true});
        for (charges, pointer) in [
            (json!([shipping(1, "x")]), "/exchange/charges/0/amount"),
            (json!([shipping(1, "1.00"), shipping(1, "2.00")]), "/exchange/charges/1/charge"),
        ] {
            swap["exchange"]["charges"] = charges;
            let refused = shop.cashier().post("/v1/returns/check", &swap);
            assert_eq!(refused.status, 422, "{refused}");
            assert_eq!(refused.body["errors"][0]["pointer"], pointer);
        }
    });
}
