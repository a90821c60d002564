//! The checker is checked: a history without fault passes, and each violation that is planted is
//! found, and no other.

use crate::checker::{Kind, check};
use crate::history::{Asked, Event, Found};
use crate::http::Answer;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// Three units were sold at a dollar each, and paid by card.
const SALE: &str = "sale";

/// A history that can be spoilt: two returns of one unit each, a refusal, and a request that nobody
/// heard of again.
struct Story {
    events: Vec<Event>,
    found: Found,
}

impl Story {
    fn sound() -> Story {
        let (first, second) = (recorded("first", 1), recorded("second", 1));
        let events = vec![
            asked("a", 1, answer(201, &first)),
            asked("b", 1, None),
            asked("b", 1, answer(503, &json!({"code": "overloaded"}))),
            asked("b", 1, answer(201, &second)),
            asked("a", 1, answer(201, &first)),
            asked("c", 2, answer(422, &json!({"code": "return_refused"}))),
            asked("d", 1, None),
        ];
        let returns =
            [first, second].map(|shown| (shown["id"].as_str().unwrap().to_owned(), shown));
        let logged = vec!["first".to_owned(), "second".to_owned()];
        Story {
            events,
            found: Found {
                sales: sale(2, "2.00"),
                returns: returns.into(),
                logged,
                ..Found::default()
            },
        }
    }

    /// Only this is wrong with it; nothing, if `None`.
    #[track_caller]
    fn shows(&self, kind: impl IntoIterator<Item = Kind>) {
        let found = check(&self.events, &self.found);
        let mut kinds: Vec<Kind> = found.iter().map(|violation| violation.kind).collect();
        kinds.dedup();
        assert_eq!(kinds, kind.into_iter().collect::<Vec<_>>(), "{found:?}");
    }

    /// A return is there that no answer told of.
    fn add(&mut self, id: &str, units: u32) {
        self.found.returns.insert(id.to_owned(), recorded(id, units));
        self.found.logged.push(id.to_owned());
        let back: u32 = self.found.returns.values().map(units_of).sum();
        self.found.sales = sale(back, &format!("{back}.00"));
    }
}

fn sale(returned: u32, refunded: &str) -> BTreeMap<String, Value> {
    let shown = json!({"id": SALE,
        "lines": [{"line": 1, "quantity": "3", "returned_quantity": returned.to_string()}],
        "tenders": [{"tender": 1, "amount": "3.00", "refunded": refunded}]});
    BTreeMap::from([(SALE.to_owned(), shown)])
}

fn recorded(id: &str, units: u32) -> Value {
    json!({"id": id, "status": "completed",
        "lines": [{"sale": SALE, "sale_line": 1, "quantity": units.to_string()}],
        "refunds": [{"sale": SALE, "sale_tender": 1, "amount": format!("{units}.00")}]})
}

fn units_of(shown: &Value) -> u32 {
    shown["lines"][0]["quantity"].as_str().unwrap().parse().unwrap()
}

fn asked(key: &str, units: u32, heard: Option<Answer>) -> Event {
    let body =
        json!({"sale": {"id": SALE}, "lines": [{"sale_line": 1, "quantity": units.to_string()}]})
            .to_string();
    event(1, Asked::Return { key: key.to_owned(), body }, heard)
}

/// Lasts from this second to the next.
fn event(second: u64, asked: Asked, heard: Option<Answer>) -> Event {
    Event {
        called: Duration::from_secs(second),
        returned: Duration::from_secs(second + 1),
        asked,
        heard,
    }
}

fn answer(status: u16, body: &Value) -> Option<Answer> {
    Some(Answer { status, headers: Vec::new(), body: body.to_string().into_bytes() })
}

#[test]
fn a_sound_history_passes() {
    Story::sound().shows([]);
}

/// A request whose answer was lost may have been done; not twice, and not otherwise.
#[test]
fn a_lost_answer_may_be_either() {
    let mut done = Story::sound();
    done.add("third", 1);
    done.shows([]);
    done.add("fourth", 1);
    done.shows([Kind::UnitTwice, Kind::TenderOverRefunded, Kind::NobodyAsked]);
    let mut otherwise = Story::sound();
    otherwise.events.pop();
    otherwise.events.push(asked("d", 2, None));
    otherwise.add("third", 1);
    otherwise.shows([Kind::NobodyAsked]);
}

#[test]
fn a_unit_that_is_back_twice_is_found() {
    let mut story = Story::sound();
    story.events.push(asked("e", 2, answer(201, &recorded("third", 2))));
    story.add("third", 2);
    story.shows([Kind::UnitTwice, Kind::TenderOverRefunded]);
    // Also where the books have lost one of them.
    story.found.returns.remove("first");
    story.found.logged.remove(0);
    story.found.sales = sale(3, "3.00");
    story.shows([Kind::UnitTwice, Kind::SuccessLost]);
}

#[test]
fn a_tender_that_gets_back_more_than_it_paid_is_found() {
    let mut story = Story::sound();
    for id in ["first", "second"] {
        story.found.returns.get_mut(id).unwrap()["refunds"][0]["amount"] = json!("1.60");
    }
    story.events.iter_mut().for_each(|event| {
        if let Some(answer) = event.heard.as_mut().filter(|answer| answer.status == 201) {
            answer.body = String::from_utf8(answer.body.clone())
                .unwrap()
                .replace("1.00", "1.60")
                .into_bytes();
        }
    });
    story.found.sales = sale(2, "3.20");
    story.shows([Kind::TenderOverRefunded]);
}

#[test]
fn an_answered_success_that_is_not_there_is_found() {
    let mut story = Story::sound();
    story.found.returns.remove("second");
    story.found.logged.pop();
    story.found.sales = sale(1, "1.00");
    story.shows([Kind::SuccessLost, Kind::RefusedThoughFree]);
    let mut story = Story::sound();
    story.found.returns.get_mut("second").unwrap()["refunds"][0]["reference"] = json!("another");
    story.shows([Kind::SuccessLost]);
}

#[test]
fn a_key_that_is_answered_in_two_ways_is_found() {
    let again = recorded("first", 1).to_string() + " ";
    for (status, body) in [(201, again.clone()), (422, recorded("first", 1).to_string())] {
        let mut story = Story::sound();
        story.events.push(asked(
            "a",
            1,
            Some(Answer { status, headers: Vec::new(), body: body.into_bytes() }),
        ));
        let found = check(&story.events, &story.found);
        assert!(
            found.iter().any(|violation| violation.kind == Kind::KeyAnsweredTwoWays),
            "{found:?}"
        );
    }
    let mut story = Story::sound();
    story.events.push(asked("e", 1, answer(201, &recorded("first", 1))));
    story.shows([Kind::AnswerShared]);
    let mut story = Story::sound();
    story.events.push(asked("e", 1, answer(500, &json!({"code": "internal_error"}))));
    story.shows([Kind::Unexpected]);
}

#[test]
fn what_nobody_asked_for_is_found() {
    let mut story = Story::sound();
    story.events.pop();
    story.add("third", 1);
    story.shows([Kind::NobodyAsked]);
    // One was asked for, and two are answered.
    let mut story = Story::sound();
    story.events.push(asked("e", 3, answer(201, &recorded("third", 1))));
    story.add("third", 1);
    story.shows([Kind::NobodyAsked]);
}

#[test]
fn a_refusal_without_need_is_found() {
    let mut story = Story::sound();
    story.events.push(asked("e", 1, answer(422, &json!({"code": "return_refused"}))));
    story.shows([Kind::RefusedThoughFree]);
}

#[test]
fn books_and_log_that_say_otherwise_are_found() {
    for (units, refunded) in [(1, "2.00"), (2, "1.00")] {
        let mut story = Story::sound();
        story.found.sales = sale(units, refunded);
        story.shows([Kind::BooksDisagree]);
    }
    for logged in
        [vec!["first"], vec!["first", "second", "second"], vec!["first", "second", "third"]]
    {
        let mut story = Story::sound();
        story.found.logged = logged.into_iter().map(str::to_owned).collect();
        story.shows([Kind::LogDisagrees]);
    }
}

#[test]
fn a_read_that_does_not_see_what_was_answered_is_found() {
    let missing = || answer(404, &json!({"code": "not_found"}));
    let show = |second| event(second, Asked::Show { id: "first".to_owned() }, missing());
    let mut early = Story::sound();
    early.events.push(show(1));
    early.shows([]);
    let mut late = Story::sound();
    late.events.push(show(3));
    late.shows([Kind::StaleRead]);
}

/// A card with five dollars on it, of which two are taken off, and three more could not be.
fn card_story() -> Story {
    let mut story = Story::sound();
    let entry = |kind: &str, amount: &str, balance: &str, reference: &str| json!({"kind": kind, "amount": amount, "balance": balance, "reference": reference});
    let entries = vec![entry("issue", "5.00", "5.00", ""), entry("redeem", "-2.00", "3.00", "p")];
    story.found.cards.insert("card".into(), entries);
    story.events.push(redeemed("p", "2", None));
    story.events.push(redeemed("p", "2", answer(201, &json!({"balance": "3.00"}))));
    story.events.push(redeemed("q", "4", answer(409, &json!({"code": "insufficient_balance"}))));
    story
}

fn redeemed(key: &str, amount: &str, heard: Option<Answer>) -> Event {
    let body = json!({"amount": amount, "sale": key}).to_string();
    event(1, Asked::Redeem { key: key.to_owned(), card: "card".to_owned(), body }, heard)
}

#[test]
fn a_card_below_nothing_or_redeemed_otherwise_than_asked_is_found() {
    card_story().shows([]);
    let spoilt = |spoil: &dyn Fn(&mut Story), kinds: &[Kind]| {
        let mut story = card_story();
        spoil(&mut story);
        story.shows(kinds.iter().copied());
    };
    let entries = |story: &mut Story| story.found.cards.get_mut("card").unwrap().clone();
    spoilt(
        &|story| story.found.cards.get_mut("card").unwrap()[0]["amount"] = json!("1.00"),
        &[Kind::CardNegative],
    );
    spoilt(
        &|story| drop(story.found.cards.get_mut("card").unwrap().pop()),
        &[Kind::SuccessLost, Kind::RefusedThoughFree],
    );
    spoilt(
        &|story| {
            let mut again = entries(story)[1].clone();
            again["balance"] = json!("1.00");
            story.found.cards.get_mut("card").unwrap().push(again);
        },
        &[Kind::UnitTwice],
    );
    spoilt(
        &|story| story.events.retain(|event| event.asked.key() != Some("p")),
        &[Kind::NobodyAsked],
    );
    let refused =
        |story: &mut Story| story.events.push(redeemed("r", "3", answer(409, &json!({}))));
    spoilt(&refused, &[Kind::RefusedThoughFree]);
    let two_ways = |story: &mut Story| {
        story.events.push(redeemed("p", "2", answer(201, &json!({"balance": "1.00"}))))
    };
    spoilt(&two_ways, &[Kind::KeyAnsweredTwoWays]);
}
