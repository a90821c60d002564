//! Registers that bring things back without rest, each request with a key, asked again until it is
//! answered.

use crate::http::{Answer, Client};
use rand::Rng;
use rand::seq::SliceRandom;
use serde_json::json;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use uuid::Uuid;

const REGISTERS: usize = 6;

/// A request, and the answer that it had.
#[derive(Clone, Debug)]
pub struct Answered {
    pub key: String,
    pub body: String,
    pub units: i64,
    pub answer: Answer,
}

pub struct Load {
    address: SocketAddr,
    token: String,
    sales: Vec<Uuid>,
    answers: AtomicUsize,
    interrupted: AtomicUsize,
    found_done: AtomicUsize,
    enough: AtomicBool,
}

impl Load {
    pub fn new(address: SocketAddr, token: String, sales: &[Uuid]) -> Load {
        let count = || AtomicUsize::new(0);
        let (answers, interrupted, found_done) = (count(), count(), count());
        let enough = AtomicBool::new(false);
        Load { address, token, sales: sales.to_vec(), answers, interrupted, found_done, enough }
    }

    /// Keeps all registers busy while `disturb` runs, and answers every request that was made: each
    /// was answered.
    pub fn run_while(&self, disturb: impl FnOnce(&Load)) -> Vec<Answered> {
        std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..REGISTERS).map(|number| scope.spawn(move || self.register(number))).collect();
            // Whatever goes wrong meanwhile, the registers are told to stop: a panic waits for
            // them.
            let stop = Stop(&self.enough);
            disturb(self);
            drop(stop);
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        })
    }

    /// Waits until so many more requests have been answered.
    pub fn wait_for_more(&self, count: usize) {
        let (wanted, started) = (self.answers.load(Ordering::SeqCst) + count, Instant::now());
        while self.answers.load(Ordering::SeqCst) < wanted {
            assert!(started.elapsed() < Duration::from_secs(30), "the service answers nothing");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Requests whose connection broke before the answer had come.
    pub fn interrupted(&self) -> usize {
        self.interrupted.load(Ordering::SeqCst)
    }

    /// Requests that were cut off, and turned out to have been done when they were asked again.
    pub fn found_done(&self) -> usize {
        self.found_done.load(Ordering::SeqCst)
    }

    /// Every key once more: the first answer again, to the byte.
    pub fn ask_all_again(&self, all: &[Answered]) {
        std::thread::scope(|scope| {
            for part in all.chunks(all.len().div_ceil(REGISTERS)) {
                scope.spawn(move || {
                    let mut client = Client::connect(self.address, &self.token).unwrap();
                    part.iter().for_each(|known| same_again(&mut client, known).unwrap());
                });
            }
        });
    }

    fn register(&self, number: usize) -> Vec<Answered> {
        let mut random = rand::thread_rng();
        let mut client = None;
        let mut done: Vec<Answered> = Vec::new();
        while !self.enough.load(Ordering::SeqCst) {
            let known = done.choose(&mut random).filter(|_| random.gen_ratio(1, 8));
            if let (Some(known), Some(client)) = (known, &mut client) {
                // An answer of before the last kill, or the one before it.
                let _ = same_again(client, known);
                continue;
            }
            let (line, units) = (random.gen_range(1..=2), random.gen_range(1..=3));
            let sale = self.sales.choose(&mut random).unwrap();
            let body = json!({ "store": "S1", "register": "7", "sale": { "id": sale.to_string() },
                               "lines": [{ "sale_line": line, "quantity": units.to_string(), "reason": "defective" }] });
            let (key, body) = (format!("till-{number}-{}", done.len()), body.to_string());
            let answer = self.until_answered(&mut client, &key, &body);
            done.push(Answered { key, body, units, answer });
        }
        done
    }

    /// What a register does: the same request with the same key until there is an answer.
    fn until_answered(&self, client: &mut Option<Client>, key: &str, body: &str) -> Answer {
        let started = Instant::now();
        let mut cut_off = false;
        loop {
            let answer = match client {
                Some(client) => client.post("/v1/returns", key, body),
                None => match Client::connect(self.address, &self.token) {
                    Ok(connected) => client.insert(connected).post("/v1/returns", key, body),
                    Err(_) => {
                        std::thread::sleep(Duration::from_millis(5));
                        continue;
                    }
                },
            };
            match answer {
                Ok(answer) if matches!(answer.status, 201 | 422) => {
                    let replayed = answer.header("idempotent-replayed").is_some();
                    self.found_done.fetch_add(usize::from(replayed && cut_off), Ordering::SeqCst);
                    self.answers.fetch_add(1, Ordering::SeqCst);
                    return answer;
                }
                // The first request with the key is still being served, or nothing can be served at
                // the moment.
                Ok(answer) => assert!(matches!(answer.status, 409 | 503), "{answer:?}"),
                Err(_) => {
                    *client = None;
                    cut_off = true;
                    self.interrupted.fetch_add(1, Ordering::SeqCst);
                }
            }
            assert!(started.elapsed() < Duration::from_secs(60), "{key} was never answered");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn same_again(client: &mut Client, known: &Answered) -> std::io::Result<()> {
    let again = client.post("/v1/returns", &known.key, &known.body)?;
    let text = |answer: &Answer| (answer.status, String::from_utf8(answer.body.clone()).unwrap());
    assert_eq!(text(&again), text(&known.answer), "{}", known.key);
    assert_eq!(again.header("idempotent-replayed"), Some("true"), "{}", known.key);
    assert_eq!(again.header("location"), known.answer.header("location"));
    Ok(())
}
