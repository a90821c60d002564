//! The ledger on bare state: how each act is booked, that every movement balances, and when days
//! can be closed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // functions that only these tests call

mod balance;
mod cards;
mod chargebacks;
#[path = "../counter/mod.rs"]
mod counter;
mod day_ends;
mod postings;

use counter::Counter;
use returndesk::domain::ledger::Amounts;
use returndesk::domain::perform::{Command, Done, Outcome};
use returndesk::domain::returns::{Return, SettleRefund, VoidReturn};
use returndesk::domain::sale::Sale;
use returndesk::domain::sales::RecordSale;
use returndesk::domain::tender::TenderType;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Thirty days, everything back to where it came from, or by any other means.
const RULES: &str = r#"[{"id": "default", "when": {}, "set": {"window": {"days": 30, "after": "refuse"},
    "refund_to": {"*": ["original", "store_credit", "gift_card", "cash", "check"]}}}]"#;

/// What has been booked since the `from`th movement, as an accountant reads it: event, register,
/// day, and amounts by account.
fn booked(counter: &Counter, from: usize) -> Vec<String> {
    let changes = &counter.state.changes;
    let mut movements: Vec<_> = changes.movements[from..].iter().collect();
    movements.sort_by_key(|movement| movement.entry);
    let written = movements.into_iter().map(|movement| {
        let (entry, posting) = (&changes.entries[movement.entry], &movement.posting);
        let amounts = posting
            .amounts
            .iter()
            .map(|(a, m)| format!("{} {}", a.as_str(), m.format(posting.currency)));
        let register = posting.register.as_deref().unwrap_or("-");
        let amounts = amounts.collect::<Vec<_>>().join(", ");
        format!("{} {register} {}: {amounts}", entry.event.as_str(), posting.business_date)
    });
    written.collect()
}

/// What all that is booked comes to.
fn total(counter: &Counter) -> Amounts {
    let mut total = Amounts::default();
    counter
        .state
        .changes
        .movements
        .iter()
        .for_each(|movement| total.add(&movement.posting.amounts));
    total
}

fn sell(counter: &mut Counter, sale: Sale) -> Uuid {
    assert_eq!(sale.misfits(), vec![], "a test's sale adds up");
    let document = format!("{sale:?}");
    let digest = Sha256::digest(&document).into();
    let command = RecordSale { sale, document, digest };
    match counter.perform(&Command::RecordSale(Box::new(command))) {
        Outcome::Done(done) => match *done {
            Done::SaleRecorded { sale, .. } => sale,
            other => panic!("{other:?}"),
        },
        Outcome::Refused(refusal) => panic!("{refusal:?}"),
    }
}

fn void(counter: &mut Counter, the_return: &Return) -> Outcome {
    let command = VoidReturn { id: the_return.id, reason: "mistake".into(), note: None };
    counter.perform(&Command::VoidReturn(command))
}

fn settle(
    counter: &mut Counter,
    the_return: &Return,
    refund: u32,
    settled: bool,
    fallback: Option<TenderType>,
) -> Outcome {
    let id = the_return.id;
    counter.perform(&Command::SettleRefund(SettleRefund {
        id,
        refund,
        settled,
        reference: None,
        fallback,
        codes: vec![],
    }))
}
