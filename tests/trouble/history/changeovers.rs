//! Sales in a currency that the euro has replaced since: they come back in euros, by law.

use super::faults_of_the_books;
use crate::support::caller::{Answer, Caller};
use crate::support::on_each_database;
use crate::support::shop::Shop;
use returndesk::domain::caller::Role;
use serde_json::{Value, json};

const LEV: &str = "0090";
const EURO: &str = "0091";

fn everybody<'s>(shop: &'s Shop, role: Role) -> Caller<'s> {
    let operator = if role == Role::Manager { "2001" } else { "1042" };
    Caller::new(shop, operator, &[role], &[LEV, EURO])
}

/// A shop in Sofia with a store in the old currency and one in euros, on a day.
fn open(db: &crate::support::TestDb, code: &str, now: &str) -> Shop {
    let shop = Shop::open(db);
    shop.clock.set(now.parse().unwrap());
    for (store, currency) in [(LEV, code), (EURO, "EUR")] {
        let body = json!({"name": store, "time_zone": "Europe/Sofia", "currency": currency, "region": "BG"});
        shop.admin().put(&format!("/v1/stores/{store}"), &body).expect(201);
    }
    shop
}

fn now(shop: &Shop, moment: &str) {
    shop.clock.set(moment.parse().unwrap());
}

/// Units at a price, taxes of a sixth included, by card.
fn sold(
    shop: &Shop,
    store: &str,
    code: &str,
    (units, price): (u32, &str),
    total: &str,
    tax: &str,
) -> Value {
    json!({"store": store, "register": "3", "receipt": shop.receipt(), "business_date": "2025-12-20",
        "sold_at": "2025-12-20T10:00:00+02:00", "operator": "1001", "currency": code, "prices_include_tax": true,
        "lines": [{"line": 1, "sku": "CUP", "quantity": units.to_string(), "unit_price": price, "net": total,
            "taxes": [{"code": "DDS", "rate": "0.20", "amount": tax}]}],
        "tenders": [{"tender": 1, "type": "credit_card", "amount": total, "reference": "tok_1"}],
        "total": total})
}

fn sell(shop: &Shop, sale: &Value) -> Answer {
    let store = sale["store"].as_str().unwrap();
    Caller::new(shop, "till-3", &[Role::Register], &[store]).post("/v1/sales", sale)
}

fn back(sale: &Value, store: &str, line: Value) -> Value {
    json!({"store": store, "register": "7", "sale": {"id": sale["id"]}, "lines": [line]})
}

fn units(quantity: u32) -> Value {
    json!({"sale_line": 1, "quantity": quantity.to_string(), "reason": "changed_mind", "condition": "unopened"})
}

fn record(shop: &Shop, body: &Value) -> Answer {
    everybody(shop, Role::Cashier).post_keyed("/v1/returns", &shop.receipt(), body)
}

fn void(shop: &Shop, recorded: &Value) -> Answer {
    let path = format!("/v1/returns/{}/void", recorded["id"].as_str().unwrap());
    everybody(shop, Role::Manager).post_keyed(&path, &shop.receipt(), &json!({"reason": "mistake"}))
}

fn shown(shop: &Shop, sale: &Value) -> Value {
    let path = format!("/v1/sales/{}", sale["id"].as_str().unwrap());
    everybody(shop, Role::Cashier).get(&path).expect(200).body
}

/// Currency, total and what has gone back, as the list shows a sale in short.
fn in_short(shop: &Shop, sale: &Value) -> [Value; 3] {
    let path = format!("/v1/sales?receipt={}&view=summary", sale["receipt"].as_str().unwrap());
    let found = everybody(shop, Role::Cashier).get(&path).expect(200).body["items"].take();
    assert_eq!(found.as_array().map(Vec::len), Some(1));
    ["currency", "total", "refunded"].map(|member| found[0][member].clone())
}

#[test]
fn levs_come_back_in_euros_from_the_day_on_with_both_amounts() {
    on_each_database(|db| {
        let shop = open(db, "BGN", "2025-12-20T12:00:00Z");
        let sale =
            sell(&shop, &sold(&shop, LEV, "BGN", (3, "10.00"), "30.00", "5.00")).expect(201).body;
        // Until then it is one currency or the other, and they do not mix.
        let early = record(&shop, &back(&sale, EURO, units(1)));
        assert_eq!(
            early.expect_problem(422, "currency_mismatch").body["errors"][0]["detail"],
            "Currencies never mix: the store or sale uses BGN."
        );
        let first = record(&shop, &back(&sale, LEV, units(1))).expect(201).body;
        assert_eq!(
            (&first["currency"], &first["totals"]["refund"]),
            (&json!("BGN"), &json!("10.00"))
        );
        assert_eq!(first.get("conversions"), None);
        assert_eq!(shown(&shop, &sale).get("converted"), None);
        assert_eq!(in_short(&shop, &sale), ["BGN", "30.00", "10.00"]);

        now(&shop, "2026-01-10T10:00:00Z");
        let checked = everybody(&shop, Role::Cashier)
            .post("/v1/returns/check", &back(&sale, EURO, units(2)))
            .expect(200)
            .body;
        assert_eq!(checked["totals"]["refund"], "10.23");
        assert_eq!(shown(&shop, &sale).get("converted"), None, "a check changes nothing");
        let second = record(&shop, &back(&sale, EURO, units(1))).expect(201).body;
        let third = record(&shop.another(), &back(&sale, EURO, units(1))).expect(201).body;
        let told = |as_sold: &str, converted: &str| {
            json!([{"sale": sale["id"], "currency": "BGN", "rate": "1.95583", "as_sold": as_sold,
                "converted": converted}])
        };
        // 30.00 BGN are 15.34 EUR: a third of them was paid in levs.
        assert_eq!(second["conversions"], told("10.00", "5.12"));
        assert_eq!(third["conversions"], told("10.00", "5.11"));
        assert_eq!(second["lines"][0]["net"], "5.12");
        assert_eq!(second["lines"][0]["taxes"], json!([{"code": "DDS", "amount": "0.86"}]));
        assert_eq!(
            second["totals"],
            json!({"returned": "5.12", "fees": "0.00", "exchanged": "0.00",
            "refund": "5.12", "due": "0.00"})
        );
        assert_eq!(
            second["refunds"],
            json!([{"refund": 1, "type": "credit_card", "sale": sale["id"],
            "sale_tender": 1, "reference": "tok_1", "amount": "5.12", "rounding": "0.00", "status": "due",
            "fallbacks": ["store_credit"]}])
        );
        let seen = shown(&shop, &sale);
        assert_eq!(
            seen["converted"],
            json!({"currency": "EUR", "rate": "1.95583", "total": "15.34"})
        );
        assert_eq!(
            (&seen["total"], &seen["currency"]),
            (&json!("30.00"), &json!("BGN")),
            "kept as sent"
        );
        assert_eq!(seen["tenders"][0]["refunded"], "15.34");
        assert_eq!(in_short(&shop, &sale), ["EUR", "15.34", "15.34"], "one currency for all");
        assert_eq!(seen["lines"][0]["returnable_quantity"], "0");
        let again =
            record(&shop, &back(&sale, EURO, units(1))).expect_problem(422, "return_refused");
        assert_eq!(again.body["decision"]["lines"][0]["findings"][0]["code"], "already_returned");

        let entries = shop.logged("return.recorded");
        let data = &entries[1]["data"];
        assert_eq!(data["decision"]["conversions"], told("10.00", "5.12"));
        assert_eq!(
            data["ledger"],
            json!({"register": "7", "business_date": "2026-01-10", "currency": "EUR",
            "amounts": {"returns": "4.26", "tax_returned": "0.86", "refunds_payable": "-5.12"}})
        );
        assert_eq!(entries[0]["data"]["decision"].get("conversions"), None);

        // What was paid in levs stays so; what was paid in euros can be voided and paid again.
        let refused = void(&shop, &first).expect_problem(409, "return_not_voidable");
        assert_eq!(
            refused.body["detail"],
            "This return was paid in BGN, and its sale is kept in EUR since. Ring the goods up as a new sale instead."
        );
        let path = format!("/v1/returns/{}/refunds/1/settlement", first["id"].as_str().unwrap());
        let failed = everybody(&shop, Role::Cashier).post_keyed(
            &path,
            "failed",
            &json!({"outcome": "failed", "fallback": "store_credit"}),
        );
        assert_eq!(
            failed.expect_problem(422, "currency_mismatch").body["errors"][0]["detail"],
            "Refund 1 was due in BGN, which EUR has replaced since. Pay it in EUR by other means, and report it as settled."
        );
        everybody(&shop, Role::Cashier)
            .post_keyed(&path, "settled", &json!({"outcome": "settled"}))
            .expect(200);
        void(&shop, &second).expect(200);
        let fourth = record(&shop, &back(&sale, EURO, units(1))).expect(201).body;
        assert_eq!(fourth["conversions"], told("10.00", "5.12"));
        // The old store pays out no more of it.
        record(&shop, &back(&sale, LEV, units(1))).expect_problem(422, "currency_mismatch");
        assert_eq!(faults_of_the_books(&shop), Vec::<String>::new());
    });
}

#[test]
fn an_imported_sale_of_the_old_currency_is_kept_and_booked_in_euros() {
    on_each_database(|db| {
        let shop = open(db, "BGN", "2026-01-10T10:00:00Z");
        let sent = sold(&shop, EURO, "BGN", (2, "10.00"), "20.00", "3.33");
        let sale = sell(&shop, &sent).expect(201).body;
        assert_eq!(sale["total"], "20.00");
        let entry = &shop.logged("sale.recorded")[0]["data"];
        assert_eq!((&entry["currency"], &entry["total"]), (&json!("BGN"), &json!("20.00")));
        assert_eq!(
            entry["ledger"],
            json!({"register": "3", "business_date": "2025-12-20", "currency": "EUR",
            "amounts": {"credit_card": "10.23", "sales": "-8.53", "tax": "-1.70"}})
        );
        let seen = shown(&shop, &sale);
        assert_eq!(
            seen["converted"],
            json!({"currency": "EUR", "rate": "1.95583", "total": "10.23"})
        );
        assert_eq!(in_short(&shop, &sale), ["EUR", "10.23", "0.00"]);
        let same = sell(&shop, &sent).expect(200).body;
        assert_eq!(same["id"], sale["id"]);

        let part = back(
            &sale,
            EURO,
            json!({"sale_line": 1, "amount": "1.00", "reason": "price_adjustment"}),
        );
        let adjusted = record(&shop, &part).expect(201).body;
        assert_eq!(adjusted["totals"]["refund"], "1.00");
        let rest = record(&shop, &back(&sale, EURO, units(2))).expect(201).body;
        assert_eq!(rest["totals"]["refund"], "9.23");
        let told = |body: &Value| body["conversions"][0]["as_sold"].clone();
        assert_eq!([told(&adjusted), told(&rest)], ["1.96", "18.04"]);

        // What is rung up in levs after they were replaced is no receipt of law.
        let mut late = sold(&shop, EURO, "BGN", (1, "10.00"), "10.00", "1.67");
        late["business_date"] = json!("2026-01-01");
        late["sold_at"] = json!("2026-01-01T10:00:00+02:00");
        sell(&shop, &late).expect_problem(422, "currency_mismatch");
        let mut other = sold(&shop, EURO, "USD", (1, "10.00"), "10.00", "1.67");
        other["currency"] = json!("USD");
        sell(&shop, &other).expect_problem(422, "currency_mismatch");
        assert_eq!(faults_of_the_books(&shop), Vec::<String>::new());
    });
}

#[test]
fn what_came_back_before_the_service_knew_the_sale_is_converted_with_it() {
    on_each_database(|db| {
        let shop = open(db, "BGN", "2026-01-10T10:00:00Z");
        let mut sent = sold(&shop, EURO, "BGN", (3, "10.00"), "30.00", "5.00");
        sent["returned"] = json!([{"at": "2025-12-22T10:00:00+02:00", "lines": [{"line": 1, "quantity": "1"}],
            "tenders": [{"tender": 1, "amount": "10.00"}]}]);
        let sale = sell(&shop, &sent).expect(201).body;
        let rest = record(&shop, &back(&sale, EURO, units(2))).expect(201).body;
        assert_eq!(rest["totals"]["refund"], "10.23");
        assert_eq!(rest["conversions"][0]["as_sold"], "20.00");
        assert_eq!(shown(&shop, &sale)["tenders"][0]["refunded"], "15.34");
        assert_eq!(faults_of_the_books(&shop), Vec::<String>::new());
    });
}

/// A lats was worth more than a euro: amounts grow, and the database holds refunds at what was paid.
#[test]
fn a_currency_that_was_worth_more_than_a_euro_grows() {
    on_each_database(|db| {
        let shop = open(db, "LVL", "2013-12-20T12:00:00Z");
        let mut sent = sold(&shop, LEV, "LVL", (2, "0.50"), "1.00", "0.17");
        sent["business_date"] = json!("2013-12-20");
        sent["sold_at"] = json!("2013-12-20T10:00:00+02:00");
        let sale = sell(&shop, &sent).expect(201).body;
        record(&shop, &back(&sale, LEV, units(1))).expect(201);
        now(&shop, "2014-01-02T10:00:00Z");
        let rest = record(&shop, &back(&sale, EURO, units(1))).expect(201).body;
        assert_eq!(rest["totals"]["refund"], "0.71");
        assert_eq!(
            shown(&shop, &sale)["converted"],
            json!({"currency": "EUR", "rate": "0.702804", "total": "1.42"})
        );
        assert_eq!(faults_of_the_books(&shop), Vec::<String>::new());
    });
}

/// The balance of a card stays in its currency in this version, and says so.
#[test]
fn cards_of_the_old_currency_are_refused_and_their_sales_paid_to_new_ones() {
    on_each_database(|db| {
        let shop = open(db, "BGN", "2025-12-20T12:00:00Z");
        let manager = everybody(&shop, Role::Manager);
        let issue =
            json!({"kind": "gift_card", "amount": "50.00", "currency": "BGN", "store": LEV});
        let card = manager.post_keyed("/v1/gift-cards", &shop.receipt(), &issue).expect(201).body;
        let redemptions = format!("/v1/gift-cards/{}/redemptions", card["id"].as_str().unwrap());
        let mut sent = sold(&shop, LEV, "BGN", (2, "10.00"), "20.00", "3.33");
        let redeem = |store: &str, amount: &str| {
            let body =
                json!({"amount": amount, "sale": sent["receipt"], "store": store, "register": "3"});
            let cashier = everybody(&shop, Role::Cashier);
            cashier.post_keyed(&redemptions, &shop.receipt(), &body)
        };
        redeem(LEV, "20.00").expect(201);
        now(&shop, "2026-01-10T10:00:00Z");
        let refused = redeem(EURO, "5.00").expect_problem(422, "wrong_currency");
        assert_eq!(refused.body["detail"], "The card is in BGN; this store takes EUR.");
        sent["tenders"] =
            json!([{"tender": 1, "type": "gift_card", "amount": "20.00", "reference": card["id"]}]);
        now(&shop, "2025-12-20T12:00:00Z");
        let sale = sell(&shop, &sent).expect(201).body;
        now(&shop, "2026-01-10T10:00:00Z");
        // All of it was redeemed: 20.00 BGN are 10.23 EUR, on a new card in euros.
        let whole = record(&shop, &back(&sale, EURO, units(2))).expect(201).body;
        assert_eq!(
            (&whole["totals"]["refund"], &whole["refunds"][0]["type"]),
            (&json!("10.23"), &json!("gift_card"))
        );
        assert_ne!(whole["refunds"][0]["card"]["id"], card["id"]);
        assert_eq!(faults_of_the_books(&shop), Vec::<String>::new());
    });
}

/// A dispute that began in levs ends in euros, and the ledger is held against both.
#[test]
fn a_dispute_outlives_the_currency_of_its_sale() {
    on_each_database(|db| {
        let shop = open(db, "BGN", "2025-12-20T12:00:00Z");
        let tell = |sale: &Value, body: Value| {
            let path = format!("/v1/sales/{}/tenders/1/chargeback", sale["id"].as_str().unwrap());
            everybody(&shop, Role::Manager)
                .post_keyed(&path, &shop.receipt(), &body)
                .expect(200)
                .body
        };
        let sales = [(); 3].map(|()| {
            let mut sent = sold(&shop, LEV, "BGN", (3, "10.00"), "30.00", "5.00");
            sent["tenders"] = json!([
                {"tender": 1, "type": "credit_card", "amount": "20.00", "reference": "tok_1"},
                {"tender": 2, "type": "cash", "amount": "10.00"}]);
            let sale = sell(&shop, &sent).expect(201).body;
            tell(&sale, json!({"open": true, "amount": "20.00", "fee": "15.00"}));
            sale
        });
        now(&shop, "2026-01-10T10:00:00Z");
        for sale in &sales {
            let first = record(&shop, &back(sale, EURO, units(1))).expect(201).body;
            assert_eq!(first["refunds"][0]["type"], "cash");
        }
        let [open, won, lost] = &sales;
        assert_eq!(
            shown(&shop, open)["tenders"][0]["chargebacks"],
            json!({"in_dispute": "10.23", "lost": "0.00", "fees": "7.67"})
        );
        tell(won, json!({"open": false, "outcome": "won", "fee": "0.00"}));
        assert_eq!(shown(&shop, won)["tenders"][0].get("chargebacks"), None);
        tell(lost, json!({"open": false, "outcome": "lost"}));
        assert_eq!(faults_of_the_books(&shop), Vec::<String>::new());
        // An amount that no act booked is found in either currency.
        for sql in [
            "UPDATE sale_tenders SET in_dispute = in_dispute + 10 WHERE in_dispute > 0",
            "UPDATE sale_tenders SET lost = lost - 10 WHERE lost > 0",
        ] {
            db.run_sql(sql).unwrap();
        }
        let told = faults_of_the_books(&shop);
        let named = |sale: &Value| told.iter().any(|f| f.contains(sale["id"].as_str().unwrap()));
        assert_eq!([open, won, lost].map(named), [true, false, true], "{told:?}");
    });
}
