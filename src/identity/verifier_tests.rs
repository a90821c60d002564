//! Every form of token that is refused, built by hand with real keys, and the few that are not.

#[path = "verifier_issuers_tests.rs"]
mod issuers;

use super::super::scratch::Scratch;
use super::super::token::{AccessGrant, Minter};
use super::*;
use crate::clock::Clock;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use std::path::PathBuf;

// Made for these tests; they open nothing else.
const RSA_N: &str = "1qDmdhsu7eiWHZ-6KbvBhX4R-383XN3nGQdsDyFqhvnBdBQr1yxHFGZnTK_bxdYgoWQNR6JXBoy89ZTRQercsykKt8efNy0RYk7_vew-DqY4tBQA50IcddixF_HKFHG-akkLEbnJm0qkXPsHYbYDGMFdM3rQJ9Ki6ymKP4c2GHieiM9JBt596SSKcHA921VDkfVqSLfYQOeu4dnJC3lqun8ix_xX-M68EwXUZXXk3kZiYqIapp92BrG2osQnMKVkT2U8mlmjw1WacS1Jsu4oRZwmIOxvzd58uWfrAioioE8_wSsOqsRnNMLcoV_XtCt5FCPmutrl4ycDSoCKls9k3w";
const RSA_1024_N: &str = "zvg9ujcTxHEcGYj_1T6JYqGOeFt0kPICOj6wOCARgOq2bfCj3wI1GUZqsopWGy5mbQXtQYICTDxNhCGXn_W8cxwtxQcqmuc08XmfapxgeclGs873-O0EHozubHdZKvtAy1D1Y9_rLnvsbxWEfBC3plIkO7vPJkWTMDk8VfjWmxs";
const EC_X: &str = "Za2SYjVYpQTGPNTVWC4nM4OTE5E5TVzFU2dZWuKz6_M";
const EC_Y: &str = "oxUNb9O1D3PNIWXgOJ6h-JqIl8D9UNZNlUWJAFBxzB4";
const RSA_PEM: &str = "-----BEGIN RSA PRIVATE KEY-----
MIIEowIBAAKCAQEA1qDmdhsu7eiWHZ+6KbvBhX4R+383XN3nGQdsDyFqhvnBdBQr
1yxHFGZnTK/bxdYgoWQNR6JXBoy89ZTRQercsykKt8efNy0RYk7/vew+DqY4tBQA
50IcddixF/HKFHG+akkLEbnJm0qkXPsHYbYDGMFdM3rQJ9Ki6ymKP4c2GHieiM9J
Bt596SSKcHA921VDkfVqSLfYQOeu4dnJC3lqun8ix/xX+M68EwXUZXXk3kZiYqIa
pp92BrG2osQnMKVkT2U8mlmjw1WacS1Jsu4oRZwmIOxvzd58uWfrAioioE8/wSsO
qsRnNMLcoV/XtCt5FCPmutrl4ycDSoCKls9k3wIDAQABAoIBAFTX6CKaHlQX1HfD
c4EZ4qdVreAgaw8//SHsyC+3Avh2dJ3hd28o5rROwtkSz6sGOYHzHjjKGOLS8cOW
353SLQp51+3McMkL/MpC9l/qqqF53gJ5wd2pSbzgOyl/AGZSjHZRh5mrOuIzgIPt
C/75R4IatjAqhWyonJSfqDHyzlSfaCjk6ED2fV1uEECK3So5LruAJCKcWaUcITBw
aCgCn6E+arb6KFKfPAK8ueYVzBXpk4X4sBkNA/5dROheNI6Twqb5E07AF3gs6Dfb
BkgI5bgWb9M5PCzbWP3gh8g4XCEAcheF/4EzML4nQWhU06xEZKhHE3Nj/tVHbaFN
ODHxX0ECgYEA+7VSD7pyJtaCC/42x7cKLlPAh85s2Av3uenams4wYrRo8ev3Nflm
Ytm5/8gVmdF55hbzjfq/W92/mGtE95kvouPdvr5BvYYp6ew2ucjMKfeODzAz3rF1
NMVxQYOrVpV6fAUsn/b4s2xtcbsYWUSK+WUDgxF1SLwL84iSeCasXiECgYEA2km7
Aul7dyioB9y54mSKE/Ym5WUr4aYNlqyBki0/8aS70zBXE72pFfsBft/179i8ith9
uW1iOKkOi18Uu7akkmMBFKm7uPqigrsZ+eIY7LI7bUIxfiCx1SCzqLTA0l9uSuJI
pu+ch0/6Heq2uFIo38PhW5+Zlp5NvBp6xRB1Yv8CgYEAvTtF5FkxNI2T21xU5rRv
TQDd/7trDMmChhyPok5dBffH5giWI9fJ54r0UJ2lz6wyTo72r8jRUElXn0kV4mch
7v4MWThDyC4zGI/jXKzfALYB8N02Qbd7/B5r1OseRsu997sUH3bW5l0fsp8L4SCs
sm4Ew+a+G95zxbTpGLdKYsECgYA56JluGlags+5vt4SwpI9k4EZNUNulTxIHyNfO
2aY/Cr6xNf/DwuraY+5vpCZwbIUIKIqh6HzIH0E2hBDSA5ABLbaZrrWYSxVVrSEl
A3AtStMtFwReO3ox2i0PMnR82sg9oW44qxRRaUwnJ581osYpJqPgVKTAKlrg7f1n
zgf2LQKBgBiDWnT0Cx+Fp3IClqcGi70FrVPfsvSCutgWWci7pUlsZxoYnReCTbqu
ghPtPQbJxII4pCjESmK3Mv56as4X2ZLzE51RLG/nYhLk3CWabvNerWJAtzxgoHjl
0z3dpL2OzSpOoYaoH+GU0P/jZjZZtOmJILLP8rwZX43Of+NGkM2y
-----END RSA PRIVATE KEY-----
";
const RSA_1024_PEM: &str = "-----BEGIN RSA PRIVATE KEY-----
MIICXQIBAAKBgQDO+D26NxPEcRwZiP/VPolioY54W3SQ8gI6PrA4IBGA6rZt8KPf
AjUZRmqyilYbLmZtBe1BggJMPE2EIZef9bxzHC3FByqa5zTxeZ9qnGB5yUazzvf4
7QQejO5sd1kq+0DLUPVj3+sue+xvFYR8ELemUiQ7u88mRZMwOTxV+NabGwIDAQAB
AoGAPm2ycNDcLYzQpQMl5/SNDCsfBj7P0kitU1RFYyiJHxGtJUxIoaPQ0GblGCWS
A3DjhE8dWX0VpFksKIbZbW56ANOAu+7tAI0XopBquM/DvQrJ51Vs2lYWGZkSC/Dz
AXyZcTQ8OePwq3lqvkIgPmk/ofMt2bf2izjgH3NRIe83BcECQQD1dz7vvWgQtKK7
pMqk9sz8LjlyOff5HYrYfEy6b9bU6mxK0DUH5m2irOORgkj6IqV0xHEt6xDsi0OE
qvII5IGtAkEA19oRBqGGNc/7V41PH/c8hBHsb8AutOe4foaSfWrMpMwXXJUY4Mqj
6q0o7WQYpoKf22iIsRy2WjsZhTbgxd745wJBAIRiEHZZj1NbKFzM7mFznW/wOhkp
vFwFG8nPl84A3TstRsQ+cCtXkg9m8MCcJGGK5/MGsweRvCnmnb5iN3CmVG0CQGbl
G+KmUv0KBQ2KXiKlz+JBTQ1Edr9kCq295s0EgUM5yxUmOfLGhncTToRDiACwGhYU
cbzELCU9MQAw1dtdXBcCQQCqKAPkZChuLAuVw+ujBc4t+kxH/I3BriBrdYIlR2LK
TLzWlM+k+PrqqfsaPFq+KkJD1LXIVeCaP/ZYR7iIJ8gk
-----END RSA PRIVATE KEY-----
";
const EC_PEM: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQglS/Q05fhBQAB3xdU
oWtJggjSHToZafUYYeFTqs6StBGhRANCAARlrZJiNVilBMY81NVYLiczg5MTkTlN
XMVTZ1la4rPr86MVDW/TtQ9zzSFl4DieofiaiJfA/VDWTZVFiQBQccwe
-----END PRIVATE KEY-----
";

const IDP: &str = "https://login.example";

struct Door {
    scratch: Scratch,
    clock: Clock,
    keys: Arc<KeyStore>,
    verifier: Verifier,
    now: Timestamp,
}

fn names() -> OwnNames {
    OwnNames { issuer: "returndesk".into(), audience: "returndesk-api".into() }
}

fn idp(file: PathBuf) -> TrustedIssuer {
    TrustedIssuer {
        issuer: IDP.into(),
        audience: "shop".into(),
        jwks_file: file,
        operator_claim: "employee".into(),
    }
}

fn idp_keys() -> Value {
    json!({ "keys": [
        { "kty": "RSA", "kid": "rsa", "use": "sig", "alg": "RS256", "n": RSA_N, "e": "AQAB" },
        { "kty": "RSA", "kid": "weak", "use": "sig", "n": RSA_1024_N, "e": "AQAB" },
        { "kty": "RSA", "kid": "pss", "use": "sig", "alg": "PS256", "n": RSA_N, "e": "AQAB" },
        { "kty": "RSA", "kid": "enc", "use": "enc", "n": RSA_N, "e": "AQAB" },
        { "kty": "EC", "kid": "ec", "crv": "P-256", "x": EC_X, "y": EC_Y },
        { "kty": "oct", "kid": "oct", "k": "c2VjcmV0" } ] })
}

/// A service with keys of its own, one trusted issuer, and the usual leeway of a minute.
fn door() -> Door {
    let (scratch, now) = (Scratch::new(), "2026-03-01T12:00:00Z".parse().unwrap());
    let clock = Clock::fixed(now);
    let keys = Arc::new(KeyStore::open_or_create(scratch.path(), &clock).unwrap());
    let file = scratch.path().join("idp.json");
    std::fs::write(&file, idp_keys().to_string()).unwrap();
    let settings = VerifierSettings { trusted: vec![idp(file)], ..VerifierSettings::own(names()) };
    let verifier = Verifier::new(keys.clone(), settings, now).unwrap();
    Door { scratch, clock, keys, verifier, now }
}

impl Door {
    fn after(&self, seconds: i64) -> Timestamp {
        self.now + SignedDuration::from_secs(seconds)
    }

    fn kid(&self) -> String {
        self.keys.list().unwrap().into_iter().find(|key| key.active).unwrap().kid
    }

    fn own_key(&self) -> EncodingKey {
        EncodingKey::from_ed_pem(
            &std::fs::read(self.scratch.keys(&format!("{}.pem", self.kid()))).unwrap(),
        )
        .unwrap()
    }

    fn header(&self) -> Value {
        json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": self.kid() })
    }

    fn claims(&self) -> Value {
        let now = self.now.as_second();
        json!({ "iss": "returndesk", "aud": "returndesk-api", "sub": "2001", "client_id": "till", "jti": "1", "iat": now,
                "exp": now + 600, "roles": ["manager", "cashier"], "stores": ["0042"], "register": "3" })
    }

    fn idp_claims(&self) -> Value {
        with(
            self.claims(),
            json!({ "iss": IDP, "aud": ["other", "shop"], "sub": "auth0|77", "employee": 2001 }),
        )
    }

    /// Signs any header and claims text with our own key.
    fn signed(&self, header: &str, claims: &str) -> String {
        sign(header, claims, &self.own_key(), Algorithm::EdDSA)
    }

    fn refused(&self, token: &str) -> TokenError {
        self.verifier.verify(token, self.now).unwrap_err()
    }

    fn idp_token(&self, kid: &str, alg: &str, key: &EncodingKey, signs: Algorithm) -> String {
        let header = json!({ "typ": "at+jwt", "alg": alg, "kid": kid });
        sign(&header.to_string(), &self.idp_claims().to_string(), key, signs)
    }
}

fn sign(header: &str, claims: &str, key: &EncodingKey, algorithm: Algorithm) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), key, algorithm).unwrap();
    format!("{signed}.{signature}")
}

/// The object with some members set, or taken away where the new value is null.
fn with(mut object: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => object.as_object_mut().unwrap().remove(name),
            value => object.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
    object
}

fn rsa() -> EncodingKey {
    EncodingKey::from_rsa_pem(RSA_PEM.as_bytes()).unwrap()
}

fn ec() -> EncodingKey {
    EncodingKey::from_ec_pem(EC_PEM.as_bytes()).unwrap()
}

#[test]
fn a_token_made_here_says_who_calls() {
    let door = door();
    let grant = AccessGrant {
        operator: "1042".into(),
        client_id: "till-3".into(),
        roles: vec![Role::Cashier],
        stores: Stores::Listed(vec!["0042".into(), "0043".into()]),
        register: Some("3".into()),
        lifetime: SignedDuration::from_hours(8),
    };
    let minter = Minter::new(door.keys.clone(), names());
    let minted = minter.mint(&grant, door.now).unwrap();
    let caller = Caller {
        subject: "returndesk|1042".into(),
        operator: "1042".into(),
        client_id: "till-3".into(),
        roles: vec![Role::Cashier],
        stores: grant.stores.clone(),
        register: Some("3".into()),
    };
    let expected = Verified {
        caller: caller.clone(),
        issuer: "returndesk".into(),
        jti: minted.id.to_string(),
        issued_at: door.now,
        expires_at: door.after(8 * 3600),
    };
    assert_eq!(door.verifier.verify(&minted.token, door.now), Ok(expected));
    assert_eq!(minted.id.get_version_num(), 7);

    let all = AccessGrant { stores: Stores::All, register: None, ..grant };
    let verified =
        door.verifier.verify(&minter.mint(&all, door.now).unwrap().token, door.now).unwrap();
    assert_eq!(verified.caller, Caller { stores: Stores::All, register: None, ..caller });
}

#[test]
fn another_issuers_tokens_count_with_the_algorithms_of_its_keys() {
    let door = door();
    for token in [
        door.idp_token("rsa", "RS256", &rsa(), Algorithm::RS256),
        door.idp_token("ec", "ES256", &ec(), Algorithm::ES256),
    ] {
        let verified = door.verifier.verify(&token, door.now).unwrap();
        assert_eq!(verified.issuer, IDP);
        assert_eq!(
            (verified.caller.subject, verified.caller.operator),
            (format!("{IDP}|auth0|77"), "2001".to_owned())
        );
    }
}

#[test]
fn headers_that_are_refused() {
    use TokenError::*;
    let door = door();
    let table = [
        (json!({ "typ": null }), WrongType),
        (json!({ "typ": "JWT" }), WrongType),
        (json!({ "typ": "override+jwt" }), WrongType),
        (json!({ "typ": ["at+jwt"] }), WrongType),
        (json!({ "alg": null }), AlgorithmRefused),
        (json!({ "alg": "none" }), AlgorithmRefused),
        (json!({ "alg": "nOnE" }), AlgorithmRefused),
        (json!({ "alg": "HS256" }), AlgorithmRefused),
        (json!({ "alg": "HS512" }), AlgorithmRefused),
        (json!({ "alg": "PS256" }), AlgorithmRefused),
        (json!({ "alg": "ES384" }), AlgorithmRefused),
        (json!({ "alg": "RS256" }), AlgorithmRefused),
        (json!({ "alg": "ES256" }), AlgorithmRefused),
        (json!({ "kid": null }), KeyIdMissing),
        (json!({ "kid": 7 }), KeyIdMissing),
        (json!({ "kid": "unknown" }), UnknownKey),
        (json!({ "kid": "../log" }), UnknownKey),
        (json!({ "jku": "https://evil.example/jwks.json" }), HeaderForbidden("jku")),
        (json!({ "jwk": { "kty": "OKP" } }), HeaderForbidden("jwk")),
        (json!({ "x5u": "https://evil.example/" }), HeaderForbidden("x5u")),
        (json!({ "x5c": [] }), HeaderForbidden("x5c")),
        (json!({ "x5t": "a" }), HeaderForbidden("x5t")),
        (json!({ "x5t#S256": "a" }), HeaderForbidden("x5t#S256")),
        (json!({ "zip": "DEF" }), HeaderForbidden("zip")),
        (json!({ "enc": "A128GCM" }), HeaderForbidden("enc")),
        (json!({ "cty": "JWT" }), HeaderForbidden("cty")),
        (json!({ "crit": ["exp"], "exp": 1 }), CriticalHeader),
        (json!({ "crit": [] }), CriticalHeader),
    ];
    for (changes, error) in table {
        let token = door
            .signed(&with(door.header(), changes.clone()).to_string(), &door.claims().to_string());
        assert_eq!(door.refused(&token), error, "{changes}");
    }
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt"] {
        let header = with(door.header(), json!({ "typ": typ, "more": 1 }));
        let token = door.signed(&header.to_string(), &door.claims().to_string());
        assert!(door.verifier.verify(&token, door.now).is_ok(), "{typ}");
    }
}

#[test]
fn claims_that_are_refused() {
    use TokenError::*;
    let door = door();
    let now = door.now.as_second();
    let mut table = vec![
        (json!({ "iss": "elsewhere" }), UnknownIssuer),
        (json!({ "iss": ["returndesk"] }), ClaimMalformed("iss")),
        (json!({ "iss": IDP }), UnknownKey),
        (json!({ "aud": "elsewhere" }), WrongAudience),
        (json!({ "aud": [] }), WrongAudience),
        (json!({ "aud": ["elsewhere"] }), WrongAudience),
        (json!({ "aud": [1, "returndesk-api"] }), ClaimMalformed("aud")),
        (json!({ "sub": "" }), ClaimMalformed("sub")),
        (json!({ "sub": "2001\r\nforged" }), ClaimMalformed("sub")),
        (json!({ "sub": "x".repeat(256) }), ClaimMalformed("sub")),
        (json!({ "jti": 1 }), ClaimMalformed("jti")),
        (json!({ "exp": (now + 600).to_string() }), ClaimMalformed("exp")),
        (json!({ "exp": 1e300 }), ClaimMalformed("exp")),
        (json!({ "exp": u64::MAX }), ClaimMalformed("exp")),
        (json!({ "exp": -1 }), ClaimMalformed("exp")),
        (json!({ "iat": now + 600 }), ClaimMalformed("exp")),
        (json!({ "iat": now - 600, "exp": now - 60 }), Expired),
        (json!({ "iat": now + 61 }), IssuedInFuture),
        (json!({ "nbf": now + 61 }), NotYetValid),
        (json!({ "nbf": "soon" }), ClaimMalformed("nbf")),
        (json!({ "register": 3 }), ClaimMalformed("register")),
        (json!({ "roles": "manager" }), ClaimMalformed("roles")),
        (json!({ "roles": [["manager"]] }), ClaimMalformed("roles")),
        (json!({ "stores": "*" }), ClaimMalformed("stores")),
        (json!({ "roles": null }), Insufficient("roles")),
        (json!({ "roles": [] }), Insufficient("roles")),
        (json!({ "roles": ["emperor", "Manager"] }), Insufficient("roles")),
        (json!({ "stores": null }), Insufficient("stores")),
        (json!({ "stores": [] }), Insufficient("stores")),
    ];
    for name in ["iss", "aud", "sub", "exp", "iat", "jti", "client_id"] {
        table.push((json!({ name: null }), ClaimMissing(name)));
    }
    for (changes, error) in table {
        let token = door
            .signed(&door.header().to_string(), &with(door.claims(), changes.clone()).to_string());
        assert_eq!(door.refused(&token), error, "{changes}");
    }
    for changes in [
        json!({ "iat": now - 600, "exp": now - 59 }),
        json!({ "iat": now + 60 }),
        json!({ "nbf": now + 60 }),
        json!({ "roles": ["emperor", "manager"] }),
        json!({ "aud": ["elsewhere", "returndesk-api"] }),
    ] {
        let token = door
            .signed(&door.header().to_string(), &with(door.claims(), changes.clone()).to_string());
        assert!(door.verifier.verify(&token, door.now).is_ok(), "{changes}");
    }
}

#[test]
fn texts_that_are_no_token() {
    use TokenError::*;
    let door = door();
    let (header, claims) = (door.header().to_string(), door.claims().to_string());
    let good = door.signed(&header, &claims);
    let parts: Vec<&str> = good.split('.').collect();
    let inside = |text: &str, more: &str| format!("{},{more}}}", text.strip_suffix('}').unwrap());
    let table = [
        (String::new(), Malformed),
        ("..".into(), Malformed),
        (parts[..2].join("."), Malformed),
        (format!("{good}."), Malformed),
        (format!("{good}.{}", parts[2]), Malformed),
        (format!("{good}="), BadSignature),
        (format!(" {good}"), Malformed),
        (format!("{}.{}.", parts[0], parts[1]), BadSignature),
        (format!("{}.{}.{}", parts[0], parts[1], "A".repeat(86)), BadSignature),
        (
            format!(
                "{}.{}.{}",
                parts[0],
                URL_SAFE_NO_PAD.encode(claims.replace("2001", "2002")),
                parts[2]
            ),
            BadSignature,
        ),
        (format!("{good}{}", "A".repeat(9_000)), TooLong),
        (
            door.signed(
                &header,
                &with(door.claims(), json!({ "pad": "x".repeat(8_000) })).to_string(),
            ),
            TooLong,
        ),
        (door.signed(&inside(&header, r#""alg":"EdDSA""#), &claims), DuplicateMember),
        (door.signed(&inside(&header, r#""kid":"x""#), &claims), DuplicateMember),
        (door.signed(&header, &inside(&claims, r#""roles":["admin"]"#)), DuplicateMember),
        (door.signed(&header, &inside(&claims, r#""s\u0075b":"9""#)), DuplicateMember),
        (door.signed(&header, &inside(&claims, r#""deep":[{"a":1,"a":2}]"#)), DuplicateMember),
        (door.signed(&header, &format!("{claims} {{}}")), Malformed),
        (door.signed(&header, "[]"), Malformed),
        (door.signed(&header, &"[".repeat(3_000)), Malformed),
        (door.signed("null", &claims), Malformed),
        (door.signed(&header, "{\"sub\":\"\u{0}"), Malformed),
    ];
    for (index, (token, error)) in table.into_iter().enumerate() {
        assert_eq!(door.refused(&token), error, "row {index}");
    }
}

#[test]
fn keys_are_not_confused() {
    use TokenError::*;
    let door = door();
    let (header, claims) = (door.header(), door.claims().to_string());
    let hs = |secret: &[u8], header: &Value, claims: &str| {
        sign(
            &with(header.clone(), json!({ "alg": "HS256" })).to_string(),
            claims,
            &EncodingKey::from_secret(secret),
            Algorithm::HS256,
        )
    };
    let public = door.keys.jwks().unwrap()["keys"][0]["x"].as_str().unwrap().to_owned();
    let idp_header = json!({ "typ": "at+jwt", "kid": "rsa" });
    let log_key =
        EncodingKey::from_ed_pem(&std::fs::read(door.scratch.keys("log.pem")).unwrap()).unwrap();
    let weak = EncodingKey::from_rsa_pem(RSA_1024_PEM.as_bytes()).unwrap();
    let table = [
        (
            "public key as a secret",
            hs(&URL_SAFE_NO_PAD.decode(&public).unwrap(), &header, &claims),
            AlgorithmRefused,
        ),
        (
            "modulus as a secret",
            hs(
                &URL_SAFE_NO_PAD.decode(RSA_N).unwrap(),
                &idp_header,
                &door.idp_claims().to_string(),
            ),
            AlgorithmRefused,
        ),
        (
            "the issuer's oct key",
            door.idp_token("oct", "RS256", &rsa(), Algorithm::RS256),
            UnknownKey,
        ),
        (
            "RSA signature said to be EdDSA",
            door.idp_token("rsa", "EdDSA", &rsa(), Algorithm::RS256),
            AlgorithmRefused,
        ),
        (
            "EC key, RS256 named",
            door.idp_token("ec", "RS256", &rsa(), Algorithm::RS256),
            AlgorithmRefused,
        ),
        (
            "PSS signature under RS256",
            door.idp_token("rsa", "RS256", &rsa(), Algorithm::PS256),
            BadSignature,
        ),
        (
            "RS384 signature under RS256",
            door.idp_token("rsa", "RS256", &rsa(), Algorithm::RS384),
            BadSignature,
        ),
        (
            "a key for PS256 only",
            door.idp_token("pss", "RS256", &rsa(), Algorithm::RS256),
            UnknownKey,
        ),
        (
            "a key for encryption",
            door.idp_token("enc", "RS256", &rsa(), Algorithm::RS256),
            UnknownKey,
        ),
        ("1024 bits", door.idp_token("weak", "RS256", &weak, Algorithm::RS256), UnknownKey),
        (
            "the issuer's key under our name",
            sign(
                &json!({ "typ": "at+jwt", "alg": "RS256", "kid": "rsa" }).to_string(),
                &claims,
                &rsa(),
                Algorithm::RS256,
            ),
            UnknownKey,
        ),
        (
            "our key under the issuer's name",
            door.signed(&header.to_string(), &door.idp_claims().to_string()),
            UnknownKey,
        ),
        (
            "the log key",
            sign(&header.to_string(), &claims, &log_key, Algorithm::EdDSA),
            BadSignature,
        ),
    ];
    for (what, token, error) in table {
        assert_eq!(door.refused(&token), error, "{what}");
    }
}

#[test]
fn no_reason_repeats_the_token() {
    let door = door();
    let token = door.signed(
        &door.header().to_string(),
        &with(door.claims(), json!({ "sub": "secret\n" })).to_string(),
    );
    let error = door.refused(&token);
    assert_eq!(
        (error.reason().as_str(), error.to_string().as_str()),
        ("claim_malformed:sub", "token refused: claim_malformed:sub")
    );
}

proptest::proptest! {
    /// Whatever comes over the counter: an answer, never a panic, and never "come in".
    #[test]
    fn noise_is_refused(header in ".{0,80}", claims in ".{0,80}", signature in "[A-Za-z0-9_.-]{0,90}") {
        let noise = format!("{}.{}.{signature}", URL_SAFE_NO_PAD.encode(&header), URL_SAFE_NO_PAD.encode(&claims));
        proptest::prop_assert!(compact::parse(&noise, ACCESS_TYPE).is_err());
        proptest::prop_assert!(compact::parse(&header, ACCESS_TYPE).is_err());
    }
}
