//! Judges a history of requests and answers against what is there in the end: nothing twice,
//! nothing lost, nothing that nobody asked for. It knows the API alone, neither tables nor the
//! service's code, so that one mistake is not made twice.
#![allow(dead_code)] // each test binary uses a part of this

use super::card_checker;
use super::history::{Asked, Event, Found, asks_to_come_back};
use super::http::Answer;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

/// What a history may not show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// More units of a line are back than were sold.
    UnitTwice,
    /// More went back to a tender than it paid.
    TenderOverRefunded,
    /// A success was answered, and is not there as it was answered.
    SuccessLost,
    /// One key was answered in two ways.
    KeyAnsweredTwoWays,
    /// Two keys were answered with one return.
    AnswerShared,
    /// A return is there that nobody asked for.
    NobodyAsked,
    /// A return was refused for units that were free to the end.
    RefusedThoughFree,
    /// What a sale shows of itself is not the sum of its returns.
    BooksDisagree,
    /// The log tells of a return not exactly once.
    LogDisagrees,
    /// A return could not be read that had been answered before.
    StaleRead,
    /// More was taken off a gift card than was on it, or its balance is not the sum of its entries.
    CardNegative,
    /// An answer that no request of these may have.
    Unexpected,
}

/// One thing that must not be, in words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    pub kind: Kind,
    pub told: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.told)
    }
}

/// All that is wrong with a history.
pub fn check(events: &[Event], found: &Found) -> Vec<Violation> {
    let mut checker = Checker { found, requests: requests(events), violations: Vec::new() };
    checker.keys();
    checker.successes();
    checker.origins();
    checker.sales();
    checker.log();
    checker.refusals();
    checker.reads(events);
    checker.violations.extend(card_checker::check(events, found));
    checker.violations.sort();
    checker.violations.dedup();
    checker.violations
}

/// Everything that was heard about one key.
struct Request<'a> {
    body: Value,
    /// Answers that are final: the others ask to come back.
    answers: Vec<&'a Answer>,
    /// Whether some asking of it went without a final answer.
    unheard: bool,
}

impl Request<'_> {
    /// The return that it was answered with.
    fn recorded(&self) -> Option<Value> {
        self.answers.iter().find(|answer| answer.status == 201).map(|answer| answer.json())
    }
}

fn requests(events: &[Event]) -> BTreeMap<&str, Request<'_>> {
    let mut requests: BTreeMap<&str, Request<'_>> = BTreeMap::new();
    for event in events {
        let Asked::Return { key, body } = &event.asked else { continue };
        let request = requests.entry(key).or_insert_with(|| Request {
            body: serde_json::from_str(body).unwrap(),
            answers: Vec::new(),
            unheard: false,
        });
        match &event.heard {
            Some(answer) if !asks_to_come_back(answer) => request.answers.push(answer),
            _ => request.unheard = true,
        }
    }
    requests
}

struct Checker<'a> {
    found: &'a Found,
    requests: BTreeMap<&'a str, Request<'a>>,
    violations: Vec<Violation>,
}

/// A line of a sale: the sale's id and the line's number.
type Place = (String, u64);

impl Checker<'_> {
    fn say(&mut self, kind: Kind, told: String) {
        self.violations.push(Violation { kind, told });
    }

    /// Each key is answered alike, byte for byte, and no two with one return.
    fn keys(&mut self) {
        let mut said = Vec::new();
        let mut answered: BTreeMap<String, &str> = BTreeMap::new();
        for (key, request) in &self.requests {
            let Some(first) = request.answers.first() else { continue };
            let status = first.status;
            if !matches!(status, 201 | 422) {
                said.push((
                    Kind::Unexpected,
                    format!("{key} was answered {status}: {}", text(first)),
                ));
            }
            let differs = request
                .answers
                .iter()
                .find(|other| (other.status, &other.body) != (status, &first.body));
            if let Some(other) = differs {
                said.push((
                    Kind::KeyAnsweredTwoWays,
                    format!("{key}: {}, then {}", text(first), text(other)),
                ));
            }
            if let Some(id) = request.recorded().map(|recorded| id(&recorded))
                && let Some(other) = answered.insert(id.clone(), key)
            {
                said.push((
                    Kind::AnswerShared,
                    format!("{other} and {key} were both answered with {id}"),
                ));
            }
        }
        said.into_iter().for_each(|(kind, told)| self.say(kind, told));
    }

    /// Every success that was answered is there, as it was answered.
    fn successes(&mut self) {
        let mut said = Vec::new();
        for (key, request) in &self.requests {
            let Some(recorded) = request.recorded() else { continue };
            match self.found.returns.get(&id(&recorded)) {
                None => said
                    .push(format!("{key} was answered with {}, which is not there", id(&recorded))),
                Some(shown) if *shown != recorded => {
                    said.push(format!("{key} was answered with {recorded}, and there is {shown}"));
                }
                Some(_) => {}
            }
        }
        said.into_iter().for_each(|told| self.say(Kind::SuccessLost, told));
    }

    /// Every return was asked for: by a key that was answered with it, or by one that never heard.
    fn origins(&mut self) {
        let answered: BTreeSet<String> = self
            .requests
            .values()
            .filter_map(Request::recorded)
            .map(|recorded| id(&recorded))
            .collect();
        // A key that heard nothing may account for one return of what it asked for.
        let open =
            self.requests.values().filter(|request| request.unheard && request.answers.is_empty());
        let mut open: Vec<BTreeMap<Place, i64>> =
            open.map(|request| asked(&request.body)).collect();
        for (id, shown) in &self.found.returns {
            if answered.contains(id) {
                continue;
            }
            let brought = brought(shown);
            match open.iter().position(|asked| *asked == brought) {
                Some(place) => drop(open.swap_remove(place)),
                None => self.say(Kind::NobodyAsked, format!("{id}: {shown}")),
            }
        }
        let asked_otherwise = |request: &Request<'_>| {
            request
                .recorded()
                .filter(|recorded| brought(recorded) != asked(&request.body))
                .map(|recorded| id(&recorded))
        };
        let otherwise: Vec<String> = self.requests.values().filter_map(asked_otherwise).collect();
        otherwise.into_iter().for_each(|id| {
            self.say(Kind::NobodyAsked, format!("{id} is not what its key asked for"))
        });
    }

    /// No unit twice, no tender beyond what it paid, and sales show the sum of their returns.
    fn sales(&mut self) {
        let (mut units, mut money): (BTreeMap<Place, i64>, BTreeMap<Place, i64>) =
            Default::default();
        for shown in self.standing() {
            brought(shown)
                .into_iter()
                .for_each(|(place, quantity)| *units.entry(place).or_default() += quantity);
            for refund in shown["refunds"].as_array().into_iter().flatten() {
                if let (Some(sale), Some(tender)) =
                    (refund["sale"].as_str(), refund["sale_tender"].as_u64())
                {
                    *money.entry((sale.to_owned(), tender)).or_default() +=
                        amount(&refund["amount"]);
                }
            }
        }
        for (sale, shown) in &self.found.sales {
            for line in shown["lines"].as_array().into_iter().flatten() {
                let place = (sale.clone(), line["line"].as_u64().unwrap_or_default());
                let (back, sold) =
                    (units.get(&place).copied().unwrap_or(0), quantity(&line["quantity"]));
                if back > sold {
                    self.say(
                        Kind::UnitTwice,
                        format!("of {place:?} {back} thousandths are back, and {sold} were sold"),
                    );
                }
                let shown = quantity(&line["returned_quantity"]);
                if shown != back {
                    let told = format!(
                        "{place:?} shows {shown} thousandths as returned; its returns have {back}"
                    );
                    self.say(Kind::BooksDisagree, told);
                }
            }
            for tender in shown["tenders"].as_array().into_iter().flatten() {
                let place = (sale.clone(), tender["tender"].as_u64().unwrap_or_default());
                let (back, paid) =
                    (money.get(&place).copied().unwrap_or(0), amount(&tender["amount"]));
                if back > paid {
                    self.say(
                        Kind::TenderOverRefunded,
                        format!("to {place:?} {back} went back, and it paid {paid}"),
                    );
                }
                let shown = amount(&tender["refunded"]);
                if shown != back {
                    let told =
                        format!("{place:?} shows {shown} as refunded; its returns have {back}");
                    self.say(Kind::BooksDisagree, told);
                }
            }
        }
        // The same from the answers alone, should a return that was answered have got lost.
        let mut answered: BTreeMap<Place, i64> = BTreeMap::new();
        for recorded in self.requests.values().filter_map(Request::recorded) {
            brought(&recorded)
                .into_iter()
                .for_each(|(place, quantity)| *answered.entry(place).or_default() += quantity);
        }
        for (place, back) in answered {
            let sold = self.sold(&place);
            if back > sold {
                let told = format!(
                    "of {place:?} {back} thousandths were answered as back, and {sold} were sold"
                );
                self.say(Kind::UnitTwice, told);
            }
        }
    }

    fn sold(&self, (sale, number): &Place) -> i64 {
        let lines = self.found.sales.get(sale).and_then(|sale| sale["lines"].as_array());
        let line = lines.into_iter().flatten().find(|line| line["line"].as_u64() == Some(*number));
        line.map_or(0, |line| quantity(&line["quantity"]))
    }

    fn standing(&self) -> impl Iterator<Item = &Value> {
        self.found.returns.values().filter(|shown| shown["status"] == "completed")
    }

    /// The log tells of each return once, and of no other.
    fn log(&mut self) {
        let mut told: BTreeMap<&str, usize> = BTreeMap::new();
        self.found.logged.iter().for_each(|id| *told.entry(id).or_default() += 1);
        let known = self.found.returns.keys().map(String::as_str);
        let wrong: BTreeSet<&str> = known.chain(told.keys().copied()).collect();
        let wrong = wrong
            .into_iter()
            .filter(|id| told.get(id) != Some(&1) || !self.found.returns.contains_key(*id));
        let wrong: Vec<String> =
            wrong.map(|id| format!("{id} is there or told of not exactly once")).collect();
        wrong.into_iter().for_each(|told| self.say(Kind::LogDisagrees, told));
    }

    /// A refusal stands if some line of it asked for more than was left; what is back now is at
    /// least what was back then.
    fn refusals(&mut self) {
        if self.found.returns.values().any(|shown| shown["status"] != "completed") {
            return; // what was taken back may have been in the way
        }
        let mut units: BTreeMap<Place, i64> = BTreeMap::new();
        self.standing()
            .flat_map(brought)
            .for_each(|(place, quantity)| *units.entry(place).or_default() += quantity);
        let fits = |place: &Place, wanted: i64| {
            units.get(place).copied().unwrap_or(0) + wanted <= self.sold(place)
        };
        let refused = self.requests.iter().filter(|(_, request)| {
            request.answers.iter().any(|answer| answer.status == 422)
                && asked(&request.body).iter().all(|(place, wanted)| fits(place, *wanted))
        });
        let told = |(key, request): (&&str, &Request<'_>)| {
            format!("{key} was refused, and there is still room: {}", text(request.answers[0]))
        };
        let told: Vec<String> = refused.map(told).collect();
        told.into_iter().for_each(|told| self.say(Kind::RefusedThoughFree, told));
    }

    /// Whoever asks for a return after it was answered to anybody, finds it.
    fn reads(&mut self, events: &[Event]) {
        let mut known: BTreeMap<String, Duration> = BTreeMap::new();
        for event in events {
            if let (Asked::Return { .. }, Some(answer)) = (&event.asked, &event.heard)
                && answer.status == 201
            {
                let at = known.entry(id(&answer.json())).or_insert(event.returned);
                *at = (*at).min(event.returned);
            }
        }
        for event in events {
            if let (Asked::Show { id }, Some(answer)) = (&event.asked, &event.heard)
                && answer.status == 404
                && known.get(id).is_some_and(|answered| *answered < event.called)
            {
                self.say(Kind::StaleRead, format!("{id} was not found at {:?}", event.called));
            }
        }
    }
}

fn id(recorded: &Value) -> String {
    recorded["id"].as_str().unwrap_or_default().to_owned()
}

fn text(answer: &Answer) -> String {
    format!("{} {}", answer.status, String::from_utf8_lossy(&answer.body))
}

/// What a body asks for, in thousandths.
fn asked(body: &Value) -> BTreeMap<Place, i64> {
    let sale = body["sale"]["id"].as_str().unwrap_or_default();
    lines(body, |_| sale.to_owned())
}

/// What a return brought back, in thousandths.
fn brought(shown: &Value) -> BTreeMap<Place, i64> {
    lines(shown, |line| line["sale"].as_str().unwrap_or_default().to_owned())
}

fn lines(of: &Value, sale: impl Fn(&Value) -> String) -> BTreeMap<Place, i64> {
    let mut places = BTreeMap::new();
    for line in of["lines"].as_array().into_iter().flatten() {
        let place = (sale(line), line["sale_line"].as_u64().unwrap_or_default());
        *places.entry(place).or_default() += quantity(&line["quantity"]);
    }
    places
}

/// Thousandths of a unit.
fn quantity(value: &Value) -> i64 {
    decimal(value, 3)
}

/// Cents: the tests' sales are in dollars.
pub fn amount(value: &Value) -> i64 {
    decimal(value, 2)
}

fn decimal(value: &Value, digits: usize) -> i64 {
    let text = value.as_str().unwrap_or("0");
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{part:0<digits$}")
        .parse()
        .unwrap_or_else(|_| panic!("{text} is no number of {digits} digits"))
}
