//! Callers as values: whoever asks, with a token minted for each request, so that moving the clock
//! expires nobody.

use super::shop::Shop;
use actix_web::HttpResponse;
use actix_web::body::BoxBody;
use actix_web::http::Method;
use actix_web::test::TestRequest;
use jiff::SignedDuration;
use returndesk::domain::caller::{Role, Stores};
use returndesk::identity::token::AccessGrant;
use serde_json::{Value, json};
use std::fmt;

/// Somebody who talks to a shop.
#[derive(Clone)]
pub struct Caller<'s> {
    shop: &'s Shop,
    proof: Proof,
}

#[derive(Clone)]
enum Proof {
    Minted(AccessGrant),
    Kept(String),
    None,
}

impl<'s> Caller<'s> {
    /// A person with these roles in these stores; `"*"` for all.
    pub fn new(shop: &'s Shop, operator: &str, roles: &[Role], stores: &[&str]) -> Caller<'s> {
        let stores = match stores {
            ["*"] => Stores::All,
            listed => Stores::Listed(listed.iter().map(|store| (*store).to_owned()).collect()),
        };
        let proof = Proof::Minted(AccessGrant {
            operator: operator.to_owned(),
            client_id: "tests".into(),
            roles: roles.to_vec(),
            stores,
            register: None,
            lifetime: SignedDuration::from_hours(1),
        });
        Caller { shop, proof }
    }

    /// A person with one role, at a register of one store.
    pub fn at(shop: &'s Shop, operator: &str, role: Role, store: &str, register: &str) -> Self {
        let mut caller = Caller::new(shop, operator, &[role], &[store]);
        if let Proof::Minted(grant) = &mut caller.proof {
            grant.register = Some(register.to_owned());
        }
        caller
    }

    /// Whoever has this token.
    pub fn bearing(shop: &'s Shop, token: &str) -> Caller<'s> {
        Caller { shop, proof: Proof::Kept(token.to_owned()) }
    }

    pub fn anonymous(shop: &'s Shop) -> Caller<'s> {
        Caller { shop, proof: Proof::None }
    }

    /// The access token, made now.
    pub fn token(&self) -> Option<String> {
        match &self.proof {
            Proof::Minted(grant) => {
                Some(self.shop.service().minter.mint(grant, self.shop.now()).unwrap().token)
            }
            Proof::Kept(token) => Some(token.clone()),
            Proof::None => None,
        }
    }

    /// A request with the caller's token and nothing else.
    pub fn request(&self, method: Method, path: &str) -> TestRequest {
        let request = TestRequest::with_uri(path).method(method);
        match self.token() {
            Some(token) => request.insert_header(("Authorization", format!("Bearer {token}"))),
            None => request,
        }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[])
    }

    pub fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.shop.ask(with(self.request(Method::GET, path), headers))
    }

    pub fn head(&self, path: &str) -> Answer {
        self.shop.ask(self.request(Method::HEAD, path))
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_with(path, &[], body)
    }

    pub fn post_keyed(&self, path: &str, key: &str, body: &Value) -> Answer {
        self.post_with(path, &[("Idempotency-Key", key)], body)
    }

    pub fn post_with(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        self.shop.ask(with(self.request(Method::POST, path).set_json(body), headers))
    }

    /// A body that is not what it should be.
    pub fn post_text(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let request =
            self.request(Method::POST, path).insert_header(("Content-Type", "application/json"));
        self.shop.ask(with(request.set_payload(body.to_owned()), headers))
    }

    pub fn put(&self, path: &str, body: &Value) -> Answer {
        self.put_with(path, &[], body)
    }

    pub fn put_with(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        self.shop.ask(with(self.request(Method::PUT, path).set_json(body), headers))
    }
}

fn with(request: TestRequest, headers: &[(&str, &str)]) -> TestRequest {
    headers.iter().fold(request, |request, header| request.insert_header(*header))
}

/// An answer, read to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    /// Names in small letters, in the order of their names.
    pub headers: Vec<(String, String)>,
    pub bytes: Vec<u8>,
    /// The bytes as JSON; null if they are none.
    pub body: Value,
}

impl Answer {
    pub async fn read(answer: HttpResponse<BoxBody>) -> Answer {
        let header = |(name, value): (
            &actix_web::http::header::HeaderName,
            &actix_web::http::header::HeaderValue,
        )| { (name.to_string(), value.to_str().unwrap_or("?").to_owned()) };
        let mut headers: Vec<_> = answer.headers().iter().map(header).collect();
        headers.sort();
        let status = answer.status().as_u16();
        let bytes = actix_web::body::to_bytes(answer.into_body())
            .await
            .map(|bytes| bytes.to_vec())
            .unwrap_or_default();
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        Answer { status, headers, bytes, body }
    }

    /// This status, or the test ends with the answer in its output.
    #[track_caller]
    pub fn expect(self, status: u16) -> Answer {
        assert_eq!(self.status, status, "{self}");
        self
    }

    /// A problem with this status and code, in the form that every problem has.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Answer {
        assert_eq!((self.status, self.code()), (status, code), "{self}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self}");
        assert_eq!(self.body["status"], status, "{self}");
        self
    }

    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The body with ids and tokens, which differ from run to run, replaced.
    pub fn masked(&self) -> Value {
        masked(&self.body)
    }

    /// Pointer and code of every fault, in order.
    pub fn faults(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let faults = self.body["errors"].as_array().cloned().unwrap_or_default();
        faults.iter().map(|fault| (text(&fault["pointer"]), text(&fault["code"]))).collect()
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "answered {} with {:?}", self.status, self.headers)?;
        if self.body.is_null() { f.write_str(&self.text()) } else { write!(f, "{:#}", self.body) }
    }
}

/// JSON with ids and tokens replaced; times are the clock's, so they stay.
pub fn masked(json: &Value) -> Value {
    match json {
        Value::Array(entries) => entries.iter().map(masked).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), masked(value))).collect()
        }
        Value::String(text) if is_id(text) => json!("<id>"),
        Value::String(text) if text.starts_with("eyJ") => json!("<token>"),
        other => other.clone(),
    }
}

fn is_id(text: &str) -> bool {
    let dashes = text.char_indices().filter(|(_, c)| *c == '-').map(|(at, _)| at);
    text.len() == 36
        && dashes.eq([8, 13, 18, 23])
        && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}
