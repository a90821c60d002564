//! Clients that are slow, stop half-way, go away, hold ten thousand connections open, or send more
//! than is taken.

use crate::http::Client;
use crate::registers::Registers;
use crate::server::Server;
use crate::shop::Shop;
use crate::support::{TestDb, not_tested};
use serde_json::json;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

/// A connection that is told what to send, byte by byte.
fn raw(address: SocketAddr, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    stream
}

/// Everything that comes until the service ends the connection.
fn rest(mut stream: TcpStream) -> String {
    let mut text = Vec::new();
    match stream.read_to_end(&mut text) {
        Err(fault) if fault.kind() != ErrorKind::ConnectionReset => {
            panic!(
                "the connection is held open ({fault}) after {:?}",
                String::from_utf8_lossy(&text)
            )
        }
        _ => String::from_utf8_lossy(&text).into_owned(),
    }
}

fn head(shop: &Shop, more: &str) -> String {
    let token = &shop.token;
    format!(
        "POST /v1/returns HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: half\r\n\
         Content-Type: application/json\r\n{more}\r\n\r\n"
    )
}

#[test]
fn whoever_stops_half_way_is_not_waited_for() {
    let database = TestDb::sqlite();
    let shop = Shop::on(&database);
    let server = Server::run(shop.plan().with("RETURNDESK_LIMITS_CLIENT_SECONDS", 1));
    let registers = Registers::new(&shop, &[server.address()]);
    let whole = json!({ "store": "S1", "register": "7", "sale": { "id": shop.sales[0] },
                        "lines": [{ "sale_line": 1, "quantity": "1", "reason": "defective" }] });
    let (whole, length) = (whole.to_string(), whole.to_string().len());
    let half = &whole[..length / 2];
    let announced = head(&shop, &format!("Content-Length: {length}")) + half;
    let chunked =
        head(&shop, "Transfer-Encoding: chunked") + &format!("{:x}\r\n{half}\r\n", half.len());
    let before = &head(&shop, "X-More: of the head that never comes")[..80];
    let stuck: Vec<TcpStream> = [announced.as_str(), &chunked, before, ""]
        .into_iter()
        .map(|text| raw(server.address(), text))
        .collect();
    // Others are served meanwhile.
    registers.run_while(|| registers.wait_for_more(20));
    let told: Vec<String> = stuck.into_iter().map(rest).collect();
    for (half_body, told) in told[..2].iter().enumerate() {
        assert!(told.starts_with("HTTP/1.1 408"), "{half_body}: {told}");
        assert!(told.contains("\"code\":\"request_timeout\""), "{half_body}: {told}");
    }
    assert!(told[2].is_empty() || told[2].starts_with("HTTP/1.1 408"), "{}", told[2]);
    // Nothing of it was done, and the key is free.
    registers.judge(&database.open());
    let mut client = Client::connect(server.address(), &shop.token).unwrap();
    assert_eq!(client.post("/v1/returns", "half", &whole).unwrap().status, 201);
}

/// A client that goes away after sending finds out by asking again.
#[test]
fn whoever_goes_away_without_listening_finds_the_answer_under_the_key() {
    let database = TestDb::sqlite();
    let shop = Shop::on(&database);
    let server = Server::run(shop.plan());
    let registers = Registers::new(&shop, &[server.address()]);
    for number in 0..60 {
        registers.ask_and_leave(&format!("till-{number}"), 1, 1);
    }
    for number in 0..60 {
        assert_eq!(registers.bring_back(&format!("till-{number}"), 1, 1), 201);
    }
    registers.judge(&database.open());
}

/// An import whose sender stops is ended, and what came before is recorded.
#[test]
fn an_import_that_stands_still_is_ended() {
    let database = TestDb::sqlite();
    let shop = Shop::on(&database);
    let server = Server::run(shop.plan().with("RETURNDESK_LIMITS_KEEP_ALIVE_SECONDS", 1));
    let line = crate::goods::sale_body("R-IMPORTED", &[1], None).to_string() + "\n";
    let token = &shop.importer;
    let text = format!(
        "POST /v1/sales/import HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{line}\r\n",
        line.len()
    );
    let told = rest(raw(server.address(), &text));
    assert!(told.contains("\"recorded\"") && told.contains("request_timeout"), "{told}");
}

#[test]
fn ten_thousand_idle_connections_are_in_nobodys_way() {
    const WANTED: usize = 10_000;
    // What this process may open: each of its connections is a file.
    let output = Command::new("sh").args(["-c", "ulimit -n"]).output().unwrap();
    let allowed = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap_or(usize::MAX);
    let count = WANTED.min(allowed.saturating_sub(300));
    if count < WANTED {
        not_tested(&format!(
            "ONLY {count} IDLE CONNECTIONS WERE TRIED: `ulimit -n` allows no more; raise it for {WANTED}"
        ));
    }
    let database = TestDb::sqlite();
    let shop = Shop::on(&database);
    let plan = shop
        .plan()
        .before("ulimit -n $(ulimit -Hn)")
        .with("RETURNDESK_LIMITS_KEEP_ALIVE_SECONDS", 600);
    let server = Server::run(plan);
    let registers = Registers::new(&shop, &[server.address()]);
    let opened: Vec<Client> = std::thread::scope(|scope| {
        let open = |_| {
            let mut client = Client::connect(server.address(), &shop.token).unwrap();
            assert_eq!(client.get("/healthz").unwrap().status, 200);
            client
        };
        let parts: Vec<_> = (0..4)
            .map(|_| scope.spawn(move || (0..count / 4).map(open).collect::<Vec<_>>()))
            .collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
    });
    registers.run_while(|| registers.wait_for_more(100));
    // Each of them is still good.
    for mut idle in opened.into_iter().step_by(100) {
        assert_eq!(idle.get("/readyz").unwrap().status, 200);
    }
    registers.judge(&database.open());
}

#[test]
fn more_than_is_taken_is_refused_with_a_reason() {
    let database = TestDb::sqlite();
    let shop = Shop::on(&database);
    let server = Server::run(
        shop.plan()
            .with("RETURNDESK_LIMITS_BODY_BYTES", 20_000)
            .with("RETURNDESK_LIMITS_LINES_PER_RETURN", 3)
            .with("RETURNDESK_LIMITS_LINES_PER_SALE", 3)
            .with("RETURNDESK_LIMITS_TENDERS_PER_SALE", 1)
            .with("RETURNDESK_LIMITS_IMPORT_LINE_BYTES", 2_000),
    );
    let address = server.address();
    let status = |text: String| {
        let mut first = String::new();
        BufReader::new(raw(address, &text)).read_line(&mut first).unwrap();
        first.split(' ').nth(1).unwrap_or_default().to_owned()
    };
    // Before a handler: the head as a whole, its count of fields, the target.
    let long = "x".repeat(200_000);
    assert!(status(head(&shop, &format!("X-Long: {long}"))).starts_with('4'));
    let many: String = (0..500).map(|number| format!("X-{number}: 1\r\n")).collect();
    assert!(status(head(&shop, &format!("{many}Content-Length: 0"))).starts_with('4'));
    assert!(
        status(format!("GET /v1/sales?receipt={long} HTTP/1.1\r\nHost: test\r\n\r\n"))
            .starts_with('4')
    );
    // The body: announced, and in chunks that never end.
    assert_eq!(status(head(&shop, "Content-Length: 20001")), "413");
    let endless = format!("4000\r\n{}\r\n", "7".repeat(0x4000)).repeat(3);
    assert_eq!(status(head(&shop, "Transfer-Encoding: chunked") + &endless), "413");
    // What is in it.
    let mut client = Client::connect(address, &shop.token).unwrap();
    let line = json!({ "sale_line": 1, "quantity": "1", "reason": "defective" });
    let lines = json!({ "store": "S1", "register": "7", "sale": { "id": shop.sales[0] }, "lines": vec![line; 4] });
    let told = client.post("/v1/returns", "lines", &lines.to_string()).unwrap();
    assert_eq!((told.status, told.json()["errors"][0]["code"].as_str()), (422, Some("too_many")));
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    assert_eq!(client.post("/v1/returns", "deep", &deep).unwrap().status / 100, 4);
    let mut till = Client::connect(address, &shop.importer).unwrap();
    let many_lines = crate::goods::sale_body("R-LINES", &[1; 4], None);
    let mut many_tenders = crate::goods::sale_body("R-TENDERS", &[1], None);
    many_tenders["tenders"] = json!([{ "tender": 1, "type": "cash", "amount": "1.00" }, { "tender": 2, "type": "cash", "amount": "0.35" }]);
    for (sale, pointer) in [(many_lines, "/lines"), (many_tenders, "/tenders")] {
        let told = till.post("/v1/sales", pointer, &sale.to_string()).unwrap().json();
        assert_eq!(
            (&told["errors"][0]["code"], &told["errors"][0]["pointer"]),
            (&json!("too_many"), &json!(pointer))
        );
    }
    // And the service is as it was.
    let registers = Registers::new(&shop, &[address]);
    registers.run_while(|| registers.wait_for_more(20));
    registers.judge(&database.open());
}

#[test]
fn a_caller_who_asks_too_often_is_told_when_to_come_back() {
    let database = TestDb::sqlite();
    let shop = Shop::on(&database);
    let server = Server::run(shop.plan().with("RETURNDESK_LIMITS_REQUESTS_PER_SECOND", 5));
    let registers = Registers::new(&shop, &[server.address()]);
    // Registers wait and ask again: in the end everyone has been served, and some were told to
    // wait.
    registers.run_while(|| registers.wait_for_more(10));
    let told: Vec<crate::http::Answer> =
        registers.history.events().into_iter().filter_map(|event| event.heard).collect();
    let slowed: Vec<_> = told.iter().filter(|answer| answer.status == 429).collect();
    assert!(!slowed.is_empty(), "six registers ask more often than five times in a second");
    assert!(slowed.iter().all(|answer| answer.header("retry-after") == Some("1")), "{slowed:?}");
    drop(server);
    let server = Server::run(shop.plan());
    registers.moved_to(server.address()).judge(&database.open());
}
