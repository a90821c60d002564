//! A tape in batches: cut by chance, with retries in between that must be answered as the first
//! time.

use crate::chance::Chance;
use crate::tape::{Step, Tape};
use returndesk::desk::answer::Render;
use returndesk::desk::{Answer, Key, Request};
use returndesk::domain::overrides::Override;
use returndesk::domain::perform::{Command, Outcome};
use returndesk::wire::answer::{self, MintOverride};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use uuid::Uuid;

/// The most commands of one batch, retries not counted.
const MOST: i64 = 64;

/// What a request of a batch is to be told.
pub enum Expected {
    /// What came of this step of the tape.
    Step(usize),
    /// What this step was answered, again.
    Again(usize),
    /// That its key belongs to another body.
    KeyReused,
}

pub struct Batch {
    pub first: usize,
    pub requests: Vec<(Request, Expected)>,
}

/// Cuts the tape: a batch is of one moment. A day end is one by itself, as it is served: its ids
/// are the first of a batch.
pub fn cut(tape: &Tape, chance: &mut Chance) -> Vec<Batch> {
    let mut batches = Vec::new();
    let mut first = 0;
    while first < tape.steps.len() {
        let moment = tape.steps[first].moment;
        let most = if chance.one_in(4) { 1 } else { chance.within(1, MOST + 1) as usize };
        let upto = (first + most).min(tape.steps.len());
        let ends = |at: usize| matches!(tape.steps[at].command, Command::CloseDay(_));
        let apart = |at: &usize| {
            tape.steps[*at].moment != moment || (*at > first && (ends(*at) || ends(first)))
        };
        let beyond = (first..upto).find(apart).unwrap_or(upto);
        batches.push(batch(tape, first, beyond, chance));
        first = beyond;
    }
    batches
}

fn batch(tape: &Tape, first: usize, beyond: usize, chance: &mut Chance) -> Batch {
    let mut requests = Vec::new();
    for at in first..beyond {
        requests.push((request(at, &tape.steps[at]), Expected::Step(at)));
        if chance.one_in(8) {
            requests.extend(retry(tape, at, chance));
        }
    }
    Batch { first, requests }
}

/// One of the last steps once more: under its key, or under its key with another body.
fn retry(tape: &Tape, last: usize, chance: &mut Chance) -> Option<(Request, Expected)> {
    let back = if chance.one_in(2) { 8 } else { 500 };
    let at = last - chance.index(last.min(back) + 1);
    let mut again = request(at, &tape.steps[at]);
    let key =
        again.key.as_mut().filter(|_| render(&tape.steps[at].outcome, &again.path).is_final())?;
    let other = chance.one_in(5);
    key.digest[0] ^= u8::from(other);
    Some((again, if other { Expected::KeyReused } else { Expected::Again(at) }))
}

/// Three of four commands have a key.
fn request(at: usize, step: &Step) -> Request {
    let hash: [u8; 32] = Sha256::digest(at.to_be_bytes()).into();
    let key = (!hash[16].is_multiple_of(4))
        .then(|| Key { id: Uuid::from_slice(&hash[..16]).unwrap(), digest: hash });
    Request {
        command: step.command.clone(),
        caller: Arc::clone(&step.caller),
        key,
        request_id: Some("req-1".to_owned()),
        path: "/v1/simulation".to_owned(),
    }
}

/// Tokens that say whose they are and nothing else.
struct Tokens;

impl MintOverride for Tokens {
    fn mint(&self, issued: &Override) -> Option<String> {
        Some(issued.grant.id.to_string())
    }
}

fn render(outcome: &Outcome, path: &str) -> Answer {
    answer::answer(outcome, path, &Tokens)
}

pub fn renderer() -> Render {
    Arc::new(|outcome, rendering| render(outcome, &rendering.path))
}
