//! The log as auditors have it, and the service as its operator has it.

use crate::support::bodies::{back, hearts};
use crate::support::caller::Caller;
use crate::support::on_each_database;
use crate::support::shop::Shop;
use returndesk::domain::caller::Role;
use serde_json::{Value, json};

#[test]
fn the_log_says_what_happened() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = hearts(&shop);
        shop.sell(&sale);
        let recorded = shop.bring_back(&back(&sale, 1, 1));
        let here = shop.auditor().get("/v1/audit/events?store=0042").expect(200).body;
        let items = here["items"].as_array().unwrap();
        let events: Vec<_> =
            items.iter().map(|item| item["entry"]["event"].as_str().unwrap()).collect();
        assert_eq!(events, ["store.saved", "sale.recorded", "return.recorded"]);
        let entry = &items[2]["entry"];
        assert_eq!(
            (&entry["subject_id"], &entry["seq"], &entry["actor"]["operator"]),
            (&recorded["id"], &json!(3), &json!("1042"))
        );
        assert!(
            items.iter().all(|item| item["hash"].as_str().is_some_and(|hash| hash.len() == 64))
        );
        let subject = format!("/v1/audit/events?subject={}", recorded["id"].as_str().unwrap());
        assert_eq!(shop.auditor().get(&subject).expect(200).body["items"], json!([items[2]]));
        let local = Caller::new(&shop, "5002", &[Role::Auditor], &["0043"]);
        let theirs = local.get("/v1/audit/events").expect(200).body;
        assert!(
            theirs["items"].as_array().unwrap().iter().all(|item| item["entry"]["store"] == "0043"),
            "{theirs}"
        );
    });
}

#[test]
fn the_log_is_exported_and_verified() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = hearts(&shop);
        shop.sell(&sale);
        shop.bring_back(&back(&sale, 1, 1));
        let entries = shop.log().len();
        let export = shop.auditor().get("/v1/audit/export").expect(200);
        assert_eq!(export.header("content-type"), Some("application/x-ndjson"));
        let lines: Vec<Value> =
            export.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), entries + 1, "and the manifest");
        let csv = shop.auditor().get("/v1/audit/export?format=csv&store=0042").expect(200);
        assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
        let manifest = shop.auditor().get("/v1/audit/export?manifest=true").expect(200);
        assert!(manifest.text().starts_with("returndesk/audit-export v1\n"), "{manifest}");
        let vkey = shop.auditor().get("/v1/audit/key").expect(200).body;
        assert!(vkey["vkey"].as_str().unwrap().starts_with("returndesk+"), "{vkey}");
        let body = json!({"checkpoint": manifest.text()});
        let verified = shop.auditor().post("/v1/audit/verify", &body).expect(200).body;
        assert_eq!(
            (&verified["verified"], &verified["stores"], &verified["fault"]),
            (&json!(true), &json!(4), &json!(null))
        );
        shop.auditor()
            .post("/v1/audit/verify", &json!({"checkpoint": "no note"}))
            .expect_problem(422, "invalid_value");
        let local = Caller::new(&shop, "5002", &[Role::Auditor], &["0042"]);
        local.post("/v1/audit/verify", &json!({})).expect_problem(403, "insufficient_scope");
        local.get("/v1/audit/export").expect(200);
        let counted = ["audit.exported", "audit.verified"].map(|event| shop.logged(event).len());
        assert_eq!(counted, [4, 1]);
    });
}

#[test]
fn a_note_forges_no_line() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = hearts(&shop);
        shop.sell(&sale);
        let recorded = shop.bring_back(&back(&sale, 1, 1));
        let void = format!("/v1/returns/{}/void", recorded["id"].as_str().unwrap());
        let forged = json!({"reason": "mistake", "note": "x\r\n{\"entry\":{\"event\":\"return.recorded\"}}"});
        shop.manager().post_keyed(&void, "v", &forged).expect(200);
        let entries = shop.log().len();
        let export = shop.auditor().get("/v1/audit/export").expect(200).text();
        assert_eq!(export.lines().count(), entries + 1);
        let csv = shop.auditor().get("/v1/audit/export?format=csv").expect(200).text();
        assert!(!csv.lines().any(|line| line.starts_with("{\"entry\"")), "{csv}");
    });
}

#[test]
fn the_service_says_how_it_is() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(
            shop.nobody().get("/healthz").expect(200).body,
            json!({"status": "ok", "version": version})
        );
        let ready = json!({"database": "ok", "migrations": "ok", "keys": "ok"});
        assert_eq!(shop.nobody().get("/readyz").expect(200).body, ready);
        let metrics = shop.nobody().get("/metrics").expect(200);
        assert_eq!(
            metrics.header("content-type"),
            Some("text/plain; version=0.0.4; charset=utf-8")
        );
        let keys = shop.nobody().get("/.well-known/jwks.json").expect(200);
        assert_eq!(keys.header("cache-control"), Some("public, max-age=60"));
        assert_eq!(keys.body["keys"][0]["crv"], "Ed25519");
        assert!(!keys.text().contains("\"d\""), "public parts alone");
    });
}
