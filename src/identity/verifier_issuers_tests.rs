//! Keys and issuers over time: what a verifier remembers, and what ends it.

use super::*;

#[test]
fn another_issuers_token_must_carry_the_employee_number() {
    let door = door();
    for (value, error) in [
        (json!(null), TokenError::ClaimMissing("operator")),
        (json!(""), TokenError::ClaimMalformed("operator")),
        (json!(1.5), TokenError::ClaimMalformed("operator")),
        (json!("2001\u{200b}"), TokenError::ClaimMalformed("operator")),
        (json!("2001 "), TokenError::ClaimMalformed("operator")),
        (json!("２００１"), TokenError::ClaimMalformed("operator")),
        (json!("service"), TokenError::ClaimMalformed("operator")),
    ] {
        let claims = with(door.idp_claims(), json!({ "employee": value }));
        let header = json!({ "typ": "at+jwt", "alg": "ES256", "kid": "ec" });
        assert_eq!(
            door.refused(&sign(&header.to_string(), &claims.to_string(), &ec(), Algorithm::ES256)),
            error
        );
    }
}

/// Separation of duties holds on to the issuer's own subject, too.
#[test]
fn another_issuers_subject_has_one_spelling() {
    let door = door();
    let header = json!({ "typ": "at+jwt", "alg": "ES256", "kid": "ec" }).to_string();
    for (changed, claim) in [
        (json!({ "sub": "auth0|77\u{200b}" }), "sub"),
        (json!({ "sub": "auth0|77 " }), "sub"),
        (json!({ "register": "3\u{202e}" }), "register"),
        (json!({ "stores": ["0042", ".."] }), "stores"),
    ] {
        let claims = with(door.idp_claims(), changed).to_string();
        let token = sign(&header, &claims, &ec(), Algorithm::ES256);
        assert_eq!(door.refused(&token), TokenError::ClaimMalformed(claim), "{claims}");
    }
}

#[test]
fn a_remembered_token_ends_with_its_time_and_with_its_key() {
    let door = door();
    let token = door.signed(&door.header().to_string(), &door.claims().to_string());
    assert!(door.verifier.verify(&token, door.now).is_ok());
    assert!(door.verifier.verify(&token, door.after(659)).is_ok());
    assert_eq!(door.verifier.verify(&token, door.after(660)), Err(TokenError::Expired));
    assert!(door.verifier.verify(&token, door.now).is_ok());
    assert_eq!(
        door.verifier.verify(&token, door.after(-61)),
        Err(TokenError::IssuedInFuture),
        "the clock was set back"
    );

    // Another process retires the key; this one notices within a second.
    let other = KeyStore::open(door.scratch.path(), &door.clock).unwrap();
    let kid = door.kid();
    other.rotate().unwrap();
    door.clock.set(door.after(1));
    assert!(door.verifier.verify(&token, door.after(1)).is_ok(), "rotation alone ends no token");
    other.retire(&kid).unwrap();
    door.clock.set(door.after(2));
    assert_eq!(door.verifier.verify(&token, door.after(2)), Err(TokenError::RetiredKey));
}

#[test]
fn a_key_retired_here_is_refused_at_once() {
    let door = door();
    let token = door.signed(&door.header().to_string(), &door.claims().to_string());
    assert!(door.verifier.verify(&token, door.now).is_ok());
    door.keys.retire(&door.kid()).unwrap();
    assert_eq!(door.refused(&token), TokenError::RetiredKey);
}

#[test]
fn without_readable_keys_nobody_comes_in() {
    let door = door();
    let token = door.signed(&door.header().to_string(), &door.claims().to_string());
    assert!(door.verifier.verify(&token, door.now).is_ok());
    std::fs::remove_file(door.scratch.keys("keys.json")).unwrap();
    door.clock.set(door.after(1));
    let error = door.verifier.verify(&token, door.after(1)).unwrap_err();
    assert_eq!(
        (error.refusal(), error.reason().as_str()),
        (super::super::super::token_error::Refusal::Unavailable, "keys_unavailable")
    );
}

#[test]
fn an_issuers_keys_change_without_restart_and_outlive_an_outage_by_an_hour() {
    let door = door();
    let file = door.scratch.path().join("idp.json");
    let (by_rsa, by_ec) = (
        door.idp_token("rsa", "RS256", &rsa(), Algorithm::RS256),
        door.idp_token("ec", "ES256", &ec(), Algorithm::ES256),
    );
    let claims = with(door.idp_claims(), json!({ "exp": door.now.as_second() + 20_000 }));
    let long = sign(
        &json!({ "typ": "at+jwt", "alg": "ES256", "kid": "ec" }).to_string(),
        &claims.to_string(),
        &ec(),
        Algorithm::ES256,
    );
    assert!(door.verifier.verify(&by_rsa, door.now).is_ok());

    let one = json!({ "keys": [idp_keys()["keys"][4]] });
    std::fs::write(&file, one.to_string()).unwrap();
    assert_eq!(
        door.verifier.verify(&by_rsa, door.after(1)),
        Err(TokenError::UnknownKey),
        "a removed key is dead, remembered or not"
    );
    assert!(door.verifier.verify(&by_ec, door.after(1)).is_ok());

    std::fs::write(&file, "{").unwrap();
    assert!(door.verifier.verify(&by_ec, door.after(2)).is_ok());
    std::fs::remove_file(&file).unwrap();
    assert!(door.verifier.verify(&long, door.after(3600)).is_ok());
    let refused = door.verifier.verify(&long, door.after(3601)).unwrap_err();
    assert!(matches!(refused, TokenError::KeysUnavailable(_)), "{refused}");
    let ours = door.signed(
        &door.header().to_string(),
        &with(door.claims(), json!({ "exp": door.now.as_second() + 9_000 })).to_string(),
    );
    assert!(
        door.verifier.verify(&ours, door.after(3601)).is_ok(),
        "our own keys are another matter"
    );

    std::fs::write(&file, one.to_string()).unwrap();
    assert!(door.verifier.verify(&long, door.after(3603)).is_ok());
}

#[test]
fn an_issuers_new_key_is_found_when_a_token_names_it() {
    let door = door();
    let file = door.scratch.path().join("idp.json");
    std::fs::write(
        &file,
        json!({ "keys": [with(idp_keys()["keys"][4].clone(), json!({ "kid": "new" }))] })
            .to_string(),
    )
    .unwrap();
    assert!(
        door.verifier
            .verify(&door.idp_token("new", "ES256", &ec(), Algorithm::ES256), door.now)
            .is_ok()
    );
}

#[test]
fn settings_that_would_let_somebody_through_are_refused() {
    let door = door();
    let file = door.scratch.path().join("idp.json");
    let start = |settings: VerifierSettings| {
        Verifier::new(door.keys.clone(), settings, door.now).map(|_| ())
    };
    let trusting = |issuer: TrustedIssuer| VerifierSettings {
        trusted: vec![issuer],
        ..VerifierSettings::own(names())
    };
    assert!(start(trusting(idp(file.clone()))).is_ok());
    assert!(
        start(VerifierSettings { leeway_seconds: 61, ..VerifierSettings::own(names()) }).is_err()
    );
    assert!(
        start(trusting(TrustedIssuer { issuer: "returndesk".into(), ..idp(file.clone()) }))
            .is_err()
    );
    assert!(start(trusting(TrustedIssuer { issuer: "a|b".into(), ..idp(file.clone()) })).is_err());
    assert!(
        start(trusting(TrustedIssuer { audience: String::new(), ..idp(file.clone()) })).is_err()
    );
    assert!(start(trusting(idp("nowhere.json".into()))).is_err());

    let sets = [
        json!({}),
        json!({ "keys": [] }),
        json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "short", "x": "AAAA" }] }),
        json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "weak point", "x": URL_SAFE_NO_PAD.encode([0; 32]) }] }),
        json!({ "keys": [{ "kty": "EC", "crv": "P-256", "kid": "private", "x": EC_X, "y": EC_Y, "d": "AA" }] }),
        json!({ "keys": [idp_keys()["keys"][4], idp_keys()["keys"][4]] }),
    ];
    for set in sets {
        std::fs::write(&file, set.to_string()).unwrap();
        assert!(start(trusting(idp(file.clone()))).is_err(), "{set}");
    }
    std::fs::write(&file, idp_keys().to_string()).unwrap();
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
    assert!(start(trusting(idp(file))).is_err(), "whoever may write it may make tokens");
}
