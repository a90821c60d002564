//! Names and doors: what an address, a token or a public page lets through.

use crate::support::TestDb;
use crate::support::bodies::{back, hearts};
use crate::support::caller::{Answer, Caller};
use crate::support::on_each_database;
use crate::support::shop::Shop;
use diesel::RunQueryDsl;
use returndesk::domain::caller::{Role, Stores};
use returndesk::identity::token::{AccessGrant, Minter, OwnNames};
use serde_json::{Value, json};
use std::sync::Arc;

/// Spellings of one route: percent-encoded letters, and an id in capitals.
#[test]
fn a_key_belongs_to_the_route_however_it_is_spelled() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = hearts(&shop);
        shop.sell(&sale);
        let body = back(&sale, 1, 1);
        let first = shop.cashier().post_keyed("/v1/returns", "k", &body).expect(201);
        for spelled in ["/v1/%72eturns", "/v1/return%73", "/%76%31/returns"] {
            let again = shop.cashier().post_keyed(spelled, "k", &body).expect(201);
            assert_eq!(again.bytes, first.bytes, "{spelled}");
            assert_eq!(again.header("idempotent-replayed"), Some("true"), "{spelled}");
        }
        let id = first.body["id"].as_str().unwrap();
        let voided =
            |path: String| shop.manager().post_keyed(&path, "v", &json!({"reason": "mistake"}));
        let first = voided(format!("/v1/returns/{id}/void")).expect(200);
        for spelled in [
            format!("/v1/returns/{}/void", id.to_uppercase()),
            format!("/v1/returns/{}%{:02x}/void", &id[..35], id.as_bytes()[35]),
            format!("/v1/returns/{id}/%76oid"),
        ] {
            let again = voided(spelled.clone());
            assert_eq!(again.status, 200, "{spelled}");
            assert_eq!(again.bytes, first.bytes, "{spelled}");
            assert_eq!(again.header("idempotent-replayed"), Some("true"), "{spelled}");
        }
        let counted = ["return.recorded", "return.voided"].map(|event| shop.logged(event).len());
        assert_eq!(counted, [1, 1]);
    });
}

/// A token that lives ten years is a password that nobody can change.
#[test]
fn an_access_token_lives_a_day_at_most() {
    let db = TestDb::sqlite();
    let shop = Shop::open(&db);
    let hours = [(24, true), (25, false), (24 * 365 * 10, false)];
    for (hours, good) in hours {
        let names = OwnNames {
            issuer: shop.service().config.tokens.issuer.clone(),
            audience: shop.service().config.tokens.audience.clone(),
        };
        let grant = AccessGrant {
            operator: "1042".into(),
            client_id: "test".into(),
            roles: vec![Role::Cashier],
            stores: Stores::All,
            register: None,
            lifetime: jiff::SignedDuration::from_hours(hours),
        };
        let minter = Minter::new(Arc::clone(&shop.service().keys), names);
        let token = minter.mint(&grant, shop.now()).unwrap().token;
        let answer = Caller::bearing(&shop, &token).get("/v1/sales?receipt=R-1");
        let wanted = if good { 200 } else { 401 };
        assert_eq!(answer.status, wanted, "{hours} hours");
    }
}

#[test]
fn the_reference_runs_our_own_files_alone_and_in_no_frame() {
    let db = TestDb::sqlite();
    let shop = Shop::open(&db);
    let page = Caller::anonymous(&shop).get("/docs/").expect(200);
    assert_eq!(page.header("x-frame-options"), Some("DENY"));
    let policy = page.header("content-security-policy").unwrap();
    for part in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    let text = page.text();
    assert!(!text.contains("<script>"), "a script in the page would not run");
    assert!(!text.contains("http://") && !text.contains("https://"), "{text}");
}

#[test]
fn readiness_shows_no_paths_to_strangers() {
    let db = TestDb::sqlite();
    let shop = Shop::open(&db);
    let keys = shop.service().keys.directory().to_owned();
    std::fs::write(keys.join("keys.json"), "{").unwrap();
    shop.move_clock(jiff::SignedDuration::from_secs(60));
    let ready = Caller::anonymous(&shop).get("/readyz").expect_problem(503, "unavailable");
    let told = json!({"database": "ok", "migrations": "ok",
        "keys": "cannot be used; the service's log says why"});
    assert_eq!(ready.body["readiness"], told);
    let folder = keys.display().to_string();
    assert!(!ready.text().contains(&folder), "{ready}");
}

/// The tables are changed past the service; the door over HTTP must see what the command line sees.
#[test]
fn verification_over_http_holds_the_tables_against_the_log_too() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = hearts(&shop);
        shop.sell(&sale);
        shop.bring_back(&back(&sale, 1, 1));
        let verified = || shop.auditor().post("/v1/audit/verify", &json!({})).expect(200).body;
        let good = verified();
        assert_eq!((&good["verified"], &good["contradictions"]), (&json!(true), &json!(0)));
        assert_eq!(good["named"], json!([]));
        db.run_sql("UPDATE sale_lines SET returned = 0").unwrap();
        let bad = verified();
        assert_eq!((&bad["verified"], &bad["fault"]), (&json!(false), &Value::Null));
        assert_eq!(bad["contradictions"], json!(bad["named"].as_array().unwrap().len()));
        let named = bad["named"][0].as_str().unwrap();
        assert!(named.starts_with("Line 1 of sale"), "{named}");
        assert_eq!(shop.logged("audit.verified").len(), 2);
    });
}

/// What is another store's is not even loaded (STANDARDS 28: same answer, same time).
#[test]
fn what_does_not_exist_answers_as_what_is_another_stores() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = hearts(&shop);
        let sold = shop.sell(&sale)["id"].as_str().unwrap().to_owned();
        let back = shop.bring_back(&back(&sale, 1, 1))["id"].as_str().unwrap().to_owned();
        let elsewhere = Caller::new(&shop, "1050", &[Role::Cashier], &["0044"]);
        let none = "0190d3a0-0000-7000-8000-000000000000";
        for (noun, there) in [("sales", &sold), ("returns", &back)] {
            let answers = [there.as_str(), none].map(|id| {
                let path = format!("/v1/{noun}/{id}");
                let answer = elsewhere.get(&path).expect_problem(404, "not_found");
                without_place(&answer)
            });
            assert_eq!(answers[0], answers[1]);
            shop.cashier().get(&format!("/v1/{noun}/{there}")).expect(200);
        }
    });
}

/// Answers are kept for thirty days, and backups hold them (E45): an approval is not among them.
#[test]
fn a_kept_answer_approves_nothing() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = hearts(&shop);
        shop.sell(&sale);
        shop.move_days(41);
        let mut body = back(&sale, 1, 1);
        let asked = json!({"return": body, "codes": ["window_expired"], "reason": "goodwill"});
        let issue = |key: &str| shop.manager().post_keyed("/v1/overrides", key, &asked);
        let first = issue("o-1").expect(201);
        let token = first.body["token"].as_str().unwrap().to_owned();
        let (prepared, signature) = token.rsplit_once('.').unwrap();
        let kept = |part: &str| {
            let sql =
                format!("SELECT count(*) AS rows FROM idempotency WHERE body LIKE '%{part}%'");
            let found: Rows = diesel::sql_query(sql).get_result(&mut db.connect()).unwrap();
            found.rows
        };
        assert_eq!((kept(prepared), kept(signature)), (1, 0));
        body["approvals"] = json!([prepared]);
        let refused = shop.cashier().post_keyed("/v1/returns", "r-1", &body);
        refused.expect_problem(422, "override_invalid");
        // Sent again, also under a new key of the service, it is the same answer.
        shop.service().keys.rotate().unwrap();
        let again = issue("o-1").expect(201);
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
        assert_eq!(again.bytes, first.bytes);
        body["approvals"] = json!([token]);
        shop.cashier().post_keyed("/v1/returns", "r-2", &body).expect(201);
        // With its key gone nothing can be signed, and the answer says so.
        let keys = shop.nobody().get("/.well-known/jwks.json").expect(200).body;
        for key in keys["keys"].as_array().unwrap() {
            shop.service().keys.retire(key["kid"].as_str().unwrap()).unwrap();
        }
        let gone = issue("o-1").expect_problem(422, "override_expired");
        assert_eq!(gone.body["detail"], "The approval can no longer be shown. Ask for a new one.");
        issue("o-2").expect(201);
    });
}

#[derive(diesel::QueryableByName)]
struct Rows {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    rows: i64,
}

/// A problem without the address that was asked for.
fn without_place(answer: &Answer) -> Value {
    let mut body = answer.body.clone();
    body["instance"] = Value::Null;
    body
}
