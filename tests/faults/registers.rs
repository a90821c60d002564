//! Registers that ask, repeat and give up like real ones do while something is being broken; what
//! they asked and heard is kept as a history, and judged in the end.

use crate::checker;
use crate::history::{Asked, Found, History, asks_to_come_back};
use crate::http::Client;
use crate::instances;
use crate::shop::Shop;
use rand::Rng;
use rand::seq::SliceRandom;
use returndesk::store::Db;
use serde_json::json;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const REGISTERS: usize = 6;
/// How long one request is asked again before the register gives up, unless it stops asking
/// earlier.
const PATIENCE: Duration = Duration::from_secs(90);

/// Registers at one shop, which ask at any of these addresses.
pub struct Registers<'a> {
    shop: &'a Shop,
    addresses: Vec<SocketAddr>,
    /// A gift card that everybody pays with, until nothing is on it.
    card: String,
    pub history: History,
    enough: AtomicBool,
    answered: AtomicUsize,
    broken: AtomicUsize,
    /// Keys whose askers gave up, and which nobody shall ask for again.
    given_up: Mutex<Vec<String>>,
}

impl<'a> Registers<'a> {
    pub fn new(shop: &'a Shop, addresses: &[SocketAddr]) -> Registers<'a> {
        let body =
            json!({ "kind": "gift_card", "amount": "100.00", "currency": "USD", "store": "S1" })
                .to_string();
        let mut manager = Client::connect(addresses[0], &shop.token).unwrap();
        let issued = manager
            .post("/v1/gift-cards", &format!("card-{:x}", rand::random::<u64>()), &body)
            .unwrap();
        assert_eq!(issued.status, 201, "{issued:?}");
        Registers {
            shop,
            card: issued.json()["id"].as_str().unwrap().to_owned(),
            addresses: addresses.to_vec(),
            history: History::default(),
            enough: AtomicBool::new(false),
            answered: AtomicUsize::new(0),
            broken: AtomicUsize::new(0),
            given_up: Mutex::default(),
        }
    }

    /// The same registers, asking elsewhere.
    pub fn moved_to(mut self, address: SocketAddr) -> Registers<'a> {
        self.addresses = vec![address];
        self
    }

    /// Keeps all registers busy while `disturb` runs.
    pub fn run_while<T>(&self, disturb: impl FnOnce() -> T) -> T {
        self.enough.store(false, Ordering::SeqCst);
        std::thread::scope(|scope| {
            for number in 0..REGISTERS {
                scope.spawn(move || self.register(number));
            }
            // Whatever goes wrong meanwhile, the registers are told to stop: a panic waits for
            // them.
            let stop = Stop(&self.enough);
            let done = disturb();
            drop(stop);
            done
        })
    }

    /// Waits until so many more requests have had a final answer.
    pub fn wait_for_more(&self, count: usize) {
        let (wanted, started) = (self.answered.load(Ordering::SeqCst) + count, Instant::now());
        while self.answered.load(Ordering::SeqCst) < wanted {
            assert!(started.elapsed() < PATIENCE, "the service answers nothing");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Requests that got no final answer: the connection broke, or they were asked to come back.
    pub fn broken(&self) -> usize {
        self.broken.load(Ordering::SeqCst)
    }

    /// One return under a key, asked for until there is a final answer.
    pub fn bring_back(&self, key: &str, line: u32, units: i64) -> u16 {
        let body = self.body(&self.shop.sales[0], line, units);
        let asked = Asked::Return { key: key.to_owned(), body };
        self.until_answered(&mut None, &asked, 0).expect("asked until it is answered")
    }

    /// One return under a key, asked for once.
    pub fn ask_once(&self, key: &str, line: u32, units: i64) -> Option<crate::http::Answer> {
        let asked = Asked::Return {
            key: key.to_owned(),
            body: self.body(&self.shop.sales[0], line, units),
        };
        let mut client = Client::connect(self.addresses[0], &self.shop.token).ok()?;
        self.history.ask(&mut client, asked).ok()
    }

    /// One return under a key, whose asker does not wait for the answer.
    pub fn ask_and_leave(&self, key: &str, line: u32, units: i64) {
        let body = self.body(&self.shop.sales[0], line, units);
        let client = Client::connect(self.addresses[0], &self.shop.token).unwrap();
        client.post_and_leave("/v1/returns", key, &body).unwrap();
        self.history.unheard(Asked::Return { key: key.to_owned(), body });
    }

    /// Asks every key once more that nobody has given up, and then judges all that was asked and
    /// heard.
    pub fn judge(&self, database: &Db) {
        let given_up = self.given_up.lock().unwrap().clone();
        let mut keys: BTreeMap<String, Asked> = BTreeMap::new();
        for event in self.history.events() {
            if let Some(key) =
                event.asked.key().filter(|key| !given_up.iter().any(|other| other == key))
            {
                keys.insert(key.to_owned(), event.asked.clone());
            }
        }
        let all: Vec<&Asked> = keys.values().collect();
        std::thread::scope(|scope| {
            for part in all.chunks(all.len().div_ceil(REGISTERS).max(1)) {
                scope.spawn(move || {
                    let mut client = None;
                    for asked in part {
                        self.until_answered(&mut client, asked, 0);
                    }
                });
            }
        });
        let events = self.history.events();
        for address in &self.addresses {
            let found = Found::read(
                *address,
                &self.shop.token,
                &self.shop.sales,
                std::slice::from_ref(&self.card),
            );
            let violations: Vec<String> =
                checker::check(&events, &found).iter().map(ToString::to_string).collect();
            assert!(
                violations.is_empty(),
                "{} violations:\n{}",
                violations.len(),
                violations.join("\n")
            );
            println!(
                "{:?}: {} requests under {} keys, {} without an answer of their own; {} returns, none twice, none lost",
                database.backend(),
                events.len(),
                keys.len() + given_up.len(),
                self.broken(),
                found.returns.len()
            );
        }
        instances::prove(database);
    }

    fn body(&self, sale: &str, line: u32, units: i64) -> String {
        let body = json!({ "store": "S1", "register": "7", "sale": { "id": sale },
                           "lines": [{ "sale_line": line, "quantity": units.to_string(), "reason": "defective" }] });
        body.to_string()
    }

    fn register(&self, number: usize) {
        let mut random = rand::thread_rng();
        let mut client = None;
        let mut done: Vec<Asked> = Vec::new();
        while !self.enough.load(Ordering::SeqCst) {
            let again = done.choose(&mut random).filter(|_| random.gen_ratio(1, 8)).cloned();
            if let Some(asked) = again {
                // An answer of some time ago, asked for again.
                let _ = self.once(&mut client, asked);
                continue;
            }
            let key = format!("till-{number}-{}-{:08x}", done.len(), random.r#gen::<u32>());
            let asked = if random.gen_ratio(1, 4) {
                let body = json!({ "store": "S1", "register": "7", "amount": random.gen_range(1..=5).to_string(), "sale": key });
                Asked::Redeem { key: key.clone(), card: self.card.clone(), body: body.to_string() }
            } else {
                let (line, units) = (random.gen_range(1..=2), random.gen_range(1..=3));
                let body = self.body(self.shop.sales.choose(&mut random).unwrap(), line, units);
                Asked::Return { key: key.clone(), body }
            };
            // One in four gives up sooner or later when it hears nothing, and never asks again.
            let gives_up_after = if random.gen_ratio(1, 4) { random.gen_range(1..4) } else { 0 };
            match self.until_answered(&mut client, &asked, gives_up_after) {
                Some(_) => done.push(asked),
                None => self.given_up.lock().unwrap().push(key),
            }
        }
    }

    /// What a register does: the same request with the same key until there is a final answer, or
    /// it has asked `at_most` times (0: until its patience ends).
    fn until_answered(
        &self,
        client: &mut Option<Client>,
        asked: &Asked,
        at_most: usize,
    ) -> Option<u16> {
        let started = Instant::now();
        let mut times = 0;
        loop {
            match self.once(client, asked.clone()) {
                Some(answer) if !asks_to_come_back(&answer) => {
                    self.answered.fetch_add(1, Ordering::SeqCst);
                    if answer.status == 201 && matches!(asked, Asked::Return { .. }) {
                        let id = answer.json()["id"].as_str().unwrap().to_owned();
                        let _ = self.once(client, Asked::Show { id });
                    }
                    return Some(answer.status);
                }
                _ => {
                    self.broken.fetch_add(1, Ordering::SeqCst);
                }
            }
            times += 1;
            if times == at_most {
                return None;
            }
            assert!(started.elapsed() < PATIENCE, "{asked:?} was never answered");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Asks once; whoever is not there is not asked.
    fn once(&self, client: &mut Option<Client>, asked: Asked) -> Option<crate::http::Answer> {
        let mut random = rand::thread_rng();
        let to = *self.addresses.choose(&mut random).unwrap();
        let connected = match client {
            Some(client) => client,
            None => match Client::connect(to, &self.shop.token) {
                Ok(connected) => client.insert(connected),
                Err(_) => {
                    self.history.unheard(asked);
                    return None;
                }
            },
        };
        let answer = self.history.ask(connected, asked);
        // Sooner or later a register turns to another instance.
        if answer.is_err() || random.gen_ratio(1, 20) {
            *client = None;
        }
        answer.ok()
    }
}

struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}
