//! The same for gift cards: never below nothing, each redemption once, under the key that asked for
//! it.

use super::checker::{Kind, Violation, amount};
use super::history::{Asked, Event, Found, asks_to_come_back};
use super::http::Answer;
use serde_json::Value;
use std::collections::BTreeMap;

/// What was heard of one redemption.
struct Redemption<'a> {
    card: &'a str,
    wanted: i64,
    answers: Vec<&'a Answer>,
}

/// All that is wrong with the cards of a history. No card of it is loaded again.
pub fn check(events: &[Event], found: &Found) -> Vec<Violation> {
    let redemptions = redemptions(events);
    let mut violations = Vec::new();
    let mut say = |kind: Kind, told: String| violations.push(Violation { kind, told });
    for (card, entries) in &found.cards {
        let mut balance = 0;
        for entry in entries {
            balance += signed(&entry["amount"]);
            if balance < 0 || balance != signed(&entry["balance"]) {
                say(
                    Kind::CardNegative,
                    format!("{card} has {balance} by its entries after {entry}"),
                );
            }
        }
        for entry in entries.iter().filter(|entry| entry["kind"] == "redeem") {
            let key = entry["reference"].as_str().unwrap_or_default();
            let asked = redemptions.get(key).is_some_and(|asked| {
                asked.card == card
                    && asked.wanted == -signed(&entry["amount"])
                    && !asked.answers.iter().any(refused)
            });
            if !asked {
                say(Kind::NobodyAsked, format!("{card}: {entry}"));
            }
        }
        let refused = redemptions.iter().filter(|(_, asked)| {
            asked.card == card && asked.wanted <= balance && asked.answers.iter().any(refused)
        });
        refused.for_each(|(key, _)| {
            say(Kind::RefusedThoughFree, format!("{key} was refused, and {balance} is left"))
        });
    }
    for (key, asked) in &redemptions {
        let Some(first) = asked.answers.first() else { continue };
        if !matches!(first.status, 201 | 409) {
            say(Kind::Unexpected, format!("{key} was answered {}", first.status));
        }
        if asked
            .answers
            .iter()
            .any(|other| (other.status, &other.body) != (first.status, &first.body))
        {
            say(Kind::KeyAnsweredTwoWays, format!("{key}: {:?}", asked.answers));
        }
        let entries = found.cards.get(asked.card).into_iter().flatten();
        let times = entries.filter(|entry| entry["reference"] == **key).count();
        match (first.status, times) {
            (201, 1) | (409, 0) => {}
            (_, 0) => say(
                Kind::SuccessLost,
                format!("{key} was taken off {}, which knows nothing of it", asked.card),
            ),
            _ => say(Kind::UnitTwice, format!("{key} is on {} {times} times", asked.card)),
        }
    }
    violations
}

fn redemptions(events: &[Event]) -> BTreeMap<&str, Redemption<'_>> {
    let mut redemptions: BTreeMap<&str, Redemption<'_>> = BTreeMap::new();
    for event in events {
        let Asked::Redeem { key, card, body } = &event.asked else { continue };
        let body: Value = serde_json::from_str(body).unwrap();
        let asked = Redemption { card, wanted: amount(&body["amount"]), answers: Vec::new() };
        let redemption = redemptions.entry(key).or_insert(asked);
        redemption.answers.extend(event.heard.iter().filter(|answer| !asks_to_come_back(answer)));
    }
    redemptions
}

fn refused(answer: &&Answer) -> bool {
    answer.status == 409
}

/// Cents, of either sign.
fn signed(value: &Value) -> i64 {
    match value.as_str().and_then(|text| text.strip_prefix('-')) {
        Some(off) => -amount(&Value::from(off)),
        None => amount(value),
    }
}
