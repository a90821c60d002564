//! Exchanges as a register makes them: checked, paid, recorded, looked up, brought back, taken
//! back.

use crate::support::bodies::{back, hearts, plain};
use crate::support::caller::masked;
use crate::support::on_each_database;
use crate::support::shop::Shop;
use returndesk::export::reconcile::reconcile;
use serde_json::{Value, json};

/// A red heart of the contract: 12.50 and 1.11 of tax.
fn red_heart() -> Value {
    json!({"sku": "85123B", "description": "Hanging heart, red", "category": ["gifts"], "quantity": "1",
        "unit_price": "12.50", "net": "12.50", "taxes": [{"code": "NY", "rate": "0.08875", "amount": "1.11"}],
        "attributes": {"colour": "red", "size": 3}})
}

fn exchange(sale: &Value, units: u32, exchange: &Value) -> Value {
    let mut body = back(sale, 1, units);
    body["exchange"] = exchange.clone();
    body
}

fn reconciled(shop: &Shop) -> Vec<String> {
    let mut found = Vec::new();
    shop.wait(shop.app.service.desk.readers().read(|read, _| {
        let mut told = Vec::new();
        reconcile(read, |finding| told.push(finding.to_string()))?;
        Ok(told)
    }))
    .map(|told| found.extend(told))
    .unwrap();
    found
}

/// What pays for the red heart when one of two hearts comes back.
fn exchanged() -> Value {
    json!({"prices_include_tax": false, "discounts": [], "cash_rounding": "0.00", "total": "13.61",
        "lines": [{"line": 1, "sku": "85123B", "description": "Hanging heart, red", "quantity": "1", "unit_price": "12.50",
            "discounts": [], "net": "12.50", "taxes": [{"code": "NY", "rate": "0.08875", "amount": "1.11"}]}],
        "tenders": [{"tender": 1, "type": "credit_card", "amount": "12.25", "change": "0.00", "reference": "tok_9f",
            "card": {"brand": "visa", "last4": "4242", "fingerprint": "fp_1"},
            "carried_from": {"sale": "<id>", "tender": 1, "paid_on": "2026-03-11", "rounding": "0.00"}}]})
}

#[test]
fn the_exchange_of_the_contract_is_checked_paid_and_recorded() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = hearts(&shop);
        let first = shop.sell(&sale)["id"].as_str().unwrap().to_owned();
        let checked = shop
            .cashier()
            .post("/v1/returns/check", &exchange(&sale, 1, &json!({"lines": [red_heart()]})))
            .expect(200);
        let totals = json!({"returned": "12.25", "fees": "0.00", "exchanged": "13.61", "refund": "0.00", "due": "1.36"});
        assert_eq!((&checked.body["totals"], &checked.body["refunds"]), (&totals, &json!([])));
        assert_eq!(checked.masked()["exchange"], exchanged());
        let unpaid = exchange(&sale, 1, &json!({"lines": [red_heart()]}));
        let refused = shop
            .cashier()
            .post_keyed("/v1/returns", "k1", &unpaid)
            .expect_problem(422, "does_not_add_up");
        assert_eq!(
            refused.body["errors"],
            json!([{"pointer": "/exchange/tenders", "code": "does_not_add_up",
            "detail": "1.36 is due: say in `tenders` how it was paid."}])
        );
        let paid = json!({"lines": [red_heart()], "tenders": [{"tender": 1, "type": "cash", "amount": "2.00", "change": "0.64"}]});
        let mut body = exchange(&sale, 1, &paid);
        body["quote"] = checked.body["quote"].clone();
        let recorded = shop.cashier().post_keyed("/v1/returns", "k2", &body).expect(201).body;
        let number = recorded["return_number"].clone();
        let mut expected = exchanged();
        expected["sale"] = json!("<id>");
        expected["receipt"] = number.clone();
        expected["tenders"][0]["tender"] = json!(2);
        expected["tenders"]
            .as_array_mut()
            .unwrap()
            .push(json!({"tender": 1, "type": "cash", "amount": "2.00", "change": "0.64"}));
        assert_eq!((masked(&recorded["exchange"]), &recorded["totals"]), (expected, &totals));
        assert_eq!(
            shop.cashier().post_keyed("/v1/returns", "k2", &body).expect(201).body,
            recorded,
            "and only once"
        );

        let path = format!("/v1/sales/{}", recorded["exchange"]["sale"].as_str().unwrap());
        let new = shop.cashier().get(&path).expect(200).body;
        let mut line = red_heart();
        line.as_object_mut().unwrap().extend(
            json!({"line": 1, "discounts": [], "serial_numbers": [],
            "returned_quantity": "0", "returnable_quantity": "1"})
            .as_object()
            .unwrap()
            .clone(),
        );
        let expected = json!({"id": "<id>", "store": "0042", "register": "7", "receipt": number, "business_date": "2026-03-11",
            "sold_at": "2026-03-11T15:00:00Z", "recorded_at": "2026-03-11T15:00:00Z", "operator": "1042", "channel": "store",
            "currency": "USD", "customer": "C-77", "prices_include_tax": false, "lines": [line], "discounts": [], "charges": [],
            "tenders": [
                {"tender": 2, "type": "credit_card", "amount": "12.25", "change": "0.00", "reference": "tok_9f", "refunded": "0.00",
                 "card": {"brand": "visa", "last4": "4242", "fingerprint": "fp_1"},
                 "carried_from": {"sale": "<id>", "tender": 1, "paid_on": "2026-03-11", "rounding": "0.00"}},
                {"tender": 1, "type": "cash", "amount": "2.00", "change": "0.64", "refunded": "0.00"}],
            "cash_rounding": "0.00", "total": "13.61",
            "exchange_of": {"return": "<id>", "return_number": number, "sale": "<id>", "bought_on": "2026-03-11"}});
        assert_eq!(masked(&new), expected);
        assert_eq!(new["exchange_of"]["sale"], json!(first));
        assert_eq!(
            shop.cashier()
                .get(&format!("/v1/sales?receipt={}", number.as_str().unwrap()))
                .expect(200)
                .body["items"],
            json!([new])
        );
        let old = shop.cashier().get(&format!("/v1/sales/{first}")).expect(200).body;
        assert_eq!(
            old["tenders"][0]["refunded"], "12.25",
            "what was carried has left the first tender"
        );

        let events: Vec<Value> =
            shop.logged("exchange.recorded").iter().map(|entry| masked(&entry["data"])).collect();
        let carried = json!([{"sale": "<id>", "sale_tender": 1, "tender": 2, "amount": "12.25", "rounding": "0.00"}]);
        // One movement for both sides, and the net of the money.
        let ledger = json!({"register": "7", "business_date": "2026-03-11", "currency": "USD", "amounts": {"cash": "1.36",
            "sales": "-12.50", "tax": "-1.11", "returns": "11.25", "tax_returned": "1.00"}});
        assert_eq!(
            events,
            [
                json!({"ledger": ledger, "return_number": number, "sale": "<id>", "receipt": number, "first_sale": "<id>",
            "currency": "USD", "exchanged": "13.61", "refund": "0.00", "due": "1.36", "carried": carried, "even": []})
            ]
        );
        assert_eq!(shop.logged("sale.recorded").len(), 2);
        assert_eq!(reconciled(&shop), Vec::<String>::new());
    });
}

#[test]
fn goods_of_an_exchange_come_back_and_pay_the_first_card() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = hearts(&shop);
        shop.sell(&sale);
        let paid = json!({"lines": [red_heart()], "receipt": "X-1", "tenders": [{"tender": 1, "type": "cash", "amount": "1.36"}]});
        shop.cashier().post_keyed("/v1/returns", "k1", &exchange(&sale, 1, &paid)).expect(201);
        let taken = shop.cashier().post_keyed("/v1/returns", "k2", &exchange(&sale, 1, &paid));
        taken.expect_problem(409, "receipt_exists");
        let red = json!({"receipt": "X-1"});
        let out =
            shop.cashier().post_keyed("/v1/returns", "k3", &back(&red, 1, 1)).expect(201).body;
        let refunds: Vec<Value> = out["refunds"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| json!([r["type"], r["amount"], r["reference"]]))
            .collect();
        assert_eq!(
            refunds,
            [json!(["credit_card", "12.25", "tok_9f"]), json!(["cash", "1.36", null])]
        );
        shop.cashier()
            .post_keyed("/v1/returns", "k4", &back(&red, 1, 1))
            .expect_problem(422, "return_refused");
        let last =
            shop.cashier().post_keyed("/v1/returns", "k5", &back(&sale, 1, 1)).expect(201).body;
        let refunds: Vec<Value> = last["refunds"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| json!([r["type"], r["amount"]]))
            .collect();
        assert_eq!(refunds, [json!(["credit_card", "7.75"]), json!(["cash", "4.50"])]);
        assert_eq!(reconciled(&shop), Vec::<String>::new());
    });
}

#[test]
fn an_exchange_is_taken_back_with_its_goods() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = hearts(&shop);
        let first = shop.sell(&sale)["id"].as_str().unwrap().to_owned();
        let paid = json!({"lines": [red_heart()], "receipt": "X-1", "tenders": [{"tender": 1, "type": "cash", "amount": "1.36"}]});
        let made = shop
            .cashier()
            .post_keyed("/v1/returns", "k1", &exchange(&sale, 1, &paid))
            .expect(201)
            .body;
        let void = format!("/v1/returns/{}/void", made["id"].as_str().unwrap());
        let why = json!({"reason": "mistake"});
        shop.manager().post_keyed(&void, "v1", &why).expect(200);
        let old = shop.cashier().get(&format!("/v1/sales/{first}")).expect(200).body;
        assert_eq!(
            (&old["tenders"][0]["refunded"], &old["lines"][0]["returned_quantity"]),
            (&json!("0.00"), &json!("0"))
        );
        let new = shop
            .cashier()
            .get(&format!("/v1/sales/{}", made["exchange"]["sale"].as_str().unwrap()))
            .expect(200)
            .body;
        assert_eq!(
            (&new["voided_at"], &new["lines"][0]["returnable_quantity"]),
            (&json!("2026-03-11T15:00:00Z"), &json!("0"))
        );
        let refused =
            shop.cashier().post_keyed("/v1/returns", "k2", &back(&json!({"receipt": "X-1"}), 1, 1));
        let refused = refused.expect_problem(422, "return_refused");
        assert_eq!(
            refused.body["detail"],
            "Receipt X-1 was voided on 2026-03-11 with the exchange it is of; nothing of it can come back."
        );
        assert_eq!(shop.logged("sale.voided").len(), 1);
        assert_eq!(reconciled(&shop), Vec::<String>::new());
    });
}

/// Free shipping of a swap is off its charge, and off nothing else.
#[test]
fn a_discount_of_new_goods_may_be_off_their_charges() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = hearts(&shop);
        shop.sell(&sale);
        let mut goods = json!({"lines": [red_heart()], "receipt": "X-1",
            "charges": [{"charge": 3, "type": "shipping", "amount": "4.00", "refundable": true}],
            "discounts": [{"amount": "1.00", "promotion": "SHIP", "charges": [2]}],
            "tenders": [{"tender": 1, "type": "cash", "amount": "4.36"}]});
        let unknown = exchange(&sale, 1, &goods);
        let refused = shop.cashier().post_keyed("/v1/returns", "k1", &unknown);
        let refused = refused.expect_problem(422, "invalid_value");
        let expected = json!([{"pointer": "/exchange/discounts/0/charges/0", "code": "invalid_value",
            "detail": "The sale has no charge 2."}]);
        assert_eq!(refused.body["errors"], expected);

        // 13.61 and 3.00 for 12.25.
        goods["discounts"][0]["charges"] = json!([3]);
        let recorded = shop.bring_back(&exchange(&sale, 1, &goods));
        let totals = json!({"returned": "12.25", "fees": "0.00", "exchanged": "16.61",
            "refund": "0.00", "due": "4.36"});
        assert_eq!(recorded["totals"], totals);
        assert_eq!(recorded["exchange"]["discounts"], goods["discounts"]);
        let paid = json!({"receipt": "X-1"});
        let delivery = json!({"store": "0042", "register": "7", "sale": paid,
            "charges": [{"charge": 3}]});
        let given_back = shop.bring_back(&delivery);
        assert_eq!(given_back["charges"][0]["refund"], "3.00");
        let heart = shop.bring_back(&back(&paid, 1, 1));
        assert_eq!(heart["lines"][0]["refund"], "13.61");
        assert_eq!(reconciled(&shop), [] as [String; 0]);
    });
}

/// A tax computed once for the new goods of an exchange is spread over them like that of a sale, and
/// comes back with them to the cent.
#[test]
fn new_goods_of_an_exchange_can_have_a_tax_of_the_receipt() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sent = plain(&shop, "0042", 1, 20, "cash");
        shop.sell(&sent);
        let goods = |taxes: Value| {
            let mut body = back(&sent, 1, 1);
            body["exchange"] = json!({"lines": [
                    {"sku": "A", "quantity": "4", "unit_price": "1.48", "net": "5.92"},
                    {"sku": "B", "quantity": "1", "unit_price": "1.52", "net": "1.52"},
                    {"sku": "C", "quantity": "1", "unit_price": "1.93", "net": "1.93"}],
                "charges": [{"charge": 1, "type": "shipping", "amount": "1.00", "refundable": true}],
                "taxes": taxes, "receipt": "X-1"});
            body
        };
        let check = |body: &Value| shop.cashier().post("/v1/returns/check", body);
        let taxes = json!([{"code": "NY", "rate": "0.21", "amount": "1.97"},
            {"code": "S", "amount": "0.10", "charges": [1]}]);
        let recorded = shop.bring_back(&goods(taxes.clone()));
        // 5.92, 1.52 and 1.93 of 9.37.
        let share = |line: usize| recorded["exchange"]["lines"][line]["tax_shares"].clone();
        let tax = |amount: &str| json!([{"code": "NY", "rate": "0.21", "amount": amount, "included": false}]);
        assert_eq!([share(0), share(1), share(2)], [tax("1.24"), tax("0.32"), tax("0.41")]);
        assert_eq!(recorded["exchange"]["total"], "12.44");
        assert_eq!(recorded["totals"]["exchanged"], "12.44");
        assert_eq!(recorded["totals"]["refund"], "7.56");
        let ledger = &shop.logged("exchange.recorded")[0]["data"]["ledger"]["amounts"];
        assert_eq!(
            (&ledger["sales"], &ledger["tax"], &ledger["charges"]),
            (&json!("-9.37"), &json!("-2.07"), &json!("-1.00"))
        );

        // The new sale has them as sent, and they come back with the goods.
        let sale = recorded["exchange"]["sale"].as_str().unwrap();
        let seen = shop.cashier().get(&format!("/v1/sales/{sale}")).expect(200).body;
        assert_eq!(seen["taxes"], taxes);
        let unit = |line: u32, quantity: u32| {
            json!({"store": "0042", "register": "7", "sale": {"id": sale}, "lines": [{"sale_line": line,
                "quantity": quantity.to_string(), "reason": "changed_mind", "condition": "unopened"}]})
        };
        let paid = [(1, 1), (1, 3), (2, 1), (3, 1)].map(|(line, quantity)| {
            shop.bring_back(&unit(line, quantity))["totals"]["refund"].as_str().unwrap().to_owned()
        });
        assert_eq!(paid, ["1.79", "5.37", "1.84", "2.34"]);

        // One tax twice, a line that is not there, goods that keep the tax paid, and bottles.
        let fault = |body: &Value| check(body).expect(422).body["errors"][0].clone();
        let mut twice = goods(json!([{"code": "NY", "amount": "0.10"}]));
        twice["exchange"]["lines"][1]["taxes"] = json!([{"code": "NY", "amount": "0.10"}]);
        assert_eq!(fault(&twice)["pointer"], "/exchange/taxes/0/code");
        let missing = goods(json!([{"code": "NY", "amount": "0.10", "lines": [9]}]));
        assert_eq!(fault(&missing)["detail"], "The sale has no line 9.");
        let mut bottle = goods(json!([]));
        bottle["exchange"]["lines"][0]["kind"] = json!("deposit_return");
        assert_eq!(fault(&bottle)["pointer"], "/exchange/lines/0/kind");
        assert_eq!(
            fault(&bottle)["detail"],
            "New goods are goods. Bring back what is given back as a line of the return, and ring bottles up with a sale."
        );
        let again = plain(&shop, "0042", 1, 20, "cash");
        shop.sell(&again);
        let mut even = back(&again, 1, 1);
        even["exchange"] = json!({"lines": [{"sku": "A", "quantity": "1", "exchanged_for": 0}],
            "taxes": [{"code": "NY", "amount": "0.10"}]});
        assert_eq!(
            (fault(&even)["pointer"].clone(), fault(&even)["detail"].clone()),
            (
                json!("/exchange/taxes/0/lines"),
                json!(
                    "Goods exchanged evenly keep the tax that was paid. Name the other lines of this tax."
                )
            )
        );
    });
}
