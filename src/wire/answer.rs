//! Outcomes as HTTP answers: status, headers and body of everything that can come of a command.

mod refused;

#[cfg(test)]
mod tests;

pub use refused::{Difference, problem};

use super::chargebacks::ChargebackView;
use super::day_ends::DayEndView;
use super::directory::{OperatorView, RegisterView, StoreView};
use super::gift_cards::{CardMovedView, CardView};
use super::overrides::OverrideView;
use super::policies::PolicyVersionView;
use super::problem::{PROBLEM_JSON, Problem};
use super::returns::{ReturnStateView, ReturnView};
use super::sale;
use crate::domain::directory::Document;
use crate::domain::entry::hex;
use crate::domain::gift_cards::{CardDone, CardMove};
use crate::domain::overrides::Override;
use crate::domain::perform::{Done, Outcome};
use crate::domain::policies::PolicyRecord;
use serde::Serialize;

/// An answer, ready to be kept and sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// `name`, `value`; the content type is among them wherever there is a body.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// Writes override tokens; given from outside, for keys are not this room's.
pub trait MintOverride {
    /// The token of an override that was just issued, without its signature: answers are kept, and
    /// backups must not hold a token that approves something. None where it could not be written.
    fn mint(&self, issued: &Override) -> Option<String>;
}

/// The answer to an outcome; `path` is the one asked for.
pub fn answer(outcome: &Outcome, path: &str, tokens: &dyn MintOverride) -> Answer {
    match outcome {
        Outcome::Done(done) => answer_done(done, path, tokens),
        Outcome::Refused(refusal) => Answer::problem(refused::problem(refusal), path),
    }
}

fn answer_done(done: &Done, path: &str, tokens: &dyn MintOverride) -> Answer {
    match done {
        Done::SaleRecorded { sale, document, recorded_at, known_before } => {
            let recorded_at = (!known_before).then_some(*recorded_at);
            let answer =
                Answer::json(created(!known_before), sale::recorded(*sale, document, recorded_at));
            answer.located(format!("/v1/sales/{sale}"))
        }
        Done::SaleVoided { sale, voided_at, reversed } => {
            Answer::of(200, &sale::VoidedSale::new(sale, *voided_at, reversed))
        }
        Done::Returned(recorded) => {
            let location = format!("/v1/returns/{}", recorded.the_return.id);
            Answer::of(201, &ReturnView::from(recorded)).located(location)
        }
        Done::ReturnVoided(the_return) | Done::RefundSettled(the_return) => {
            Answer::of(200, &ReturnStateView::from(the_return))
        }
        Done::ChargebackMarked(marked) => Answer::of(200, &ChargebackView::from(&**marked)),
        Done::OverrideIssued(issued) => match tokens.mint(issued) {
            Some(token) => Answer::of(201, &OverrideView::new(issued, token)),
            None => Answer::problem(Problem::new("unavailable", UNSIGNED), path),
        },
        Done::StoreSaved { store, created: new } => {
            Answer::of(created(*new), &StoreView::from(&**store))
                .tagged(&**store)
                .located(format!("/v1/stores/{}", store.store))
        }
        Done::RegisterSaved { register, created: new } => {
            Answer::of(created(*new), &RegisterView::from(register))
                .tagged(register)
                .located(format!("/v1/stores/{}/registers/{}", register.store, register.register))
        }
        Done::OperatorSaved { operator, created: new } => {
            Answer::of(created(*new), &OperatorView::from(&**operator))
                .tagged(&**operator)
                .located(format!("/v1/operators/{}", operator.operator))
        }
        Done::PolicyDrafted(record) => policy(201, record),
        Done::PolicyPublished(record) => policy(200, record),
        Done::DayClosed(day_end) => Answer::of(201, &DayEndView::from(&**day_end))
            .located(format!("/v1/day-ends/{}", day_end.id)),
        Done::Card(done) => gift_card(done),
        Done::SignIn(_) | Done::Noted => {
            Answer { status: 204, headers: Vec::new(), body: String::new() }
        }
    }
}

fn gift_card(done: &CardDone) -> Answer {
    match done {
        CardDone::Issued { card, .. } => {
            Answer::of(201, &CardView::issued(card)).located(format!("/v1/gift-cards/{}", card.id))
        }
        // Cash in hand is no resource that could be asked for; the others are entries.
        CardDone::Moved { card, entry, asked } => {
            let status = if entry.kind == CardMove::CashOut { 200 } else { 201 };
            Answer::of(status, &CardMovedView::new(card, entry, *asked))
        }
        CardDone::Kept(card) | CardDone::Found(card) => Answer::of(200, &CardView::new(card)),
    }
}

const UNSIGNED: &str = "The approval could not be signed at the moment; ask for it again.";

fn policy(status: u16, record: &PolicyRecord) -> Answer {
    let location = format!("/v1/policies/{}/versions/{}", record.name, record.number);
    Answer::of(status, &PolicyVersionView::from(record)).located(location)
}

fn created(new: bool) -> u16 {
    if new { 201 } else { 200 }
}

/// The strong entity tag of a document of the directory, quotes included: its digest in
/// hexadecimal.
pub fn etag(document: &dyn Document) -> String {
    format!("\"{}\"", hex(&document.digest()))
}

impl Answer {
    fn json(status: u16, body: String) -> Answer {
        Answer { status, headers: vec![header("content-type", "application/json")], body }
    }

    fn of(status: u16, view: &impl Serialize) -> Answer {
        // Views hold nothing that JSON cannot: texts, numbers, lists and objects with text keys.
        Answer::json(status, serde_json::to_string(view).unwrap_or_default())
    }

    fn problem(problem: Problem, path: &str) -> Answer {
        let body = String::from_utf8_lossy(&problem.clone().at(path).to_bytes()).into_owned();
        Answer { status: problem.status, headers: vec![header("content-type", PROBLEM_JSON)], body }
    }

    /// Says where the new thing is (RFC 9110 §10.2.2); for what was there before, the caller knows.
    fn located(mut self, location: String) -> Answer {
        if self.status == 201 {
            self.headers.push(header("location", &location));
        }
        self
    }

    fn tagged(mut self, document: &dyn Document) -> Answer {
        self.headers.push(header("etag", &etag(document)));
        self
    }
}

fn header(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}
