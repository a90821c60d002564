//! Override tokens: bound, short-lived, and nothing else than override tokens.

use super::super::scratch::Scratch;
use super::super::token::{AccessGrant, Minter, new_id};
use super::super::verifier::Verifier;
use super::super::verifier_settings::VerifierSettings;
use super::*;
use crate::clock::Clock;
use crate::domain::caller::Stores;
use serde_json::{Value, json};

struct Desk {
    _scratch: Scratch,
    keys: Arc<KeyStore>,
    tokens: OverrideTokens,
    now: Timestamp,
}

fn names() -> OwnNames {
    OwnNames { issuer: "returndesk".into(), audience: "returndesk-api".into() }
}

fn desk() -> Desk {
    let (scratch, now) = (Scratch::new(), "2026-03-01T12:00:00Z".parse().unwrap());
    let keys = Arc::new(KeyStore::open_or_create(scratch.path(), &Clock::fixed(now)).unwrap());
    Desk { _scratch: scratch, tokens: OverrideTokens::new(keys.clone(), names()), keys, now }
}

fn approver() -> Approver {
    Approver {
        subject: "returndesk|2001".into(),
        operator: "2001".into(),
        roles: vec![Role::Cashier, Role::Manager],
    }
}

fn grant() -> OverrideGrant {
    OverrideGrant {
        store: "0042".into(),
        draft: [7; 32],
        operator: Some("1042".into()),
        sales: vec!["0195d3a0-0000-7000-8000-000000000001".into()],
        codes: vec!["window_expired".into(), "condition_not_accepted".into()],
        max_refund: Minor(1225),
        currency: Currency::parse("USD").unwrap(),
    }
}

impl Desk {
    fn after(&self, seconds: i64) -> Timestamp {
        self.now + SignedDuration::from_secs(seconds)
    }

    fn mint(&self, grant: &OverrideGrant, seconds: i64) -> Minted {
        self.tokens
            .mint(
                new_id(self.now),
                &approver(),
                grant,
                SignedDuration::from_secs(seconds),
                self.now,
            )
            .unwrap()
    }
}

#[test]
fn carries_what_was_agreed_to_for_five_minutes_at_most() {
    let desk = desk();
    for (asked, seconds) in [(300, 300), (86_400, 300), (60, 60), (0, 1)] {
        let minted = desk.mint(&grant(), asked);
        let (issued_at, expires_at) = (desk.now, desk.after(seconds));
        let expected =
            Override { id: minted.id, approver: approver(), grant: grant(), issued_at, expires_at };
        assert_eq!(minted.expires_at, expires_at);
        assert_eq!(desk.tokens.verify(&minted.token, desk.after(seconds - 1)), Ok(expected));
        assert_eq!(
            desk.tokens.verify(&minted.token, desk.after(seconds)),
            Err(TokenError::Expired),
            "no leeway"
        );
    }
    let yen = OverrideGrant {
        max_refund: Minor(0),
        currency: Currency::parse("JPY").unwrap(),
        sales: vec![],
        operator: None,
        ..grant()
    };
    assert_eq!(desk.tokens.verify(&desk.mint(&yen, 300).token, desk.now).unwrap().grant, yen);
}

#[test]
fn an_override_token_is_no_access_token_and_the_other_way_round() {
    let desk = desk();
    let verifier =
        Verifier::new(desk.keys.clone(), VerifierSettings::own(names()), desk.now).unwrap();
    assert_eq!(
        verifier.verify(&desk.mint(&grant(), 300).token, desk.now),
        Err(TokenError::WrongType)
    );
    let access = AccessGrant {
        operator: "2001".into(),
        client_id: "console".into(),
        roles: vec![Role::Manager],
        stores: Stores::All,
        register: None,
        lifetime: SignedDuration::from_secs(300),
    };
    let access = Minter::new(desk.keys.clone(), names()).mint(&access, desk.now).unwrap();
    assert_eq!(desk.tokens.verify(&access.token, desk.now), Err(TokenError::WrongType));
}

#[test]
fn what_is_not_whole_is_refused() {
    use TokenError::*;
    let desk = desk();
    let now = desk.now.as_second();
    let whole = || {
        json!({ "iss": "returndesk", "aud": "returndesk-api", "sub": "returndesk|2001", "jti": new_id(desk.now).to_string(),
                "iat": now, "exp": now + 300, "approver": "2001", "roles": ["manager"],
                "grant": { "store": "0042", "draft": "07".repeat(32), "operator": "1042", "sales": [], "codes": ["window_expired"], "max_refund": "12.25", "currency": "USD" } })
    };
    let table: Vec<(&str, Value, TokenError)> = vec![
        ("/iss", json!("elsewhere"), UnknownIssuer),
        ("/aud", json!("elsewhere"), WrongAudience),
        ("/sub", json!(null), ClaimMissing("sub")),
        ("/sub", json!("returndesk|a\nb"), ClaimMalformed("sub")),
        ("/sub", json!("2001"), ClaimMalformed("sub")),
        ("/jti", json!("7"), ClaimMalformed("jti")),
        ("/jti", json!("9f0a7a52-6a0e-4a4e-9f1e-0c2d5c7b8a90"), ClaimMalformed("jti")),
        ("/exp", json!(now + 301), LivesTooLong),
        ("/exp", json!(now), ClaimMalformed("exp")),
        ("/iat", json!(null), ClaimMissing("iat")),
        ("/approver", json!(""), ClaimMalformed("approver")),
        ("/roles", json!(["emperor"]), Insufficient("roles")),
        ("/grant", json!([]), ClaimMalformed("grant")),
        ("/grant/store", json!(42), ClaimMalformed("store")),
        ("/grant/draft", json!("07"), ClaimMalformed("draft")),
        ("/grant/draft", json!(null), ClaimMissing("draft")),
        ("/grant/operator", json!(""), ClaimMalformed("operator")),
        ("/grant/codes", json!([]), ClaimMissing("codes")),
        ("/grant/max_refund", json!("-1.00"), ClaimMalformed("max_refund")),
        ("/grant/max_refund", json!("1.001"), ClaimMalformed("max_refund")),
        ("/grant/max_refund", json!(1), ClaimMalformed("max_refund")),
        ("/grant/currency", json!("XXX"), ClaimMalformed("currency")),
    ];
    assert!(
        desk.tokens.verify(&desk.keys.sign(OVERRIDE_TYPE, &whole()).unwrap(), desk.now).is_ok()
    );
    for (pointer, value, error) in table {
        let mut claims = whole();
        *claims.pointer_mut(pointer).unwrap() = value.clone();
        let token = desk.keys.sign(OVERRIDE_TYPE, &claims).unwrap();
        assert_eq!(desk.tokens.verify(&token, desk.now).unwrap_err(), error, "{pointer} = {value}");
    }
    let early = desk.keys.sign(OVERRIDE_TYPE, &whole()).unwrap();
    assert_eq!(desk.tokens.verify(&early, desk.after(-61)), Err(IssuedInFuture));
}

#[test]
fn a_retired_key_ends_its_overrides() {
    let desk = desk();
    let minted = desk.mint(&grant(), 300);
    desk.keys.retire(&desk.keys.list().unwrap()[0].kid).unwrap();
    assert_eq!(desk.tokens.verify(&minted.token, desk.now), Err(TokenError::RetiredKey));
}

#[test]
fn more_than_a_token_can_hold_is_not_handed_out() {
    let desk = desk();
    let many = OverrideGrant {
        sales: vec!["0195d3a0-0000-7000-8000-000000000001".into(); 300],
        ..grant()
    };
    let minted =
        desk.tokens.mint(new_id(desk.now), &approver(), &many, OVERRIDE_LIFETIME, desk.now);
    assert!(matches!(minted, Err(KeyError::Signing(_))));
}

#[test]
fn an_approver_of_another_issuer_with_long_names_is_understood() {
    let desk = desk();
    let subject = format!("{}|{}|x", "i".repeat(255), "s".repeat(253));
    let approver = Approver { subject: subject.clone(), ..approver() };
    let minted = desk
        .tokens
        .mint(new_id(desk.now), &approver, &grant(), OVERRIDE_LIFETIME, desk.now)
        .unwrap();
    assert_eq!(desk.tokens.verify(&minted.token, desk.now).unwrap().approver.subject, subject);
}
