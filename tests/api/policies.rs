//! Policies: drafted by one person, published by another, never changed; and which version governs.

use crate::support::bodies::{back, plain};
use crate::support::on_each_database;
use crate::support::shop::Shop;
use serde_json::{Value, json};

const VERSIONS: &str = "/v1/policies/standard/versions";

/// Whoever comes within so many days is welcome, everybody else is refused.
fn days(days: u32) -> Value {
    json!({"currency": "USD", "governed_by": "sale", "rules": [{"id": "default", "when": {}, "set": {
        "window": {"days": days, "after": "refuse"}, "conditions": ["unopened", "opened"],
        "refund_to": {"*": ["original", "store_credit"]}}}]})
}

#[test]
fn a_version_is_drafted_by_one_and_published_by_another() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let drafted = shop.author().post(VERSIONS, &days(10)).expect(201);
        let mut shown = json!({"name": "standard", "version": 2, "status": "draft", "author": "3001",
            "drafted_at": "2026-03-11T15:00:00Z", "effective_from": null, "published_at": null, "publisher": null,
            "document": drafted.body["document"]});
        assert_eq!(
            (&drafted.body, drafted.header("location")),
            (&shown, Some("/v1/policies/standard/versions/2"))
        );
        assert_eq!(drafted.body["document"]["rules"][0]["set"]["window"]["days"], 10);
        let publish = format!("{VERSIONS}/2/publish");
        shop.author().post(&publish, &json!({})).expect_problem(403, "publisher_is_author");
        let past = json!({"effective_from": "2026-03-11T14:59:59Z"});
        shop.publisher().post(&publish, &past).expect_problem(422, "policy_invalid");
        shop.publisher()
            .post(&format!("{VERSIONS}/3/publish"), &json!({}))
            .expect_problem(404, "not_found");
        let later = json!({"effective_from": "2026-04-01T00:00:00-04:00"});
        let published = shop.publisher().post(&publish, &later).expect(200);
        shown["status"] = json!("published");
        shown["effective_from"] = json!("2026-04-01T04:00:00Z");
        shown["published_at"] = json!("2026-03-11T15:00:00Z");
        shown["publisher"] = json!("3002");
        assert_eq!(published.body, shown);
        shop.publisher().post(&publish, &json!({})).expect_problem(409, "policy_published");
        let read = shop.cashier().get(&format!("{VERSIONS}/2")).expect(200);
        assert_eq!(read.body, shown);
        shop.cashier()
            .get_with(&format!("{VERSIONS}/2"), &[("If-None-Match", read.header("etag").unwrap())])
            .expect(304);
        let listed = shop.cashier().get(VERSIONS).expect(200).body;
        let numbers: Vec<_> = listed["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["version"].clone())
            .collect();
        assert_eq!((numbers, &listed["items"][1]), (vec![json!(1), json!(2)], &shown));
        let events = ["policy.drafted", "policy.refused"].map(|event| shop.logged(event).len());
        assert_eq!(events, [1, 3], "a refused publication is an entry");
    });
}

#[test]
fn a_sale_is_judged_by_the_version_of_its_day_unless_the_policy_says_otherwise() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        shop.publish("standard", &days(10));
        let sale = plain(&shop, "0042", 3, 10, "cash");
        shop.sell(&sale);
        let decided = |sale: &Value| {
            let decision =
                shop.cashier().post("/v1/returns/check", &back(sale, 1, 1)).expect(200).body;
            (
                decision["policy"]["version"].as_u64().unwrap(),
                decision["decision"].as_str().unwrap().to_owned(),
            )
        };
        assert_eq!(decided(&sale), (2, "allowed".into()));
        shop.move_days(1);
        shop.publish("standard", &days(0));
        shop.move_days(5);
        assert_eq!(decided(&sale), (2, "allowed".into()), "bought under version 2");
        let newer = plain(&shop, "0042", 1, 10, "cash");
        shop.sell(&newer);
        shop.move_days(1);
        assert_eq!(decided(&newer), (3, "refused".into()));
        let mut of_the_return = days(60);
        of_the_return["governed_by"] = json!("return");
        shop.publish("standard", &of_the_return);
        assert_eq!(
            decided(&newer),
            (4, "allowed".into()),
            "the version in force says that it governs"
        );
        shop.move_days(20);
        assert_eq!(decided(&sale).1, "allowed");
    });
}

#[test]
fn documents_with_faults_are_refused_with_all_of_them() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let mut document = days(10);
        document["rules"][0]["set"]["window"]["after"] = json!("perhaps");
        document["rules"][0]["when"] = json!({"phase_of_moon": ["full"]});
        document["colour"] = json!("red");
        let refused = shop.author().post(VERSIONS, &document).expect(422);
        let pointers: Vec<_> = refused.faults().into_iter().map(|(pointer, _)| pointer).collect();
        for pointer in ["/colour", "/rules/0/when/phase_of_moon", "/rules/0/set/window/after"] {
            assert!(
                pointers.iter().any(|found| found == pointer),
                "{pointer} is missing: {refused}"
            );
        }
        let lint = shop.author().post("/v1/policies/lint", &document).expect(422);
        assert_eq!(lint.faults(), refused.faults());
    });
}

#[test]
fn the_linter_speaks_and_a_faulty_version_is_not_published() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let standard =
            shop.author().get(&format!("{VERSIONS}/1")).expect(200).body["document"].clone();
        assert_eq!(
            shop.author().post("/v1/policies/lint", &standard).expect(200).body,
            json!({"findings": []})
        );
        let mut twice = days(10);
        let mut second = twice["rules"][0].clone();
        second["id"] = json!("never");
        twice["rules"].as_array_mut().unwrap().push(second);
        let said = shop.author().post("/v1/policies/lint", &twice).expect(200).body;
        let of_never =
            |finding: &&Value| finding["rule"] == "never" && finding["code"] == "never_applies";
        assert!(
            said["findings"].as_array().unwrap().iter().any(|finding| of_never(&finding)),
            "{said}"
        );
        let mut unmeant = days(10);
        unmeant["rules"][0]["set"]["approval"] = json!([{"over": "200.00", "role": "manager"}, {"over": "100.00", "role": "district_manager"}]);
        let said = shop.author().post("/v1/policies/lint", &unmeant).expect(200).body;
        let faults = said["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|finding| finding["severity"] == "fault");
        assert_eq!(
            faults.map(|finding| finding["code"].clone()).collect::<Vec<_>>(),
            ["tiers_not_ascending"]
        );
        let drafted = shop.author().post(VERSIONS, &unmeant).expect(201).body["version"].clone();
        let refused = shop.publisher().post(&format!("{VERSIONS}/{drafted}/publish"), &json!({}));
        refused.expect_problem(422, "policy_invalid");
    });
}

#[test]
fn two_versions_are_compared_in_words() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        for document in [days(10), days(14)] {
            shop.author().post(VERSIONS, &document).expect(201);
        }
        let changes = shop.cashier().get(&format!("{VERSIONS}/2/diff/3")).expect(200).body;
        let change = &changes.as_array().unwrap()[0];
        assert_eq!(
            (&change["what"], &change["rule"], &change["member"]),
            (&json!("changed"), &json!("default"), &json!("set.window"))
        );
        assert!(change["detail"].as_str().unwrap().contains("14 days"), "{change}");
        assert_eq!(shop.cashier().get(&format!("{VERSIONS}/2/diff/2")).expect(200).body, json!([]));
        for missing in [
            "/v1/policies/none/versions",
            "/v1/policies/standard/versions/9",
            "/v1/policies/standard/versions/x",
            "/v1/policies/standard/versions/2/diff/9",
        ] {
            shop.cashier().get(missing).expect_problem(404, "not_found");
        }
    });
}
