//! What clients asked and heard, with the instants at which they did: the evidence that
//! [`super::checker`] judges.
#![allow(dead_code)] // each test binary uses a part of this

use super::http::{Answer, Client};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// A request, and what came of it.
#[derive(Clone, Debug)]
pub struct Event {
    /// Since the history began.
    pub called: Duration,
    pub returned: Duration,
    pub asked: Asked,
    /// `None`: the connection broke before the answer had come; it may have been done, and may not.
    pub heard: Option<Answer>,
}

/// What was asked.
#[derive(Clone, Debug)]
pub enum Asked {
    /// To record a return, under a key.
    Return { key: String, body: String },
    /// To pay with a gift card, under a key; the sale it pays is named like the key.
    Redeem { key: String, card: String, body: String },
    /// To show a return.
    Show { id: String },
}

impl Asked {
    /// The key it is asked under.
    pub fn key(&self) -> Option<&str> {
        match self {
            Asked::Return { key, .. } | Asked::Redeem { key, .. } => Some(key),
            Asked::Show { .. } => None,
        }
    }
}

/// In use, too many, overloaded, unavailable: nothing was decided for good.
pub fn asks_to_come_back(answer: &Answer) -> bool {
    matches!(answer.status, 408 | 429 | 503)
        || answer.status == 409 && answer.header("retry-after").is_some()
}

/// Every request of every client of a test, in the order in which their answers came.
pub struct History {
    started: Instant,
    events: Mutex<Vec<Event>>,
}

impl Default for History {
    fn default() -> History {
        History { started: Instant::now(), events: Mutex::default() }
    }
}

impl History {
    pub fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap().clone()
    }

    /// Has a client ask, and writes down what it asked and heard.
    pub fn ask(&self, client: &mut Client, asked: Asked) -> io::Result<Answer> {
        let called = self.started.elapsed();
        let heard = match &asked {
            Asked::Return { key, body } => client.post("/v1/returns", key, body),
            Asked::Redeem { key, card, body } => {
                client.post(&format!("/v1/gift-cards/{card}/redemptions"), key, body)
            }
            Asked::Show { id } => client.get(&format!("/v1/returns/{id}")),
        };
        let event = Event {
            called,
            returned: self.started.elapsed(),
            asked,
            heard: heard.as_ref().ok().cloned(),
        };
        self.events.lock().unwrap().push(event);
        heard
    }

    /// Writes down a request whose client could not even connect.
    pub fn unheard(&self, asked: Asked) {
        let now = self.started.elapsed();
        self.events.lock().unwrap().push(Event { called: now, returned: now, asked, heard: None });
    }
}

/// What is there in the end, as the API shows it.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// By id.
    pub sales: BTreeMap<String, Value>,
    pub returns: BTreeMap<String, Value>,
    /// Ids of returns as the log tells of them, in its order.
    pub logged: Vec<String>,
    /// The entries of gift cards, in their order.
    pub cards: BTreeMap<String, Vec<Value>>,
}

impl Found {
    /// Reads all returns there are, the log's entries of them, and these sales.
    pub fn read(address: SocketAddr, token: &str, sales: &[String], cards: &[String]) -> Found {
        let mut client = Client::connect(address, token).unwrap();
        let mut found = Found::default();
        for id in sales {
            found.sales.insert(id.clone(), shown(&mut client, &format!("/v1/sales/{id}")));
        }
        for card in cards {
            found.cards.insert(
                card.clone(),
                all(&mut client, &format!("/v1/gift-cards/{card}/entries?limit=500")),
            );
        }
        for listed in all(&mut client, "/v1/returns?limit=500") {
            let id = listed["id"].as_str().unwrap().to_owned();
            let view = shown(&mut client, &format!("/v1/returns/{id}"));
            found.returns.insert(id, view);
        }
        let entries = all(&mut client, "/v1/audit/events?limit=500&event=return.recorded");
        found.logged = entries
            .iter()
            .map(|item| item["entry"]["subject_id"].as_str().unwrap().to_owned())
            .collect();
        found
    }
}

fn shown(client: &mut Client, path: &str) -> Value {
    let answer = client.get(path).unwrap();
    assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
    answer.json()
}

/// The items of all pages of a list.
fn all(client: &mut Client, path: &str) -> Vec<Value> {
    let (mut items, mut page) = (Vec::new(), path.to_owned());
    loop {
        let answer = shown(client, &page);
        items.extend(answer["items"].as_array().unwrap().iter().cloned());
        match answer["next_cursor"].as_str() {
            Some(cursor) => page = format!("{path}&cursor={cursor}"),
            None => return items,
        }
    }
}
