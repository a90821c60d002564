//! The note of a returned line: shown with the line, and in the log as a digest.

use crate::support::bodies::{back, hearts};
use crate::support::on_each_database;
use crate::support::shop::Shop;
use serde_json::{Value, json};

const NOTE: &str = "Left hinge broken; asked for Ms Ruiz.";
/// SHA-256 of [`NOTE`].
const DIGEST: &str = "f17aa4e79aadbe3de647b4c628b3e7a9e8ee7983939994dddf4fb45a849108e3";

/// The lines of a decision, or of what contains one.
fn notes<'a>(shown: &'a Value, name: &str) -> Vec<Option<&'a Value>> {
    let lines = shown["lines"].as_array().unwrap_or_else(|| panic!("{shown:#}"));
    lines.iter().map(|line| line.as_object().unwrap().get(name)).collect()
}

#[test]
fn the_note_of_a_line_is_shown_with_it_and_its_digest_is_in_the_log() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = hearts(&shop);
        shop.sell(&sale);
        let mut body = back(&sale, 1, 1);
        let other = body["lines"][0].clone();
        body["lines"].as_array_mut().unwrap().push(other);
        body["lines"][0]["note"] = json!(NOTE);
        body["lines"][1]["note"] = json!("");
        let note = json!(NOTE);
        let shown = [Some(&note), None];

        let checked = shop.cashier().post("/v1/returns/check", &body).expect(200).body;
        assert_eq!(notes(&checked, "note"), shown, "{checked:#}");
        let recorded = shop.cashier().post_keyed("/v1/returns", "k", &body).expect(201);
        assert_eq!(notes(&recorded.body, "note"), shown, "{recorded}");
        let again = shop.cashier().post_keyed("/v1/returns", "k", &body).expect(201);
        assert_eq!(again.bytes, recorded.bytes);
        let one = format!("/v1/returns/{}", recorded.body["id"].as_str().unwrap());
        let found = shop.cashier().get(&one).expect(200).body;
        assert_eq!(notes(&found, "note"), shown, "{found:#}");
        let listed = shop.cashier().get("/v1/returns").expect(200).body;
        assert_eq!(listed["items"].as_array().unwrap().len(), 1);
        assert_eq!(notes(&listed["items"][0], "note"), shown, "{listed:#}");

        // Nothing is left: what is refused says the same.
        body["lines"] = json!([body["lines"][0].clone()]);
        let refused = shop.cashier().post_keyed("/v1/returns", "r", &body).expect(422).body;
        assert_eq!(notes(&refused["decision"], "note"), [Some(&note)], "{refused:#}");
        shop.cashier().post("/v1/returns/check", &body).expect(200);
        let digest = json!(DIGEST);
        for (event, expected) in [
            ("return.recorded", vec![Some(&digest), None]),
            ("return.refused", vec![Some(&digest)]),
            ("check.refused", vec![Some(&digest)]),
        ] {
            let logged = shop.logged(event);
            assert_eq!(logged.len(), 1, "{event}");
            let decision = &logged[0]["data"]["decision"];
            assert_eq!(notes(decision, "note_sha256"), expected, "{event}: {decision:#}");
        }
        assert!(!json!(shop.log()).to_string().contains("hinge"), "the log has the text");
    });
}
