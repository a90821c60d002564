//! Tokens that are none: refused, all with the same words.

use crate::support::caller::Caller;
use crate::support::on_each_database;
use crate::support::shop::Shop;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use serde_json::{Value, json};

fn part(token: &str, place: usize) -> Value {
    let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(place).unwrap()).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// The token with another header and other claims, and the signature it had.
fn with_parts(token: &str, header: &Value, claims: &Value) -> String {
    let encode = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    format!("{}.{}.{}", encode(header), encode(claims), token.rsplit_once('.').unwrap().1)
}

#[test]
fn a_token_is_good_whole_and_in_its_time() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let token = shop.cashier().token().unwrap();
        let bearer = Caller::bearing(&shop, &token);
        bearer.get("/v1/stores").expect(200);
        let (header, claims) = (part(&token, 0), part(&token, 1));
        assert_eq!(
            (&header["typ"], &claims["sub"], &claims["aud"]),
            (&json!("at+jwt"), &json!("1042"), &json!("returndesk"))
        );
        let mut none = header.clone();
        none["alg"] = json!("none");
        let mut other_type = header.clone();
        other_type["typ"] = json!("JWT");
        let mut promoted = claims.clone();
        promoted["roles"] = json!(["admin"]);
        let unsigned =
            format!("{}.", with_parts(&token, &none, &claims).rsplit_once('.').unwrap().0);
        for forged in [
            with_parts(&token, &none, &claims),
            unsigned,
            with_parts(&token, &other_type, &claims),
            with_parts(&token, &header, &promoted),
            format!("{token}x"),
            token.replace('.', ""),
            "x".repeat(9_000),
            "x".into(),
        ] {
            Caller::bearing(&shop, &forged).get("/v1/stores").expect_problem(401, "invalid_token");
        }
        for header in ["Basic abc", "Bearer", "Bearer  ", &token] {
            shop.nobody()
                .get_with("/v1/stores", &[("Authorization", header)])
                .expect_problem(401, "invalid_token");
        }
        shop.move_clock(SignedDuration::from_mins(62));
        bearer.get("/v1/stores").expect_problem(401, "invalid_token");
    });
}

#[test]
fn a_token_from_the_future_is_none_yet() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        shop.move_clock(SignedDuration::from_mins(5));
        let token = shop.cashier().token().unwrap();
        shop.move_clock(SignedDuration::from_mins(-5));
        Caller::bearing(&shop, &token).get("/v1/stores").expect_problem(401, "invalid_token");
    });
}

#[test]
fn two_instances_take_each_others_tokens_and_a_retired_key_dies_at_once() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let beside = shop.another();
        let old = shop.cashier().token().unwrap();
        Caller::bearing(&beside, &old).get("/v1/stores").expect(200);
        let kids = |shop: &Shop| -> Vec<Value> {
            let keys = shop.nobody().get("/.well-known/jwks.json").expect(200).body["keys"].clone();
            keys.as_array().unwrap().iter().map(|key| key["kid"].clone()).collect()
        };
        let before = kids(&shop);
        assert!(before.contains(&part(&old, 0)["kid"]));
        shop.service().keys.rotate().unwrap();
        let new = shop.cashier().token().unwrap();
        assert_ne!(part(&new, 0)["kid"], part(&old, 0)["kid"]);
        for token in [&old, &new] {
            Caller::bearing(&shop, token).get("/v1/stores").expect(200);
        }
        shop.service().keys.retire(part(&old, 0)["kid"].as_str().unwrap()).unwrap();
        Caller::bearing(&shop, &old).get("/v1/stores").expect_problem(401, "invalid_token");
        Caller::bearing(&shop, &new).get("/v1/stores").expect(200);
        assert!(!kids(&shop).contains(&part(&old, 0)["kid"]));
    });
}
