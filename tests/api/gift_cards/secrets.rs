//! What must not get out: codes, PINs, and whether a guess was nearly right.

use super::{id, issue, look_up};
use crate::support::bodies::{back, hearts, plain};
use crate::support::shop::Shop;
use crate::support::{TestDb, on_each_database};
use diesel::RunQueryDsl;
use returndesk::store::Backend;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A body may hold a PIN and a printed code: what is kept of it must tell nothing to whoever can
/// hash.
#[test]
fn what_is_kept_of_a_request_is_under_a_secret_key() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let one =
            r#"{"amount":"9.00","currency":"USD","kind":"gift_card","pin":"4711","store":"0042",}"#;
        let many =
            r#"{"amount":"0","count":2,"currency":"USD","kind":"gift_card","store":"0042",}"#;
        for (path, canonical) in [("/v1/gift-cards", one), ("/v1/gift-cards/bulk", many)] {
            let body = serde_json::from_str(&canonical.replace(",}", "}")).unwrap();
            let answer = shop.supervisor().post_keyed(path, "key", &body);
            assert!(answer.status < 300, "{answer}");
            let kept: Vec<Kept> = diesel::sql_query("SELECT digest FROM idempotency")
                .load(&mut db.connect())
                .unwrap();
            assert!(!kept.is_empty());
            let plain = Sha256::digest(canonical);
            let twice = Sha256::digest(plain);
            assert!(
                kept.iter().all(|kept| kept.digest != plain[..] && kept.digest != twice[..]),
                "{path}"
            );
        }
    });
}

#[derive(diesel::QueryableByName)]
struct Kept {
    #[diesel(sql_type = diesel::sql_types::Binary)]
    digest: Vec<u8>,
}

#[test]
fn every_wrong_guess_is_answered_alike_and_too_many_are_slowed() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let body = json!({"kind": "gift_card", "amount": "9.00", "currency": "USD", "store": "0042", "pin": "4711"});
        let card = shop.supervisor().post_keyed("/v1/gift-cards", "pin", &body).expect(201).body;
        let code = card["code"].as_str().unwrap().to_owned();
        assert_eq!(card["pin_required"], true);
        assert_eq!(
            look_up(&shop.cashier(), &code, Some("4711")).expect(200).body["id"],
            card["id"]
        );

        let slipped = if code.ends_with('0') {
            format!("{}1", &code[..18])
        } else {
            format!("{}0", &code[..18])
        };
        let unknown = issue(&shop.another(), "1")["code"].as_str().unwrap().to_owned();
        let sound_but_unknown = returndesk::domain::gift_cards::code::of_random(&[7; 32]);
        assert!(
            look_up(&shop.cashier(), &unknown, None).status == 200,
            "a check that others are found"
        );
        let guesses = [
            (slipped.as_str(), None),
            (sound_but_unknown.as_str(), None),
            (code.as_str(), Some("0000")),
            (code.as_str(), None),
            ("?", Some("4711")),
        ];
        let told: Vec<_> = guesses
            .iter()
            .map(|(code, pin)| look_up(&shop.cashier(), code, *pin).expect(404))
            .collect();
        for answer in &told {
            assert_eq!((answer.code(), &answer.bytes), ("card_not_found", &told[0].bytes));
        }
        let failed = shop.logged("gift_card.lookup_failed");
        assert_eq!(failed.len(), 5);

        // Another cashier fails as often as a card bears: then the right PIN is no good either, for
        // a while.
        for _ in 0..5 {
            look_up(&shop.manager(), &code, Some("1111")).expect(404);
        }
        look_up(&shop.supervisor(), &code, Some("4711")).expect_problem(404, "card_not_found");
        shop.move_clock(jiff::SignedDuration::from_hours(25));
        look_up(&shop.supervisor(), &code, Some("4711")).expect(200);

        // One caller may fail ten times a minute.
        for _ in 0..10 {
            look_up(&shop.cashier(), &slipped, None).expect(404);
        }
        let slowed =
            look_up(&shop.cashier(), &slipped, None).expect_problem(429, "too_many_requests");
        assert!(slowed.header("retry-after").is_some());
        look_up(&shop.supervisor(), &code, Some("4711")).expect(200);
    });
}

/// Every text of every table, and the bytes of a SQLite file besides.
fn everything_stored(db: &TestDb) -> String {
    let mut connection = db.connect();
    let sqlite = db.backend() == Backend::Sqlite;
    let columns = match sqlite {
        true => {
            "SELECT m.name || '.' || p.name AS word FROM sqlite_master m JOIN pragma_table_info(m.name) p WHERE m.type = 'table'"
        }
        false => {
            "SELECT table_name || '.' || column_name AS word FROM information_schema.columns WHERE table_schema = 'public'"
        }
    };
    let columns: Vec<Word> = diesel::sql_query(columns).load(&mut connection).unwrap();
    assert!(columns.len() > 80, "{}", columns.len());
    let mut all = String::new();
    for column in columns {
        let (table, column) = column.word.split_once('.').unwrap();
        let sql = format!(
            "SELECT CAST(\"{column}\" AS text) AS word FROM \"{table}\" WHERE \"{column}\" IS NOT NULL"
        );
        let words: Vec<Word> = diesel::sql_query(sql).load(&mut connection).unwrap_or_default();
        words
            .into_iter()
            .for_each(|word| all.push_str(&format!("{table}.{column}: {}\n", word.word)));
    }
    if let Some(folder) = db.folder() {
        for file in std::fs::read_dir(folder).unwrap() {
            all.push_str(&String::from_utf8_lossy(&std::fs::read(file.unwrap().path()).unwrap()));
        }
    }
    all
}

#[derive(diesel::QueryableByName)]
struct Word {
    #[diesel(sql_type = diesel::sql_types::Text)]
    word: String,
}

#[test]
fn no_code_pin_or_key_is_anywhere_in_the_database() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let body = json!({"kind": "gift_card", "amount": "9.00", "currency": "USD", "store": "0042", "pin": "836251"});
        let issued = shop
            .supervisor()
            .post_keyed("/v1/gift-cards", "telltale-key-1", &body)
            .expect(201)
            .body;
        let sgcn = "(255)95012345678903000777";
        let printed = json!({"kind": "gift_card", "amount": "0", "currency": "USD", "store": "0042", "code": sgcn});
        let printed = shop
            .supervisor()
            .post_keyed("/v1/gift-cards", "telltale-key-2", &printed)
            .expect(201)
            .body;
        let sale = plain(&shop, "0042", 3, 10, "cash");
        shop.sell(&sale);
        let mut back = back(&sale, 1, 1);
        back["refund_to"] = json!("store_credit");
        let returned =
            shop.cashier().post_keyed("/v1/returns", "telltale-key-3", &back).expect(201).body;
        let card = hearts(&shop);
        shop.sell(&card);
        let by_card = shop.bring_back(&crate::support::bodies::back(&card, 1, 2));
        let path = format!("/v1/returns/{}/refunds/1/settlement", id(&by_card));
        let failed = json!({"outcome": "failed", "fallback": "store_credit"});
        let settled = shop.cashier().post_keyed(&path, "telltale-key-4", &failed).expect(200).body;
        let lost = format!("/v1/gift-cards/{}/replace", id(&issued));
        let new = shop
            .supervisor()
            .post_keyed(&lost, "telltale-key-5", &json!({"pin": "836252"}))
            .expect(201)
            .body;
        let many = json!({"kind": "gift_card", "amount": "0", "currency": "USD", "store": "0042", "count": 3});
        let many = shop
            .supervisor()
            .post_keyed("/v1/gift-cards/bulk", "telltale-key-6", &many)
            .expect(200)
            .text();
        let of_bulk =
            many.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["code"].clone());
        let mut codes: Vec<Value> = vec![
            issued["code"].clone(),
            printed["code"].clone(),
            returned["refunds"][0]["card"]["code"].clone(),
            settled["refunds"].as_array().unwrap().last().unwrap()["card"]["code"].clone(),
            new["code"].clone(),
        ];
        codes.extend(of_bulk);
        let codes: Vec<&str> = codes.iter().map(|code| code.as_str().unwrap()).collect();
        assert_eq!(codes.len(), 8);
        for code in &codes {
            look_up(&shop.cashier(), code, None);
            look_up(&shop.manager(), code, Some("836251"));
        }
        let stored = everything_stored(db);
        assert!(
            stored.contains(&format!("gift_cards.last4: {}", &codes[0][15..])),
            "the dump shows what is there"
        );
        assert!(
            stored.contains("gift-card-code/0"),
            "answers are kept with the places of their codes"
        );
        for code in codes {
            for spelling in [
                code.to_owned(),
                code.replace('-', ""),
                code.to_lowercase(),
                code.trim_start_matches("(255)").to_owned(),
            ] {
                assert!(!stored.contains(&spelling), "{spelling}");
            }
        }
        for secret in ["836251", "836252", "telltale-key"] {
            assert!(!stored.contains(secret), "{secret}");
        }
        let log = serde_json::to_string(&shop.log()).unwrap();
        assert!(!log.contains("telltale-key") && !log.contains(sgcn));
    });
}
