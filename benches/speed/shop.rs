//! What is sold and comes back: bodies of requests, all valid, every return of a sale of its own.

use jiff::{Timestamp, ToSpan};
use std::net::SocketAddr;

/// Stores of one kind; sales and logs are spread over them evenly.
pub const STORES: usize = 8;

/// The store and the receipt of the n-th sale of stores of a kind, a letter.
pub fn place(kind: char, number: usize) -> (String, String) {
    (store(kind, number % STORES), format!("{kind}-{number:09}"))
}

/// The n-th of so many things in an order without neighbours: customers do not come back in the
/// order in which they bought. A step near the golden section of the count, without a common
/// divisor.
pub fn scattered(number: usize, count: usize) -> usize {
    (number * step(count)) % count
}

pub fn step(count: usize) -> usize {
    let divisor = |mut a: usize, mut b: usize| {
        while b > 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    let golden = count * 618 / 1_000;
    (golden.max(1)..).find(|step| divisor(*step, count) == 1).unwrap_or(1)
}

pub fn store(kind: char, place: usize) -> String {
    format!("{kind}{:02}", place + 1)
}

/// Yesterday, as sales tell their time.
pub struct Yesterday(String);

impl Yesterday {
    pub fn new() -> Yesterday {
        // A bench lives in the machine's time, like the service that it starts.
        let yesterday = returndesk::clock::Clock::system()
            .now()
            .checked_sub(24.hours())
            .unwrap_or(Timestamp::UNIX_EPOCH);
        Yesterday(yesterday.to_string())
    }

    /// A sale of three lines by card, 41.28 with taxes, as one line of NDJSON.
    pub fn sale(&self, kind: char, number: usize) -> String {
        let (store, receipt) = place(kind, number);
        let (at, day) = (&self.0, &self.0[..10]);
        let sku = |line: usize| format!("SKU-{:05}", (number * 7 + line * 131) % 20_000);
        format!(
            r#"{{"store":"{store}","register":"3","receipt":"{receipt}","business_date":"{day}","sold_at":"{at}","operator":"1001","channel":"store","currency":"USD","prices_include_tax":false,"lines":[{{"line":1,"sku":"{}","description":"Hanging heart, white","category":["gifts","decor"],"quantity":"2","unit_price":"12.50","net":"25.00","taxes":[{{"code":"NY","rate":"0.08","amount":"2.00"}}]}},{{"line":2,"sku":"{}","description":"Mug, blue","category":["kitchen"],"quantity":"1","unit_price":"7.25","net":"7.25","taxes":[{{"code":"NY","rate":"0.08","amount":"0.58"}}]}},{{"line":3,"sku":"{}","description":"Card, birthday","category":["cards"],"quantity":"3","unit_price":"1.99","net":"5.97","taxes":[{{"code":"NY","rate":"0.08","amount":"0.48"}}]}}],"tenders":[{{"tender":1,"type":"credit_card","amount":"41.28","reference":"tok_{number}","card":{{"brand":"visa","last4":"4242","fingerprint":"fp_{number}"}}}}],"total":"41.28"}}"#,
            sku(1),
            sku(2),
            sku(3)
        )
    }
}

/// Customers of the shop. In a million returns, half of them by a known customer, each customer
/// brings something back ten times.
const CUSTOMERS: u64 = 50_000;

/// The customer who bought the n-th sale, in an order that looks like chance.
fn customer(number: usize) -> u64 {
    ((number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) % CUSTOMERS
}

/// One unit of the first and the second line of a sale comes back by its receipt: 21.33. Half of
/// the returns name the customer, whose returns the policies count.
pub fn back(kind: char, number: usize) -> String {
    let (store, receipt) = place(kind, number);
    // Not by the number's own parity: a store would have known customers alone.
    let customer = match (number / STORES).is_multiple_of(2) {
        true => {
            format!(r#""customer":{{"id":"C-{:06}"}},"#, customer(number))
        }
        false => String::new(),
    };
    format!(
        r#"{{"store":"{store}","register":"7",{customer}"sale":{{"receipt":"{receipt}"}},"lines":[{{"sale_line":1,"quantity":"1","reason":"changed_mind","condition":"unopened"}},{{"sale_line":2,"quantity":"1","reason":"defective","condition":"opened"}}]}}"#
    )
}

pub fn of_store(kind: char, place: usize, policy: &str) -> (String, String) {
    let body = format!(
        r#"{{"name":"Store {kind}{place}","time_zone":"America/New_York","currency":"USD","region":"US-NY","policy":"{policy}"}}"#
    );
    (format!("/v1/stores/{}", store(kind, place)), body)
}

/// The policy `standard`, whose last rule counts what customers brought back before.
pub fn counting(standard: &str) -> String {
    let mut version: serde_json::Value = serde_json::from_str(standard).expect("a version");
    let mut document = version["document"].take();
    let last = document["rules"].as_array_mut().and_then(|rules| rules.last_mut());
    last.expect("a policy with rules")["set"]["velocity"] =
        serde_json::json!([{"days": 90, "count": 100_000, "outcome": "refuse"}]);
    document.to_string()
}

/// A policy of so many rules: all but the last are of some department, article or price, the last
/// is for everything, and counts what customers brought back before.
pub fn policy(rules: usize) -> String {
    let special = |number: usize| {
        let when = match number % 4 {
            0 => format!(r#""category":["department-{number}"]"#),
            1 => format!(r#""sku":["ARTICLE-{number}","ARTICLE-{number}-B"]"#),
            2 => format!(
                r#""category":["gifts"],"price":{{"min":"{0}.00","max":"{0}.99"}}"#,
                1_000 + number
            ),
            _ => format!(
                r#""reason":["wrong_item"],"region":["US-NY"],"category":["department-{number}"]"#
            ),
        };
        let set =
            format!(r#""window":{{"days":{},"from":"sale","after":"refuse"}}"#, 10 + number % 50);
        format!(r#"{{"id":"special-{number}","when":{{{when}}},"set":{{{set}}}}}"#)
    };
    let last = r#"{"id":"default","when":{},"set":{"velocity":[{"days":90,"count":100000,"outcome":"refuse"}],"window":{"days":30,"from":"sale","after":"needs_approval","approval_role":"manager"},"conditions":["unopened","opened","damaged"],"refund_to":{"*":["original","store_credit"]},"approval":[{"over":"200.00","role":"supervisor"}],"promotion":"prorate","quote_required":false}}"#;
    let rules: Vec<String> = (1..rules).map(special).chain([last.to_owned()]).collect();
    format!(r#"{{"currency":"USD","governed_by":"sale","rules":[{}]}}"#, rules.join(","))
}

/// A request with a body; `key` is its Idempotency-Key.
pub fn post(path: &str, token: &str, key: Option<&str>, body: &str) -> Vec<u8> {
    let key = key.map(|key| format!("idempotency-key: {key}\r\n")).unwrap_or_default();
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: desk\r\nauthorization: Bearer {token}\r\n{key}content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

pub fn get(path: &str, token: Option<&str>) -> Vec<u8> {
    let token = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
    format!("GET {path} HTTP/1.1\r\nhost: desk\r\n{token}\r\n").into_bytes()
}

/// One request on a connection of its own, for setting up; the body of its answer.
pub fn ask(address: SocketAddr, method: &str, path: &str, token: &str, body: &str) -> String {
    ask_keyed(address, method, path, token, None, body)
}

/// The same under an Idempotency-Key.
pub fn ask_keyed(
    address: SocketAddr,
    method: &str,
    path: &str,
    token: &str,
    key: Option<&str>,
    body: &str,
) -> String {
    use std::io::{Read, Write};
    let key = key.map(|key| format!("idempotency-key: {key}\r\n")).unwrap_or_default();
    let mut socket = std::net::TcpStream::connect(address).expect("the service listens");
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: desk\r\nconnection: close\r\nauthorization: Bearer {token}\r\n{key}content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    socket
        .write_all(head.as_bytes())
        .and_then(|()| socket.write_all(body.as_bytes()))
        .expect("a request is sent");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 2"), "{method} {path}: {answer:.2000}");
    answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()
}
