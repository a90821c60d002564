//! Long bodies, in and out: sales imported as a stream, the log exported as one.

use crate::load::Taken;
use crate::shop::{Yesterday, ask_keyed};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::Range;
use std::time::Instant;

/// Imports the sales of a range through `POST /v1/sales/import` on one connection.
pub fn import(address: SocketAddr, token: &str, kind: char, sales: Range<usize>) -> Taken {
    let yesterday = Yesterday::new();
    let started = Instant::now();
    let socket = TcpStream::connect(address).expect("the service listens");
    let mut writing = BufWriter::with_capacity(1 << 16, socket.try_clone().expect("a socket"));
    let head = format!(
        "POST /v1/sales/import HTTP/1.1\r\nhost: desk\r\nconnection: close\r\nauthorization: Bearer {token}\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    let wanted = sales.len();
    let sender = std::thread::spawn(move || -> std::io::Result<()> {
        writing.write_all(head.as_bytes())?;
        for number in sales {
            let line = yesterday.sale(kind, number);
            write!(writing, "{:x}\r\n{line}\n\r\n", line.len() + 1)?;
        }
        writing.write_all(b"0\r\n\r\n")?;
        writing.flush()
    });
    let recorded = count_lines(socket, b"\"status\":\"recorded\"");
    sender.join().expect("the sender").expect("all lines are taken");
    assert_eq!(recorded.matching, wanted, "{}", recorded.other);
    Taken { seconds: started.elapsed().as_secs_f64(), count: wanted, latencies: Vec::new() }
}

/// Issues so many gift cards of 50.00 in one store through `POST /v1/gift-cards/bulk`; their ids.
pub fn issue(address: SocketAddr, token: &str, store: &str, count: usize) -> Vec<String> {
    let body = format!(
        r#"{{"kind":"gift_card","amount":"50.00","currency":"USD","store":"{store}","count":{count}}}"#
    );
    let answer = ask_keyed(
        address,
        "POST",
        "/v1/gift-cards/bulk",
        token,
        Some(&format!("cards-{store}")),
        &body,
    );
    let id = |card: &str| Some(card.split_once("\"id\":\"")?.1.split_once('"')?.0.to_owned());
    let cards: Vec<String> = answer.lines().filter_map(id).collect();
    assert_eq!(cards.len(), count, "{answer:.500}");
    cards
}

/// Exports the whole log; what is counted are entries, and the bytes beside them.
pub fn export(address: SocketAddr, token: &str) -> (Taken, usize) {
    let started = Instant::now();
    let mut socket = TcpStream::connect(address).expect("the service listens");
    let head = format!(
        "GET /v1/audit/export HTTP/1.1\r\nhost: desk\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).expect("a request is sent");
    let counted = count_lines(socket, b"\"hash\"");
    assert!(counted.other.starts_with("{\"manifest\""), "the export was cut: {}", counted.other);
    (
        Taken {
            seconds: started.elapsed().as_secs_f64(),
            count: counted.matching,
            latencies: Vec::new(),
        },
        counted.bytes,
    )
}

struct Counted {
    matching: usize,
    bytes: usize,
    /// The last line that was none of those.
    other: String,
}

fn count_lines(socket: TcpStream, mark: &[u8]) -> Counted {
    let mut reading = BufReader::with_capacity(1 << 18, socket);
    let (mut counted, mut line) =
        (Counted { matching: 0, bytes: 0, other: String::new() }, Vec::new());
    while read_line(&mut reading, &mut line) {
        counted.bytes += line.len();
        if line.windows(mark.len()).any(|part| part == mark) {
            counted.matching += 1;
        } else if line.len() > 8 {
            counted.other = String::from_utf8_lossy(&line).into_owned();
        }
    }
    counted
}

fn read_line(reading: &mut impl BufRead, line: &mut Vec<u8>) -> bool {
    line.clear();
    reading.by_ref().read_until(b'\n', line).expect("the answer is whole") > 0
}
