//! Reports from an export of the log alone, as an analyst without the database makes them.

use crate::support::bodies::{back, hearts, plain};
use crate::support::on_each_database;
use crate::support::shop::Shop;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// An amount in cents.
fn cents(text: &Value) -> i64 {
    text.as_str().unwrap().replace('.', "").parse().unwrap()
}

/// Sums of cents by customer.
type Sums = BTreeMap<String, i64>;

/// The net of sale lines and of what came back of them for a reason, by sale and line.
#[derive(Default)]
struct Goods {
    sold: BTreeMap<(String, u64), i64>,
    /// The customer of each sale.
    customer: BTreeMap<String, String>,
    /// By return: sale, line, net.
    returned: BTreeMap<String, Vec<(String, u64, i64)>>,
}

impl Goods {
    /// TPC-DS, query 93: what customers paid for goods that came back for a reason, less what came
    /// back. Lines of which nothing came back for it do not count.
    fn q93(&self) -> Sums {
        let mut back: BTreeMap<(String, u64), i64> = BTreeMap::new();
        for (sale, line, net) in self.returned.values().flatten() {
            *back.entry((sale.clone(), *line)).or_default() += net;
        }
        let mut sums = Sums::new();
        for (place, net) in &back {
            let customer = self.customer[&place.0].clone();
            *sums.entry(customer).or_default() += self.sold[place] - net;
        }
        sums
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// What the entries of an export say, and nothing else.
fn of_export(export: &str, reason: &str) -> Goods {
    let mut goods = Goods::default();
    let lines = export.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    for line in lines.filter(|line| line["entry"].is_object()) {
        let (entry, data) = (&line["entry"], &line["entry"]["data"]);
        match entry["event"].as_str().unwrap() {
            "sale.recorded" => {
                let sale = text(&entry["subject_id"]);
                for item in data["items"].as_array().unwrap() {
                    let place = (sale.clone(), item["line"].as_u64().unwrap());
                    goods.sold.insert(place, cents(&item["net"]));
                }
                let customer = data["customer_ref"].as_str().unwrap_or("nobody");
                goods.customer.insert(sale, customer.to_owned());
            }
            "return.recorded" if data["training"] == false => {
                let lines = data["decision"]["lines"].as_array().unwrap().iter();
                let mine =
                    lines.filter(|line| line["reason"] == reason && line["sale"].is_string());
                let place =
                    |line: &Value| (text(&line["sale"]), line["sale_line"].as_u64().unwrap());
                let back = mine.map(|line| (place(line).0, place(line).1, cents(&line["net"])));
                goods.returned.insert(text(&entry["subject_id"]), back.collect());
            }
            "return.voided" => drop(goods.returned.remove(entry["subject_id"].as_str().unwrap())),
            _ => {}
        }
    }
    goods
}

/// What the database says, through the lists.
fn of_database(shop: &Shop, reason: &str) -> Goods {
    let mut goods = Goods::default();
    let items = |path: &str| shop.auditor().get(path).expect(200).body["items"].clone();
    for sale in items("/v1/sales?limit=500").as_array().unwrap() {
        for line in sale["lines"].as_array().unwrap() {
            let place = (text(&sale["id"]), line["line"].as_u64().unwrap());
            goods.sold.insert(place, cents(&line["net"]));
        }
        let customer = sale["customer"].as_str().unwrap_or("nobody");
        goods.customer.insert(text(&sale["id"]), customer.to_owned());
    }
    for recorded in items("/v1/returns?limit=500&status=completed").as_array().unwrap() {
        let lines = recorded["lines"].as_array().unwrap().iter();
        let mine = lines.filter(|line| line["reason"] == reason && line["sale"].is_string());
        let place = |line: &Value| (text(&line["sale"]), line["sale_line"].as_u64().unwrap());
        let back = mine.map(|line| (place(line).0, place(line).1, cents(&line["net"])));
        goods.returned.insert(text(&recorded["id"]), back.collect());
    }
    goods
}

/// Sales of three customers and of nobody; some of each comes back, for two reasons, once too
/// often, and once without a receipt.
fn trade(shop: &Shop) {
    let mut voided = None;
    for (number, customer) in ["C-1", "C-2", "C-3", "", "C-1"].into_iter().enumerate() {
        let mut sale =
            if number % 2 == 0 { hearts(shop) } else { plain(shop, "0042", 3, 7, "cash") };
        sale["customer"] = if customer.is_empty() { Value::Null } else { json!(customer) };
        shop.sell(&sale);
        for reason in ["defective", "gift"] {
            let mut body = back(&sale, 1, 1);
            body["lines"][0]["reason"] = json!(reason);
            voided = Some(shop.bring_back(&body)["id"].clone());
        }
    }
    let path = format!("/v1/returns/{}/void", voided.unwrap().as_str().unwrap());
    shop.supervisor().post_keyed(&path, "void", &json!({"reason": "mistake"})).expect(200);
    let bare = json!({"store": "0042", "register": "7", "customer": {"identification": "D-1"},
        "refund_to": "store_credit",
        "lines": [{"sku": "MUG-1", "quantity": "1", "reason": "gift", "condition": "unopened"}]});
    shop.bring_back(&bare);
}

#[test]
fn net_sales_after_returns_by_reason_come_out_of_an_export_as_out_of_the_database() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        trade(&shop);
        let export = shop.auditor().get("/v1/audit/export?format=ndjson&store=0042").expect(200);
        let export = export.text();
        for customer in ["C-1", "C-2", "C-3"] {
            assert!(!export.contains(customer), "{customer} is in the log");
        }
        // The shop, which has the key, can tell whose reference it is.
        let hasher = shop.service().keys.hasher().unwrap();
        let reference = |customer: &str| -> String {
            let hash = hasher.hash("customer", customer);
            hash[..16].iter().map(|byte| format!("{byte:02x}")).collect()
        };
        let named = |customer: &String| match customer.as_str() {
            "nobody" => customer.clone(),
            known => reference(known),
        };
        let mut found = Vec::new();
        for reason in ["defective", "gift", "late"] {
            let expected = of_database(&shop, reason).q93();
            let expected: Sums =
                expected.iter().map(|(customer, sum)| (named(customer), *sum)).collect();
            let told = of_export(&export, reason).q93();
            assert_eq!(told, expected, "{reason}");
            found.push((told.len(), told.values().sum::<i64>()));
        }
        // Three hearts of 22.50 with one of two back, two times three mugs of 7.00 with one back;
        // the last of the gifts was voided.
        let (hearts, mugs) = (1_125, 1_400);
        assert_eq!(found, [(4, 3 * hearts + 2 * mugs), (4, 2 * hearts + 2 * mugs), (0, 0)]);
    });
}

#[test]
fn what_was_sold_is_in_the_log_by_line_with_its_taxes() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        shop.sell(&hearts(&shop));
        let entry = &shop.logged("sale.recorded")[0]["data"];
        let items = json!([{"line": 1, "sku": "85123A", "quantity": "2", "net": "22.50",
            "taxes": [{"code": "NY", "amount": "2.00"}]}]);
        assert_eq!((&entry["items"], &entry["lines"]), (&items, &json!(1)));
    });
}
