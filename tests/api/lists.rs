//! Lists: walked by their links, stable while rows are added, strict about what is asked.

use crate::support::bodies::{back, plain};
use crate::support::on_each_database;
use crate::support::shop::Shop;
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn sell(shop: &Shop, count: usize) -> Vec<Value> {
    let sold = (0..count).map(|_| {
        shop.move_clock(SignedDuration::from_secs(1));
        shop.sell(&plain(shop, "0042", 1, 10, "cash"))["id"].clone()
    });
    sold.collect()
}

/// The ids of all pages, walked by their links; `between` happens after each page.
fn walk(shop: &Shop, path: &str, between: &dyn Fn()) -> Vec<Value> {
    let (mut path, mut ids) = (path.to_owned(), Vec::new());
    loop {
        let page = shop.cashier().get(&path).expect(200);
        ids.extend(page.body["items"].as_array().unwrap().iter().map(|item| item["id"].clone()));
        between();
        let Some(link) = page.header("link") else {
            assert_eq!(page.body["next_cursor"], Value::Null);
            return ids;
        };
        assert!(link.contains(page.body["next_cursor"].as_str().unwrap()), "{link}");
        path = link
            .strip_prefix('<')
            .and_then(|link| link.strip_suffix(">; rel=\"next\""))
            .unwrap()
            .to_owned();
    }
}

#[test]
fn pages_neither_repeat_nor_skip_while_rows_are_added() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let mut sold = sell(&shop, 7);
        sold.reverse();
        assert_eq!(walk(&shop, "/v1/sales?limit=2", &|| ()), sold, "newest first");
        assert_eq!(walk(&shop, "/v1/sales?sku=MUG-1&limit=7", &|| ()), sold);
        assert_eq!(
            walk(&shop, "/v1/sales?limit=3", &|| drop(sell(&shop, 2))),
            sold,
            "rows added meanwhile come before"
        );
        let returned: Vec<Value> = (0..5)
            .map(|_| {
                shop.move_clock(SignedDuration::from_secs(1));
                let sale = plain(&shop, "0042", 1, 10, "cash");
                shop.sell(&sale);
                shop.bring_back(&back(&sale, 1, 1))["id"].clone()
            })
            .collect();
        let walked = walk(&shop, "/v1/returns?operator=1042&limit=2", &|| ());
        assert!(walked.iter().eq(returned.iter().rev()));
    });
}

#[test]
fn returns_are_found_by_what_is_known_of_them() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let (sale, other) =
            (plain(&shop, "0042", 2, 10, "cash"), plain(&shop, "0042", 2, 10, "cash"));
        let sold = shop.sell(&sale)["id"].as_str().unwrap().to_owned();
        shop.sell(&other);
        let mut body = back(&sale, 1, 1);
        body["customer"] = json!({"id": "C-9"});
        let first = shop.bring_back(&body)["id"].clone();
        shop.move_days(1);
        let second = shop.bring_back(&back(&other, 1, 1))["id"].clone();
        let void = format!("/v1/returns/{}/void", second.as_str().unwrap());
        shop.manager().post_keyed(&void, "v", &json!({"reason": "mistake"})).expect(200);
        let table = [
            (format!("sale={sold}"), vec![&first]),
            ("customer=C-9".into(), vec![&first]),
            ("operator=1042".into(), vec![&second, &first]),
            ("operator=9".into(), vec![]),
            ("status=voided".into(), vec![&second]),
            ("status=completed".into(), vec![&first]),
            ("from=2026-03-12".into(), vec![&second]),
            ("to=2026-03-11&store=0042".into(), vec![&first]),
            ("store=0043".into(), vec![]),
        ];
        for (query, expected) in table {
            assert!(
                walk(&shop, &format!("/v1/returns?{query}"), &|| ()).iter().eq(expected),
                "{query}"
            );
        }
    });
}

#[test]
fn stores_registers_operators_and_versions_have_pages_too() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let pages = |path: &str| -> Vec<usize> {
            let (mut next, mut sizes) = (format!("{path}?limit=2"), Vec::new());
            loop {
                let page = shop.admin().get(&next).expect(200);
                sizes.push(page.body["items"].as_array().unwrap().len());
                let Some(cursor) = page.body["next_cursor"].as_str() else { return sizes };
                next = format!("{path}?limit=2&cursor={cursor}");
            }
        };
        for number in 1..=3 {
            shop.admin()
                .put(&format!("/v1/stores/0042/registers/{number}"), &json!({}))
                .expect(201);
            let operator = json!({"name": "x", "roles": ["cashier"], "stores": ["0042"]});
            shop.admin().put(&format!("/v1/operators/{number}"), &operator).expect(201);
        }
        let standard =
            shop.author().get("/v1/policies/standard/versions/1").expect(200).body["document"]
                .clone();
        shop.author().post("/v1/policies/standard/versions", &standard).expect(201);
        shop.author().post("/v1/policies/standard/versions", &standard).expect(201);
        for path in [
            "/v1/stores",
            "/v1/stores/0042/registers",
            "/v1/operators",
            "/v1/policies/standard/versions",
        ] {
            assert_eq!(pages(path), [2, 1], "{path}");
        }
    });
}

#[test]
fn the_log_is_walked_without_gaps() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        sell(&shop, 9);
        let (mut path, mut seen) = ("/v1/audit/events?limit=3".to_owned(), BTreeSet::new());
        loop {
            let page = shop.auditor().get(&path).expect(200).body;
            for item in page["items"].as_array().unwrap() {
                assert!(
                    seen.insert((
                        item["entry"]["store"].to_string(),
                        item["entry"]["seq"].as_u64()
                    )),
                    "twice: {item}"
                );
            }
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("/v1/audit/events?limit=3&cursor={cursor}");
        }
        assert_eq!(seen.len(), shop.log().len());
        let of_sales = shop
            .auditor()
            .get("/v1/audit/events?store=0042&event=sale.recorded&from=2026-03-11&to=2026-03-12");
        assert_eq!(of_sales.expect(200).body["items"].as_array().unwrap().len(), 9);
    });
}

#[test]
fn what_is_asked_is_understood_or_refused() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let refuse = |path: &str, code: &str, pointers: &[&str]| {
            let caller = if path.contains("audit") { shop.auditor() } else { shop.cashier() };
            let refused = caller.get(path).expect_problem(400, code);
            let named: Vec<_> = refused.faults().into_iter().map(|(pointer, _)| pointer).collect();
            assert_eq!(named, pointers, "{path}");
        };
        for list in [
            "/v1/sales",
            "/v1/returns",
            "/v1/stores",
            "/v1/policies/standard/versions",
            "/v1/audit/events",
        ] {
            refuse(&format!("{list}?limit=0"), "invalid_parameter", &["?limit"]);
            refuse(
                &format!("{list}?limit=501&colour=red"),
                "invalid_parameter",
                &["?limit", "?colour"],
            );
            refuse(&format!("{list}?cursor=nonsense"), "invalid_cursor", &[]);
        }
        refuse("/v1/sales?cursor=MTp4", "invalid_cursor", &[]);
        refuse("/v1/returns?cursor=MTp4", "invalid_cursor", &[]);
        refuse("/v1/policies/standard/versions?cursor=MTp4", "invalid_cursor", &[]);
        refuse("/v1/audit/events?cursor=MTp4", "invalid_cursor", &[]);
        refuse(
            "/v1/sales?from=yesterday&receipt=&store=1&store=2",
            "invalid_parameter",
            &["?receipt", "?store", "?from"],
        );
        refuse("/v1/returns?status=lost&sale=7", "invalid_parameter", &["?sale", "?status"]);
        refuse("/v1/audit/events?event=party", "invalid_parameter", &["?event"]);
        refuse("/v1/audit/events?from=now", "invalid_parameter", &["?from"]);
        refuse("/v1/audit/export?format=docx", "invalid_parameter", &["?format"]);
    });
}

/// Sales of which nothing, one unit and all is back, and one that was taken back with its
/// exchange; returns for two reasons, one without a receipt. Their ids, in that order.
fn mixed(shop: &Shop) -> [Vec<Value>; 2] {
    // Ids of one instant are in no order.
    let later = || shop.move_clock(SignedDuration::from_secs(1));
    let sell = |sale: &Value| {
        later();
        shop.sell(sale)["id"].clone()
    };
    let bring_back = |body: &Value| {
        later();
        shop.bring_back(body)
    };
    let receipts: Vec<Value> = (0..3).map(|_| plain(shop, "0042", 2, 10, "cash")).collect();
    let mut sales: Vec<Value> = receipts.iter().map(sell).collect();
    let for_reason = |sale: &Value, units: u32, reason: &str| {
        let mut body = back(sale, 1, units);
        body["lines"][0]["reason"] = json!(reason);
        body
    };
    let mut returns = vec![bring_back(&for_reason(&receipts[1], 1, "defective"))["id"].clone()];
    returns.push(bring_back(&for_reason(&receipts[2], 2, "wrong_size"))["id"].clone());
    let bare = json!({"store": "0042", "register": "7", "customer": {"id": "C-5", "identification": "D-1"},
        "refund_to": "store_credit",
        "lines": [{"sku": "MUG-1", "quantity": "1", "reason": "gift", "condition": "unopened"}]});
    returns.push(bring_back(&bare)["id"].clone());
    let even = plain(shop, "0042", 1, 10, "cash");
    sales.push(sell(&even));
    let mut exchanged = for_reason(&even, 1, "wrong_size");
    exchanged["exchange"] = json!({"lines": [{"sku": "MUG-2", "quantity": "1", "unit_price": "10.00",
        "net": "10.00"}]});
    let exchanged = bring_back(&exchanged);
    returns.push(exchanged["id"].clone());
    sales.push(exchanged["exchange"]["sale"].clone());
    let void = format!("/v1/returns/{}/void", exchanged["id"].as_str().unwrap());
    shop.manager().post_keyed(&void, "v", &json!({"reason": "mistake"})).expect(200);
    [sales, returns]
}

/// The members of `whole` that `short` has, too.
fn in_short(whole: &Value, short: &Value) -> Value {
    let members = short.as_object().unwrap().keys();
    members.map(|name| (name.clone(), whole[name].clone())).collect()
}

#[test]
fn a_summary_says_in_short_what_the_whole_entry_says() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        mixed(&shop);
        let items = |path: &str| shop.auditor().get(path).expect(200).body["items"].clone();
        let (whole, short) = (items("/v1/sales"), items("/v1/sales?view=summary"));
        let statuses = ["voided", "sold", "returned", "partly_returned", "sold"];
        let refunded = ["10.00", "0.00", "20.00", "10.00", "0.00"];
        for (place, sale) in short.as_array().unwrap().iter().enumerate() {
            let mut expected = in_short(&whole[place], sale);
            expected["status"] = json!(statuses[place]);
            expected["customer"] = whole[place]["customer"].clone();
            // Money carried back into the first sale is refunded to it no longer.
            let back = whole[place]["tenders"].as_array().unwrap().iter();
            let back: i64 = back
                .map(|t| t["refunded"].as_str().unwrap().replace('.', "").parse::<i64>().unwrap())
                .sum();
            expected["refunded"] = json!(format!("{}.{:02}", back / 100, back % 100));
            assert_eq!(*sale, expected);
            assert!(sale["refunded"] == refunded[place] || place == 0, "{sale}");
        }
        assert_eq!(short.as_array().unwrap().len(), 5);
        let (whole, short) = (items("/v1/returns"), items("/v1/returns?view=summary"));
        let reasons = ["wrong_size", "gift", "wrong_size", "defective"];
        for (place, back) in short.as_array().unwrap().iter().enumerate() {
            let mut expected = in_short(&whole[place], back);
            expected["reasons"] = json!([reasons[place]]);
            expected["refund"] = whole[place]["totals"]["refund"].clone();
            expected["customer"] = whole[place]["customer"]["id"].clone();
            assert_eq!(*back, expected);
        }
        assert_eq!(short.as_array().unwrap().len(), 4);
        shop.auditor().get("/v1/sales?view=half").expect_problem(400, "invalid_parameter");
    });
}

#[test]
fn sales_and_returns_are_found_by_status_article_and_reason() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let [sales, returns] = mixed(&shop);
        let table = [
            ("/v1/sales?status=sold", vec![&sales[3], &sales[0]]),
            ("/v1/sales?status=partly_returned", vec![&sales[1]]),
            ("/v1/sales?status=returned&store=0042", vec![&sales[2]]),
            ("/v1/sales?status=voided", vec![&sales[4]]),
            ("/v1/sales?status=voided&sku=MUG-1", vec![]),
            ("/v1/sales?reason=wrong_size", vec![&sales[2]]),
            ("/v1/sales?reason=defective&status=partly_returned", vec![&sales[1]]),
            ("/v1/sales?reason=defective&status=returned", vec![]),
            ("/v1/sales?reason=gift", vec![]),
            ("/v1/returns?reason=wrong_size", vec![&returns[3], &returns[1]]),
            ("/v1/returns?reason=wrong_size&status=completed", vec![&returns[1]]),
            ("/v1/returns?reason=gift", vec![&returns[2]]),
            ("/v1/returns?reason=gift&customer=C-5", vec![&returns[2]]),
            ("/v1/returns?reason=gift&store=0043", vec![]),
            ("/v1/returns?reason=late", vec![]),
            ("/v1/returns?sku=MUG-1", vec![&returns[3], &returns[2], &returns[1], &returns[0]]),
            ("/v1/returns?sku=MUG-1&reason=defective", vec![&returns[0]]),
            ("/v1/returns?sku=MUG-2", vec![]),
        ];
        for (path, expected) in table {
            for more in ["&limit=1", "&limit=1&view=summary", "&limit=50"] {
                let found = walk(&shop, &format!("{path}{more}"), &|| ());
                assert!(found.iter().eq(expected.iter().copied()), "{path}{more}: {found:?}");
            }
        }
    });
}
