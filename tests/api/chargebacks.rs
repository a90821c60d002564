//! A dispute at the bank: while it is open, nothing goes back to that tender.

use crate::support::bodies::{back, hearts};
use crate::support::on_each_database;
use crate::support::shop::Shop;
use serde_json::json;

#[test]
fn an_open_dispute_blocks_the_tender_until_it_is_closed() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = hearts(&shop);
        let sold = shop.sell(&sale)["id"].as_str().unwrap().to_owned();
        let address = format!("/v1/sales/{sold}/tenders/1/chargeback");
        let open = json!({"open": true, "reference": "CB-1", "note": "Not received."});
        shop.manager().post(&address, &open).expect_problem(400, "idempotency_key_missing");
        shop.cashier().post_keyed(&address, "c0", &open).expect_problem(403, "insufficient_scope");
        let marked = shop.manager().post_keyed(&address, "c1", &open).expect(200).body;
        // Without an amount it is about all that the tender paid and has not been given back.
        let expected = json!({"sale": sold, "tender": 1, "open": true, "outcome": null,
            "currency": "USD", "amount": "20.00", "overlap": "0.00", "fee": "0.00",
            "reference": "CB-1"});
        assert_eq!(marked, expected);
        let shown = shop.cashier().get(&format!("/v1/sales/{sold}")).expect(200).body;
        assert_eq!(shown["tenders"][0]["charged_back"], json!(true));
        assert!(shown["tenders"][1].get("charged_back").is_none());
        // 4.50 of 24.50 was cash: one heart, 12.25, cannot go back.
        let refused = shop.cashier().post_keyed("/v1/returns", "r1", &back(&sale, 1, 1));
        let refused = refused.expect_problem(422, "return_refused").body;
        assert_eq!(refused["decision"]["findings"][0]["code"], json!("tender_exhausted"));
        let cash = format!("/v1/sales/{sold}/tenders/2/chargeback");
        shop.manager().post_keyed(&cash, "c2", &open).expect_problem(422, "invalid_value");
        let missing = format!("/v1/sales/{sold}/tenders/9/chargeback");
        shop.manager().post_keyed(&missing, "c3", &open).expect_problem(404, "not_found");
        shop.stranger().post_keyed(&address, "c4", &open).expect_problem(404, "not_found");
        shop.manager().post_keyed(&address, "c5", &json!({"open": false})).expect(200);
        shop.cashier().post_keyed("/v1/returns", "r2", &back(&sale, 1, 1)).expect(201);
        assert_eq!(shop.logged("chargeback.marked").len(), 2);
    });
}
