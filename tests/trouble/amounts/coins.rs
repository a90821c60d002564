//! Sales rounded by less than a coin of their store, in cash or not.

use super::{detail, holds};
use crate::support::caller::Caller;
use crate::support::on_each_database;
use crate::support::shop::Shop;
use returndesk::domain::caller::Role;
use serde_json::json;

/// A store with its own smallest coin, or the law's.
pub fn store_with_coin(shop: &Shop, store: &str, currency: &str, region: &str, coin: Option<&str>) {
    let body = json!({"name": "x", "time_zone": "UTC", "currency": currency, "region": region,
        "cash_rounding": coin});
    shop.admin().put(&format!("/v1/stores/{store}"), &body).expect(201);
}

#[test]
fn a_sale_is_rounded_by_less_than_a_coin_of_its_store() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        store_with_coin(&shop, "IN1", "INR", "IN-MH", Some("1.00"));
        store_with_coin(&shop, "IN5", "INR", "IN-MH", Some("0.05"));
        store_with_coin(&shop, "IN0", "INR", "IN-MH", None);
        store_with_coin(&shop, "US5", "USD", "US-NY", Some("0.05"));
        store_with_coin(&shop, "JP5", "JPY", "JP", Some("5"));
        store_with_coin(&shop, "NO", "NOK", "NO", None);
        store_with_coin(&shop, "DE", "EUR", "DE-BY", None);
        let sell = |store: &str,
                    currency: &str,
                    total: &str,
                    rounding: &str,
                    paid: &str,
                    kind: &str| {
            let sale = json!({"store": store, "register": "1", "receipt": shop.receipt(),
                "business_date": "2026-03-11", "sold_at": "2026-03-11T14:00:00Z", "currency": currency,
                "lines": [{"line": 1, "sku": "A", "quantity": 1, "unit_price": total, "net": total}],
                "tenders": [{"tender": 1, "type": kind, "amount": paid}],
                "cash_rounding": rounding, "total": total});
            let till = Caller::new(&shop, "t", &[Role::Register], &["*"]);
            (till.post("/v1/sales", &sale), sale)
        };
        // Store, currency, total, rounding, paid, means; whether it is taken.
        let table = [
            ("IN1", "INR", "5675.57", "0.43", "5676.00", "cash", true),
            ("IN1", "INR", "5675.57", "-0.57", "5675.00", "cash", true),
            ("IN1", "INR", "5675.57", "0.99", "5676.56", "cash", true),
            ("IN1", "INR", "5675.57", "1.00", "5676.57", "cash", false),
            ("IN1", "INR", "5675.57", "-1.00", "5674.57", "cash", false),
            // By card too: the till rounds whatever it is paid with.
            ("IN1", "INR", "5675.57", "0.43", "5676.00", "credit_card", true),
            ("IN1", "INR", "5675.57", "1.00", "5676.57", "credit_card", false),
            ("IN5", "INR", "5675.57", "0.43", "5676.00", "cash", false),
            ("IN5", "INR", "5675.57", "0.03", "5675.60", "credit_card", true),
            ("IN5", "INR", "5675.57", "0.05", "5675.62", "credit_card", false),
            // No coin of its own: one minor unit, as systems leave it over.
            ("IN0", "INR", "5675.57", "0.01", "5675.58", "credit_card", true),
            ("IN0", "INR", "5675.57", "-0.01", "5675.56", "mobile_wallet", true),
            ("IN0", "INR", "5675.57", "0.02", "5675.59", "credit_card", false),
            ("DE", "EUR", "10.00", "-0.01", "9.99", "credit_card", true),
            ("DE", "EUR", "10.00", "0.02", "10.02", "credit_card", false),
            // Cash where no law is known: less than a tenth of the unit, as before.
            ("DE", "EUR", "10.02", "-0.02", "10.00", "cash", true),
            ("DE", "EUR", "10.10", "-0.10", "10.00", "cash", false),
            ("US5", "USD", "10.02", "-0.02", "10.00", "cash", true),
            ("US5", "USD", "10.02", "0.04", "10.06", "debit_card", true),
            ("JP5", "JPY", "1003", "2", "1005", "cash", true),
            ("JP5", "JPY", "1003", "5", "1008", "debit_card", false),
            ("NO", "NOK", "10.49", "-0.49", "10.00", "cash", true),
            ("NO", "NOK", "11.00", "-1.00", "10.00", "cash", false),
            ("NO", "NOK", "10.49", "-0.49", "10.00", "debit_card", true),
        ];
        for (store, currency, total, rounding, paid, kind, taken) in table {
            let (answer, sale) = sell(store, currency, total, rounding, paid, kind);
            if !taken {
                let refused = answer.expect_problem(422, "does_not_add_up");
                assert_eq!(refused.faults()[0].0, "/cash_rounding", "{sale}");
                continue;
            }
            answer.expect(201);
            // A whole return pays the tender exactly what it paid.
            let body = json!({"store": store, "register": "1", "sale": {"receipt": sale["receipt"]},
                "lines": [{"sale_line": 1, "quantity": "1", "reason": "changed_mind", "condition": "unopened"}]});
            let caller = Caller::new(&shop, "2001", &[Role::Cashier], &["*"]);
            let checked = caller.post("/v1/returns/check", &body).expect(200).body;
            let refund = &checked["refunds"][0];
            assert_eq!(
                (&refund["type"], &refund["amount"]),
                (&json!(kind), &json!(paid)),
                "{sale}"
            );
        }
        let (refused, _) = sell("IN1", "INR", "5675.57", "1.00", "5676.57", "cash");
        assert_eq!(
            detail(&refused),
            "Rounding, which is less than one coin, comes to 0.99; sent was 1.00."
        );
        holds(&shop);
    });
}
