//! The load generator: keep-alive connections that each send a request and wait for its answer, on
//! one thread.

use actix_web::rt::System;
use actix_web::rt::net::TcpStream;
use actix_web::rt::time::sleep_until;
use futures_util::future::join_all;
use std::cell::{Cell, RefCell};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// What is asked.
pub struct Load<'a> {
    pub address: SocketAddr,
    pub connections: usize,
    pub count: usize,
    /// Requests a second, evenly; none: as fast as the answers come.
    pub rate: Option<f64>,
    /// The bytes of the n-th request, from 0.
    pub request: &'a dyn Fn(usize) -> Vec<u8>,
    /// The status that every answer must have.
    pub status: u16,
}

/// What was measured.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    pub seconds: f64,
    pub count: usize,
    /// Microseconds, ascending.
    pub latencies: Vec<u32>,
}

impl Taken {
    pub fn new(seconds: f64, mut latencies: Vec<u32>) -> Taken {
        latencies.sort_unstable();
        Taken { seconds, count: latencies.len(), latencies }
    }

    pub fn per_second(&self) -> f64 {
        self.count as f64 / self.seconds
    }

    /// In milliseconds; `per_mille` of 500 is the median.
    pub fn quantile(&self, per_mille: usize) -> f64 {
        let place =
            (self.latencies.len() * per_mille / 1_000).min(self.latencies.len().saturating_sub(1));
        self.latencies.get(place).map_or(f64::NAN, |micros| f64::from(*micros) / 1_000.0)
    }
}

/// Sends all requests; panics at the first answer with another status, for then nothing of it can
/// be believed.
pub fn run(load: &Load<'_>) -> Taken {
    let latencies = RefCell::new(Vec::with_capacity(load.count));
    let next = Cell::new(0);
    let seconds = System::new().block_on(async {
        let sockets =
            join_all((0..load.connections).map(|_| TcpStream::connect(load.address))).await;
        let started = Instant::now();
        let work = sockets.into_iter().map(|socket| {
            let socket = socket.expect("the service takes connections");
            socket.set_nodelay(true).expect("a socket option");
            connection(socket, load, &next, started, &latencies)
        });
        join_all(work).await;
        started.elapsed().as_secs_f64()
    });
    Taken::new(seconds, latencies.into_inner())
}

async fn connection(
    socket: TcpStream,
    load: &Load<'_>,
    next: &Cell<usize>,
    started: Instant,
    latencies: &RefCell<Vec<u32>>,
) {
    let mut answer = Vec::with_capacity(8_192);
    loop {
        let number = next.get();
        if number >= load.count {
            return;
        }
        next.set(number + 1);
        let request = (load.request)(number);
        let asked = due(load.rate, number, started).await;
        send(&socket, &request).await;
        let status = receive(&socket, &mut answer).await;
        assert_eq!(status, load.status, "request {number}: {}", String::from_utf8_lossy(&answer));
        latencies.borrow_mut().push(u32::try_from(asked.elapsed().as_micros()).unwrap_or(u32::MAX));
    }
}

/// Waits until a paced request is due. One whose connection came free too late counts from when it
/// was due: what waits for a slow answer is part of the latency.
async fn due(rate: Option<f64>, number: usize, started: Instant) -> Instant {
    let Some(rate) = rate else { return Instant::now() };
    let due = started + Duration::from_secs_f64(number as f64 / rate);
    if due <= Instant::now() {
        return due;
    }
    sleep_until(due.into()).await;
    Instant::now()
}

async fn send(socket: &TcpStream, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match socket.try_write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(fault) if fault.kind() == ErrorKind::WouldBlock => {
                socket.writable().await.expect("a socket")
            }
            Err(fault) => panic!("the connection broke: {fault}"),
        }
    }
}

/// Reads one answer; its status.
async fn receive(socket: &TcpStream, answer: &mut Vec<u8>) -> u16 {
    answer.clear();
    let mut whole = usize::MAX;
    let mut buffer = [0; 16_384];
    while answer.len() < whole {
        match socket.try_read(&mut buffer) {
            Ok(0) => panic!("the service hung up: {}", String::from_utf8_lossy(answer)),
            Ok(read) => answer.extend_from_slice(&buffer[..read]),
            Err(fault) if fault.kind() == ErrorKind::WouldBlock => {
                socket.readable().await.expect("a socket")
            }
            Err(fault) => panic!("the connection broke: {fault}"),
        }
        if whole == usize::MAX
            && let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n")
        {
            whole = head + 4 + length(&answer[..head]);
        }
    }
    std::str::from_utf8(&answer[9..12])
        .ok()
        .and_then(|status| status.parse().ok())
        .expect("a status line")
}

fn length(head: &[u8]) -> usize {
    let head = std::str::from_utf8(head).expect("headers are text");
    let fields = head.split("\r\n").filter_map(|line| line.split_once(": "));
    let length = fields.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    length.map_or(0, |(_, length)| length.parse().expect("a length"))
}
