//! Texts as registers and people write them: card numbers and numbers that look like one, times in
//! any spelling, byte order marks, currencies; receipts, customers, serial numbers and identity
//! documents however they are typed.

use crate::support::bodies::{back, hearts, plain};
use crate::support::on_each_database;
use crate::support::shop::Shop;
use actix_web::http::Method;
use serde_json::{Value, json};

/// A sale of 10.00 by card, with these members of the sale, its first line or its tender.
fn sale(shop: &Shop, change: impl FnOnce(&mut Value)) -> Value {
    let mut sale = plain(shop, "0042", 1, 10, "credit_card");
    sale["tenders"][0]["reference"] = json!("tok_1");
    change(&mut sale);
    sale
}

/// Records the sale, which is taken.
#[track_caller]
fn taken(shop: &Shop, change: impl FnOnce(&mut Value)) -> Value {
    shop.till().post("/v1/sales", &sale(shop, change)).expect(201).body
}

/// Streams sales, all of which are taken.
#[track_caller]
fn all_taken(shop: &Shop, sales: &[Value]) {
    let lines: Vec<String> = sales.iter().map(Value::to_string).collect();
    let request = shop.till().request(Method::POST, "/v1/sales/import");
    let request = request.insert_header(("Content-Type", "application/x-ndjson"));
    let told = shop.ask(request.set_payload(lines.join("\n"))).expect(200).text();
    assert_eq!(told.matches("\"recorded\"").count(), sales.len(), "{told}");
}

/// Sends the sale, which is refused for one fault: its pointer and code.
#[track_caller]
fn refused(shop: &Shop, change: impl FnOnce(&mut Value)) -> (String, String) {
    let answer = shop.till().post("/v1/sales", &sale(shop, change));
    assert_eq!(answer.status, 422, "{answer}");
    let faults = answer.faults();
    assert_eq!(faults.len(), 1, "{answer}");
    faults.into_iter().next().unwrap()
}

fn fault(pointer: &str, code: &str) -> (String, String) {
    (pointer.to_owned(), code.to_owned())
}

// ---- card numbers

#[test]
fn numbers_of_identifiers_are_no_card_numbers() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        // L01: all of two hundred in a row.
        let numbers = 8_815_658_961_765_206_u64..8_815_658_961_765_406;
        let paid_by =
            |number: u64| sale(&shop, |s| s["tenders"][0]["reference"] = json!(number.to_string()));
        all_taken(&shop, &numbers.map(paid_by).collect::<Vec<_>>());
        let kept = taken(&shop, |s| {
            s["tenders"][0]["reference"] = json!("4242424242424242");
            s["customer"] = json!("9826000012345677");
            s["lines"][0]["gtin"] = json!("4000000000006");
            s["lines"][0]["serial_numbers"] = json!(["8944110065256270050"]);
        });
        assert_eq!(kept["customer"], "9826000012345677");
        taken(&shop, |s| s["lines"][0]["serial_numbers"] = json!(["490154203237518"]));
        let sold = sale(&shop, |_| ());
        shop.sell(&sold);
        let mut asked = back(&sold, 1, 1);
        asked["customer"] = json!({"id": "634004123456789017"});
        shop.cashier().post("/v1/returns/check", &asked).expect(200);
    });
}

#[test]
fn article_numbers_in_descriptions_are_no_card_numbers() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        // L05, and numbers of Germany, which begin like Visa's old ones of 13 digits.
        for first in [978_030_640_000_u64, 400_638_133_300] {
            let described = |number: u64| {
                let text = format!("Book ISBN {number}{}", check_digit(number));
                sale(&shop, |s| s["lines"][0]["description"] = json!(text))
            };
            all_taken(&shop, &(first..first + 100).map(described).collect::<Vec<_>>());
        }
        let all: Vec<String> = (978_030_640_000_u64..978_030_640_012)
            .map(|number| format!("{number}{}", check_digit(number)))
            .collect();
        taken(&shop, |s| s["lines"][0]["description"] = json!(all.join(" ")));
    });
}

/// The last digit of an EAN-13 (GS1 General Specifications 7.9).
fn check_digit(number: u64) -> u64 {
    let digits =
        (0..12).map(|place| (number / 10_u64.pow(place)) % 10 * [3, 1][place as usize % 2]);
    (10 - digits.sum::<u64>() % 10) % 10
}

#[test]
fn a_card_number_in_free_text_is_refused_in_every_form() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sold = sale(&shop, |_| ());
        shop.sell(&sold);
        for text in [
            "4242/4242/4242/4242",
            "4242_4242_4242_4242",
            "４２４２４２４２４２４２４２４２",
            "4242\n4242\r\n4242\n4242",
            "paid with 3782.822463.10005, keep",
            "٤٢٤٢ ٤٢٤٢ ٤٢٤٢ ٤٢٤٢",
        ] {
            let mut asked = back(&sold, 1, 1);
            asked["lines"][0]["note"] = json!(text);
            let answer = shop.cashier().post("/v1/returns/check", &asked).expect(422);
            assert_eq!(answer.faults(), [fault("/lines/0/note", "card_number_refused")], "{text}");
            assert_eq!(
                refused(&shop, |s| s["lines"][0]["description"] = json!(text)),
                fault("/lines/0/description", "card_number_refused")
            );
        }
        // I66: it reaches neither log nor answer.
        let headers = [("X-Request-Id", "4242-4242-4242-4242")];
        let answer = shop.till().post_with("/v1/sales", &headers, &sale(&shop, |_| ())).expect(201);
        let id = answer.header("x-request-id").unwrap();
        assert_eq!(id.len(), 36, "{id}");
        let logged = shop.logged("sale.recorded");
        assert!(logged.iter().any(|entry| entry["request_id"] == id));
        assert!(logged.iter().all(|entry| !entry.to_string().contains("4242-4242")));
    });
}

// ---- references

#[test]
fn a_reference_may_have_255_characters_wherever_one_stands() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let (longest, longer) = ("r".repeat(255), "r".repeat(256));
        let sold = sale(&shop, |s| s["tenders"][0]["reference"] = json!(longest));
        let kept = shop.sell(&sold);
        assert_eq!(kept["tenders"][0]["reference"], json!(longest));
        assert_eq!(
            refused(&shop, |s| s["tenders"][0]["reference"] = json!(longer)),
            fault("/tenders/0/reference", "too_long")
        );
        let returned = shop.bring_back(&back(&sold, 1, 1));
        assert_eq!(returned["refunds"][0]["reference"], json!(longest));
        let path = format!("/v1/returns/{}/refunds/1/settlement", returned["id"].as_str().unwrap());
        let settled = json!({"outcome": "settled", "reference": longest});
        let state = shop.till().post_keyed(&path, "s", &settled).expect(200).body;
        assert_eq!(state["refunds"][0]["settlement_reference"], json!(longest));
        let card =
            json!({"kind": "gift_card", "amount": "20.00", "currency": "USD", "store": "0042"});
        let card = shop.manager().post_keyed("/v1/gift-cards", "g", &card).expect(201).body;
        let path = format!("/v1/gift-cards/{}/redemptions", card["id"].as_str().unwrap());
        let redeem = json!({"amount": "5.00", "sale": longest, "code": card["code"]});
        let answer = shop.till().post_keyed(&path, "r", &redeem);
        assert_ne!(answer.code(), "too_long", "{answer}");
    });
}

// ---- times

#[test]
fn offsets_are_those_of_rfc_3339() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let at = |sold_at: &'static str, day: &'static str| {
            move |s: &mut Value| {
                s["sold_at"] = json!(sold_at);
                s["business_date"] = json!(day);
            }
        };
        // D05 and L10. The store is in New York, four or five hours behind.
        for (sold_at, day) in [
            ("2026-03-10T12:00:00+23:59", "2026-03-09"),
            ("2026-03-10T12:00:00-23:59", "2026-03-11"),
            ("2026-03-10T18:30:00+14:00", "2026-03-09"),
            ("2026-03-09T12:30:00-12:00", "2026-03-09"),
            ("2026-03-09T10:15:00+05:45", "2026-03-09"),
            ("2025-06-30T23:59:60Z", "2025-06-30"),
            ("2026-03-11T15:04:00Z", "2026-03-11"),
            ("1990-01-01T00:00:00Z", "1989-12-31"),
        ] {
            taken(&shop, at(sold_at, day));
        }
        for sold_at in [
            "2026-03-10T12:00:00+24:00",
            "2026-03-10T12:00:00-24:00",
            "2026-03-10T12:00:00+25:59",
            "2026-03-10T12:00:00+14:60",
            "2026-03-10T12:00:00+99:00",
            "2026-03-10T12:00:00+2:00",
            "2026-03-10T12:00:00+0200",
            "2026-03-10T24:00:00Z",
            "2026-03-10T10:00:00",
            "1989-12-31T23:59:59Z",
            "0001-01-01T00:00:00Z",
        ] {
            let day = if sold_at.starts_with("19") { "1989-12-31" } else { "2026-03-10" };
            assert_eq!(refused(&shop, at(sold_at, day)), fault("/sold_at", "invalid_value"));
        }
        let late = refused(&shop, at("2026-03-11T15:06:00Z", "2026-03-11"));
        assert_eq!(late, fault("/sold_at", "time_in_future"));
    });
}

#[test]
fn a_business_date_is_at_most_one_day_from_the_stores_date() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        // 22:30 on the 8th in New York, whatever day the register's offset makes of it.
        for sold_at in
            ["2026-03-09T02:30:00Z", "2026-03-09T16:30:00+14:00", "2026-03-08T14:30:00-12:00"]
        {
            for (day, near) in [
                ("2026-03-06", false),
                ("2026-03-07", true),
                ("2026-03-08", true),
                ("2026-03-09", true),
                ("2026-03-10", false),
            ] {
                let change = |s: &mut Value| {
                    s["sold_at"] = json!(sold_at);
                    s["business_date"] = json!(day);
                };
                if near {
                    taken(&shop, change);
                } else {
                    let found = refused(&shop, change);
                    assert_eq!(found, fault("/business_date", "invalid_value"), "{sold_at} {day}");
                }
            }
        }
    });
}

#[test]
fn nothing_is_delivered_before_it_is_sold() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        taken(&shop, |s| s["lines"][0]["delivered_on"] = json!("2026-03-11"));
        taken(&shop, |s| {
            s["business_date"] = json!("2026-03-10");
            s["lines"][0]["delivered_on"] = json!("2026-03-10");
        });
        for early in ["2026-03-10", "2025-12-01"] {
            let found = refused(&shop, |s| s["lines"][0]["delivered_on"] = json!(early));
            assert_eq!(found, fault("/lines/0/delivered_on", "invalid_value"));
        }
    });
}

#[test]
fn the_same_instant_in_another_spelling_is_the_same_sale() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let mut sold = hearts(&shop);
        sold["sold_at"] = json!("2026-03-11T10:05:09-04:00");
        let first = shop.till().post("/v1/sales", &sold).expect(201).body;
        for spelled in [
            "2026-03-11T10:05:09-04:00",
            "2026-03-11T14:05:09Z",
            "2026-03-11t14:05:09z",
            "2026-03-11T14:05:09+00:00",
            "2026-03-11T10:05:09.000-04:00",
            "2026-03-11T14:05:09.000000Z",
        ] {
            sold["sold_at"] = json!(spelled);
            sold["tenders"][1]["amount"] = json!("4.5");
            let again = shop.till().post("/v1/sales", &sold).expect(200).body;
            let mut expected = first.clone();
            expected.as_object_mut().unwrap().remove("recorded_at");
            assert_eq!(again, expected, "{spelled}");
        }
        for other in ["2026-03-11T14:05:10Z", "2026-03-11T14:05:09.001Z"] {
            sold["sold_at"] = json!(other);
            shop.till().post("/v1/sales", &sold).expect_problem(409, "receipt_exists");
        }
        sold["sold_at"] = json!("2026-03-11T14:05:09Z");
        sold["operator"] = json!("1002");
        shop.till().post("/v1/sales", &sold).expect_problem(409, "receipt_exists");
    });
}

// ---- byte order marks

#[test]
fn a_byte_order_mark_is_skipped() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let body = |text: &Value| format!("\u{feff}{text}");
        shop.till().post_text("/v1/sales", &[], &body(&hearts(&shop))).expect(201);
        shop.till().post_text("/v1/sales", &[], "\u{feff}").expect_problem(400, "malformed_json");
        let (first, last) = (hearts(&shop), hearts(&shop));
        for text in [format!("\u{feff}{first}\n{last}\n"), format!("\u{feff}\n{first}\n")] {
            let request = shop.till().request(Method::POST, "/v1/sales/import");
            let request = request.insert_header(("Content-Type", "application/x-ndjson"));
            let told = shop.ask(request.set_payload(text.clone())).expect(200).text();
            assert!(!told.contains("refused") && !told.is_empty(), "{text} {told}");
        }
    });
}

// ---- currencies

#[test]
fn a_store_trades_in_any_currency_of_today() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        for (code, zone) in [
            ("VED", "America/Caracas"),
            ("VES", "America/Caracas"),
            ("XCG", "America/Curacao"),
            ("ZWG", "Africa/Harare"),
        ] {
            let body =
                json!({"name": code, "time_zone": zone, "currency": code, "region": &code[..2]});
            let store = format!("/v1/stores/{code}");
            shop.admin().put(&store, &body).expect(201);
        }
        let body = json!({"name": "x", "time_zone": "UTC", "currency": "XAU", "region": "US"});
        shop.admin().put("/v1/stores/GOLD", &body).expect(422);
    });
}

// ---- identity documents

#[test]
fn one_identity_document_is_one_person_however_it_is_typed() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        shop.sell(&plain(&shop, "0042", 5, 10, "cash"));
        let bring = |path: &str, key: &str, document: &str| {
            let body = json!({"store": "0042", "register": "7", "customer": {"identification": document},
                "lines": [{"sku": "MUG-1", "quantity": "1", "reason": "changed_mind", "condition": "unopened"}]});
            shop.cashier().post_keyed(path, key, &body)
        };
        // H04: three in ninety days, spelled in three ways.
        for (key, document) in [("1", "AB-12 34"), ("2", "ab1234"), ("3", "AB 12-34")] {
            bring("/v1/returns", key, document).expect(201);
        }
        for document in [
            "a b 1 2 3 4",
            "AB\u{2011}1234",
            "AB\u{a0}1234",
            "ＡＢ１２３４", // fullwidth: M16, X05
            "AB١٢٣٤",       // Arabic digits: X06
            "ab۱2۳4",
            "АВ1234", // Cyrillic: X03
            "ΑΒ1234", // Greek
        ] {
            let checked = bring("/v1/returns/check", "c", document).expect(200).body;
            assert_eq!(checked["decision"], "needs_approval", "{document} {checked}");
            let found = checked["findings"].as_array().unwrap();
            assert!(found.iter().any(|f| f["code"] == "velocity_exceeded"), "{document}");
        }
        let other = bring("/v1/returns/check", "c", "AB1235").expect(200).body;
        assert_eq!(other["decision"], "allowed", "{other}");
        for document in ["AB\u{200b}1234", "AB\u{202e}1234", "AB\t1234", "- -"] {
            let answer = bring("/v1/returns/check", "c", document).expect(422);
            let pointer = fault("/customer/identification", "invalid_value");
            assert_eq!(answer.faults(), [pointer], "{document:?}");
        }
    });
}

// ---- identifiers, however they are typed

#[test]
fn a_receipt_is_the_same_however_it_is_typed() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let mut sold = sale(&shop, |s| {
            s["receipt"] = json!("F-Straße\u{a0}26 a1");
            s["customer"] = json!("C-77ä");
        });
        let id = shop.sell(&sold)["id"].clone();
        // F28 and F30: with other letters, other digits, other spaces it is no other sale.
        for receipt in [
            "f-STRASSE 26 A1",
            " F-Straße  26  a1 ",
            "Ｆ-Straße 26 a1",
            "F-Strаße 26 а1", // Cyrillic
            "F-straße\u{3000}26 A1",
        ] {
            sold["receipt"] = json!(receipt);
            shop.till().post("/v1/sales", &sold).expect_problem(409, "receipt_exists");
            let checked =
                shop.cashier().post("/v1/returns/check", &back(&sold, 1, 1)).expect(200).body;
            assert_eq!(checked["lines"][0]["sale"], id, "{receipt}");
            let mut elsewhere = back(&sold, 1, 1);
            elsewhere["sale"]["store"] = json!("0042");
            shop.cashier().post("/v1/returns/check", &elsewhere).expect(200);
        }
        let found = |query: &str| {
            let list = shop.cashier().get(&format!("/v1/sales?{query}")).expect(200).body;
            let ids = list["items"].as_array().unwrap().iter().map(|sale| sale["id"].clone());
            ids.collect::<Vec<_>>()
        };
        assert_eq!(found("receipt=f-strasse%2026%20A1"), std::slice::from_ref(&id));
        assert_eq!(found("customer=c-77%C3%84"), std::slice::from_ref(&id));
        // Kept and shown as sent.
        let shown = shop.cashier().get(&format!("/v1/sales/{}", id.as_str().unwrap())).expect(200);
        assert_eq!(shown.body["receipt"], "F-Straße\u{a0}26 a1");
        assert_eq!(shown.body["customer"], "C-77ä");
        // What looks different is another number.
        for receipt in ["F-Straße 26 al", "F-Strase 26 a1", "F-Straße26 a1"] {
            taken(&shop, |s| s["receipt"] = json!(receipt));
        }
        for (receipt, code) in
            [("R\u{200b}1", 0x200b), ("R\u{202e}1", 0x202e), ("R\u{1}1", 1), ("R\n1", 0xa)]
        {
            let refused =
                shop.till().post("/v1/sales", &sale(&shop, |s| s["receipt"] = json!(receipt)));
            assert_eq!(refused.faults(), [fault("/receipt", "invalid_value")], "U+{code:04X}");
        }
    });
}

#[test]
fn two_spellings_of_a_receipt_in_one_batch_are_one_sale() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let first = sale(&shop, |s| s["receipt"] = json!("Batch-1"));
        let second = sale(&shop, |s| s["receipt"] = json!("batch-1"));
        let request = shop.till().request(Method::POST, "/v1/sales/import");
        let request = request.insert_header(("Content-Type", "application/x-ndjson"));
        let told = shop.ask(request.set_payload(format!("{first}\n{second}\n"))).expect(200).text();
        let codes: Vec<Value> =
            told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(codes[0]["status"], "recorded");
        assert_eq!(codes[1]["problem"]["code"], "receipt_exists");
    });
}

#[test]
fn a_serial_number_is_the_same_however_it_is_typed() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let mut sold = plain(&shop, "0042", 2, 10, "cash");
        sold["lines"][0]["serial_numbers"] = json!(["SN-1a", "SN-2"]);
        shop.sell(&sold);
        let mut body = back(&sold, 1, 1);
        body["lines"][0]["serial_number"] = json!("sn-1A ");
        let returned = shop.bring_back(&body);
        assert_eq!(returned["lines"][0]["serial_number"], "sn-1A ");
        body["lines"][0]["serial_number"] = json!("ＳＮ-1a");
        let again = shop.cashier().post("/v1/returns/check", &body).expect(200).body;
        assert_eq!(again["lines"][0]["findings"][0]["code"], "already_returned", "{again}");
        let list = shop.cashier().get("/v1/sales?serial_number=Sn-1A").expect(200).body;
        assert_eq!(list["items"].as_array().unwrap().len(), 1);
        // Without the receipt: the unit stands on one.
        let bare = json!({"store": "0042", "register": "7", "customer": {"identification": "X1"},
            "lines": [{"sku": "MUG-1", "quantity": "1", "serial_number": "sn-2", "reason": "changed_mind",
                "condition": "unopened"}]});
        let checked = shop.cashier().post("/v1/returns/check", &bare).expect(200).body;
        let found = checked["lines"][0]["findings"].as_array().unwrap();
        assert!(found.iter().any(|f| f["code"] == "serial_mismatch"), "{checked}");
        let twice = refused(&shop, |s| {
            s["lines"][0]["quantity"] = json!("2");
            s["lines"][0]["net"] = json!("20.00");
            s["tenders"][0]["amount"] = json!("20.00");
            s["total"] = json!("20.00");
            s["lines"][0]["serial_numbers"] = json!(["A-1", "a-1"]);
        });
        assert_eq!(twice, fault("/lines/0/serial_numbers/1", "invalid_value"));
    });
}

#[test]
fn a_customer_is_the_same_however_it_is_typed() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        shop.sell(&plain(&shop, "0042", 9, 10, "cash"));
        let bring = |path: &str, key: &str, customer: &str| {
            let body = json!({"store": "0042", "register": "7", "customer": {"id": customer, "identification": key},
                "lines": [{"sku": "MUG-1", "quantity": "1", "reason": "changed_mind", "condition": "unopened"}]});
            shop.cashier().post_keyed(path, key, &body)
        };
        for (key, customer) in [("1", "Cust-7"), ("2", "CUST-7"), ("3", " cust-7")] {
            bring("/v1/returns", key, customer).expect(201);
        }
        let checked = bring("/v1/returns/check", "4", "Ｃust-7").expect(200).body;
        let found = checked["findings"].as_array().unwrap();
        assert!(found.iter().any(|f| f["code"] == "velocity_exceeded"), "{checked}");
        let list = shop.auditor().get("/v1/returns?customer=cUST-7").expect(200).body;
        assert_eq!(list["items"].as_array().unwrap().len(), 3);
        // Nobody approves their own purchase, whatever the spelling of their number.
        let hire =
            json!({"name": "Ana", "roles": ["cashier"], "stores": ["0042"], "customer": "C-Ana"});
        shop.admin().put("/v1/operators/1042", &hire).expect(201);
        let sold = sale(&shop, |s| s["customer"] = json!("c-ANA"));
        shop.sell(&sold);
        let own = shop.caller("1042", returndesk::domain::caller::Role::Cashier);
        let checked = own.post("/v1/returns/check", &back(&sold, 1, 1)).expect(200).body;
        let found = checked["findings"].as_array().unwrap();
        assert!(found.iter().any(|f| f["code"] == "own_purchase"), "{checked}");
    });
}
