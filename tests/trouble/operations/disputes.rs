//! Disputes at the bank, with what it takes and keeps, and how they end.

use crate::history::faults_of_the_books;
use crate::support::bodies::{back, hearts};
use crate::support::on_each_database;
use crate::support::shop::Shop;
use serde_json::{Value, json};

/// The bank takes 20.00 and keeps 15.00; the dispute is lost, and another one is won.
#[test]
fn a_dispute_is_booked_from_its_opening_to_its_end() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = hearts(&shop);
        let sold = shop.sell(&sale)["id"].as_str().unwrap().to_owned();
        let address = format!("/v1/sales/{sold}/tenders/1/chargeback");
        let tell = |body: Value| shop.supervisor().post_keyed(&address, &shop.receipt(), &body);
        let tender = || {
            let shown = shop.cashier().get(&format!("/v1/sales/{sold}")).expect(200).body;
            let tender = &shown["tenders"][0];
            [
                tender["refunded"].clone(),
                tender["charged_back"].clone(),
                tender["chargebacks"].clone(),
            ]
        };
        let balances = || {
            let path = "/v1/ledger/balances?store=0042";
            let body = shop.manager().get(path).expect(200).body;
            let of = |account: &Value| {
                let is = |of: &str| account[of].as_str().unwrap().to_owned();
                format!("{} {} {}", is("account"), is("debit"), is("credit"))
            };
            let accounts = body["accounts"].as_array().unwrap().iter().map(of);
            accounts.filter(|of| of.starts_with("c")).collect::<Vec<_>>()
        };
        let opened = tell(json!({"open": true, "amount": "20.00", "fee": "15.00",
            "reference": "CB-1", "note": "Not received."}));
        let marked = |open: bool, outcome: Value, [amount, overlap, fee]: [&str; 3]| {
            json!({"sale": sold, "tender": 1, "open": open, "outcome": outcome, "currency": "USD",
                "amount": amount, "overlap": overlap, "fee": fee, "reference": "CB-1"})
        };
        let all = ["20.00", "0.00", "15.00"];
        assert_eq!(opened.expect(200).body, marked(true, Value::Null, all));
        let in_dispute = json!({"in_dispute": "20.00", "lost": "0.00", "fees": "15.00"});
        assert_eq!(tender(), [json!("0.00"), json!(true), in_dispute]);
        let taken = [
            "cash 4.50 0.00",
            "credit_card 0.00 15.00",
            "chargebacks_receivable 20.00 0.00",
            "chargeback_fees 15.00 0.00",
        ];
        assert_eq!(balances(), taken);
        shop.cashier()
            .post_keyed("/v1/returns", "r1", &back(&sale, 1, 1))
            .expect_problem(422, "return_refused");

        let lost = tell(json!({"open": false, "outcome": "lost", "reference": "CB-1"}));
        assert_eq!(lost.expect(200).body, marked(false, json!("lost"), all));
        let lost = json!({"in_dispute": "0.00", "lost": "20.00", "fees": "15.00"});
        assert_eq!(tender(), [json!("0.00"), Value::Null, lost]);
        let taken = [
            "cash 4.50 0.00",
            "credit_card 0.00 15.00",
            "chargeback_losses 20.00 0.00",
            "chargeback_fees 15.00 0.00",
        ];
        assert_eq!(balances(), taken);
        // The customer has the 20.00: of one heart, 12.25, no more than the cash could go back.
        let refused = shop.cashier().post_keyed("/v1/returns", "r2", &back(&sale, 1, 1));
        let finding =
            &refused.expect_problem(422, "return_refused").body["decision"]["findings"][0];
        let detail = "12.25 is to go back, but 7.75 of it was taken back by the bank, was never paid, or has been \
                      refunded already.";
        assert_eq!(
            (&finding["code"], &finding["detail"]),
            (&json!("tender_exhausted"), &json!(detail))
        );
        let void = format!("/v1/sales/{sold}/void");
        let refused = shop.manager().post_keyed(&void, "v", &json!({"reason": "mistake"}));
        let detail = "The bank has taken back a payment of this sale. Leave the sale as it is.";
        assert_eq!(refused.expect_problem(409, "sale_not_voidable").body["detail"], detail);

        // Faults point to what is wrong; nothing of them is kept.
        for (body, pointer) in [
            (json!({"open": true, "amount": "0.01"}), "/amount"),
            (json!({"open": true, "amount": "1,00"}), "/amount"),
            (json!({"open": false, "outcome": "drawn"}), "/outcome"),
            (json!({"open": false, "outcome": "won"}), "/outcome"),
        ] {
            let faults = tell(body.clone()).expect(422).body["errors"].clone();
            assert_eq!(faults[0]["pointer"], pointer, "{body}");
        }

        // Another sale: half refunded, then disputed as a whole, and won.
        let other = hearts(&shop);
        let other_sold = shop.sell(&other)["id"].as_str().unwrap().to_owned();
        shop.bring_back(&back(&other, 1, 1));
        let address = format!("/v1/sales/{other_sold}/tenders/1/chargeback");
        let tell = |body: Value| shop.supervisor().post_keyed(&address, &shop.receipt(), &body);
        let opened =
            tell(json!({"open": true, "amount": "20.00", "fee": "15.00"})).expect(200).body;
        assert_eq!((&opened["amount"], &opened["overlap"]), (&json!("20.00"), &json!("12.25")));
        let won = tell(json!({"open": false, "outcome": "won", "fee": "0.00"})).expect(200).body;
        assert_eq!((&won["outcome"], &won["fee"]), (&json!("won"), &json!("0.00")));
        shop.bring_back(&back(&other, 1, 1));
        let told = shop.logged("chargeback.marked");
        let moved: Vec<Value> =
            told.iter().map(|entry| entry["data"]["ledger"]["amounts"].clone()).collect();
        let taken = json!({"credit_card": "-35.00", "chargebacks_receivable": "20.00",
            "chargeback_fees": "15.00"});
        let back = json!({"credit_card": "35.00", "chargebacks_receivable": "-20.00",
            "chargeback_fees": "-15.00"});
        let lost = json!({"chargebacks_receivable": "-20.00", "chargeback_losses": "20.00"});
        assert_eq!(moved, [taken.clone(), lost, taken, back]);
        let facts = ["tender", "open", "outcome", "amount", "overlap", "fee", "reference"]
            .map(|fact| told[1]["data"][fact].clone());
        assert_eq!(json!(facts), json!([1, false, "lost", "20.00", "0.00", "15.00", "CB-1"]));
        assert_eq!(faults_of_the_books(&shop), Vec::<String>::new());
    });
}
