//! What a return is split into, and in which order its lines stand, changes nothing.

use crate::counter::{Counter, draft, line, money, reason, record_of, sale, tender, units, with};
use proptest::prelude::*;
use returndesk::domain::decision::{Decision, Finding, LineDecision, Verdict};
use returndesk::domain::draft::DraftLine;
use returndesk::domain::perform::{Command, Done, Outcome};
use returndesk::domain::returns::{RefundStatus, SettleRefund, VoidReturn};
use returndesk::domain::sale::Sale;
use returndesk::domain::tender::TenderType::{self, Cash, CreditCard};
use returndesk::domain::words::{Condition, RefundTo};
use uuid::Uuid;

const RULES: &str = r#"[{"id": "cups", "when": {"sku": ["SKU-3"]}, "set": {"tender_order": "last", "promotion": "reprice",
    "fee": {"percent": "7.5", "conditions": ["opened"]}}},
    {"id": "default", "when": {}, "set": {"window": {"days": 300, "after": "refuse"},
    "refund_to": {"*": ["original", "cash", "store_credit"]}, "fee": {"fixed": "0.33", "conditions": ["opened"]},
    "cash_limit": {"amount": "35.00", "beyond": "store_credit"},
    "approval": [{"over": "50.00", "role": "supervisor"}]}}]"#;

/// A kit of two parts, one of them partly scanned, and loose goods; half in cash.
fn goods() -> Sale {
    let kit = line(1, 2, 0);
    let part = |number, units, price| with(line(number, units, price), |l| l.parent_line = Some(1));
    let scanned = with(part(2, 4, 777), |line| {
        line.serial_numbers = ["S-1", "S-2", "S-3"].map(str::to_owned).to_vec();
    });
    let lines = vec![kit, scanned, part(3, 2, 1001), line(4, 5, 499)];
    let total = lines.iter().map(|line| line.net.0).sum::<i64>();
    sale(lines, vec![tender(1, Cash, total / 2, 0), tender(2, CreditCard, total - total / 2, 0)])
}

fn counter() -> Counter {
    Counter::open(RULES, vec![goods()])
}

fn asked() -> impl Strategy<Value = DraftLine> {
    let line = prop_oneof![
        3 => (1u32..5, 1i64..4).prop_map(|(number, back)| units(number, back)),
        1 => (1u32..5, 1i64..900).prop_map(|(number, amount)| money(number, amount)),
        2 => (0usize..4).prop_map(|n| with(units(2, 1), |line| {
            line.serial_number = Some(["S-1", "S-2", "S-3", "S-9"][n].to_owned());
        })),
    ];
    (line, any::<bool>(), any::<bool>()).prop_map(|(line, opened, defective)| {
        with(line, |line| {
            line.condition = if opened { Condition::Opened } else { Condition::Unopened };
            line.reason = reason(if defective { "defective" } else { "changed_mind" });
        })
    })
}

fn shuffled() -> impl Strategy<Value = (Vec<DraftLine>, Vec<usize>)> {
    prop::collection::vec(asked(), 1..7).prop_flat_map(|lines| {
        let places: Vec<usize> = (0..lines.len()).collect();
        (Just(lines), Just(places).prop_shuffle())
    })
}

/// A line's answer, but for its place.
fn anywhere(line: &LineDecision) -> String {
    format!("{:?}", LineDecision { index: 0, ..line.clone() })
}

fn told(decision: &Decision) -> (Vec<String>, Vec<Finding>, String) {
    let mut lines: Vec<String> = decision.lines.iter().map(anywhere).collect();
    lines.sort_unstable();
    let whole = format!("{:?} {:?} {:?}", decision.verdict, decision.totals, decision.refunds);
    (lines, decision.findings.clone(), whole)
}

#[derive(Clone, Debug)]
enum Step {
    Return(Vec<DraftLine>, RefundTo),
    Void(usize),
    /// A refund fails, and another means stands in for it.
    Fail(usize, usize, Option<TenderType>),
}

fn steps() -> impl Strategy<Value = Step> {
    let to = prop_oneof![
        2 => Just(RefundTo::Original), 2 => Just(RefundTo::Cash), 1 => Just(RefundTo::StoreCredit)
    ];
    let fallback = prop_oneof![Just(Some(Cash)), Just(Some(TenderType::StoreCredit))];
    prop_oneof![
        5 => (prop::collection::vec(asked(), 1..3), to).prop_map(|(lines, to)| Step::Return(lines, to)),
        1 => (0usize..9).prop_map(Step::Void),
        2 => (0usize..9, 0usize..3, fallback).prop_map(|(n, refund, to)| Step::Fail(n, refund, to)),
    ]
}

fn perform(counter: &mut Counter, made: &[Uuid], step: &Step) -> Option<Uuid> {
    let command = match step {
        Step::Return(lines, to) => {
            let draft = with(draft(lines.clone()), |draft| draft.refund_to = *to);
            Command::RecordReturn(Box::new(record_of(draft)))
        }
        Step::Void(n) => {
            let (id, reason) = (*made.get(*n)?, "mistake".to_owned());
            Command::VoidReturn(VoidReturn { id, reason, note: None })
        }
        Step::Fail(n, refund, fallback) => Command::SettleRefund(SettleRefund {
            id: *made.get(*n)?,
            refund: u32::try_from(*refund).unwrap() + 1,
            settled: false,
            reference: None,
            fallback: *fallback,
            codes: Vec::new(),
        }),
    };
    match counter.perform(&command) {
        Outcome::Done(done) => match *done {
            Done::Returned(recorded) => Some(recorded.the_return.id),
            _ => None,
        },
        Outcome::Refused(_) => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    /// The lines of a request in any order: the same totals, findings and refunds, and the same
    /// answer to each line.
    #[test]
    fn the_order_of_lines_changes_nothing((lines, places) in shuffled()) {
        let counter = counter();
        let moved: Vec<DraftLine> = places.iter().map(|place| lines[*place].clone()).collect();
        let (first, second) = (counter.check(&draft(lines.clone())), counter.check(&draft(moved)));
        match (first, second) {
            (Ok(first), Ok(second)) => {
                prop_assert_eq!(told(&first), told(&second));
                for (to, from) in places.iter().enumerate() {
                    let of = |decision: &Decision, index: usize| -> Vec<String> {
                        decision.lines.iter().filter(|l| l.index == index).map(anywhere).collect()
                    };
                    // Lines that ask the same may change places.
                    let same = lines.iter().filter(|line| **line == lines[*from]).count();
                    prop_assert!(same > 1 || of(&second, to) == of(&first, *from));
                }
            }
            (Err(first), Err(second)) => {
                prop_assert_eq!(format!("{first:?}").len(), format!("{second:?}").len());
            }
            (first, second) => prop_assert!(false, "{:?} and {:?}", first, second),
        }
    }

    /// However a return is split, voided, failed and stood in for: no more cash is given on a sale
    /// than the limit, and no more in all than needs no approval.
    #[test]
    fn no_split_passes_the_limits_of_a_sale(all in prop::collection::vec(steps(), 1..25)) {
        let (mut counter, mut made) = (counter(), Vec::new());
        for step in &all {
            made.extend(perform(&mut counter, &made, step));
            let standing = made.iter().map(|id| counter.state.return_of(*id).unwrap());
            let refunds = standing.flat_map(|r| &r.refunds);
            let counted = |refund: &&returndesk::domain::returns::Refund| {
                matches!(refund.status, RefundStatus::Due | RefundStatus::Settled)
            };
            let (mut cash, mut sum) = (0, 0);
            for refund in refunds.filter(counted) {
                sum += refund.plan.amount.0;
                cash += if refund.plan.kind == Cash { refund.plan.amount.0 } else { 0 };
            }
            prop_assert!(cash <= 3500, "{} in cash", cash);
            prop_assert!(sum <= 5000, "{} in all", sum);
            let book = counter.book(1);
            prop_assert_eq!((book.given_in_cash().0, book.given_back().0), (cash, sum));
        }
    }
}

#[test]
fn the_split_that_was_reported_is_one() {
    let mut counter = counter();
    let one = || draft(vec![units(4, 1)]);
    assert!((0..5).all(|_| counter.record(one()).is_ok()));
    assert_eq!(counter.check(&draft(vec![units(3, 1)])).unwrap().verdict, Verdict::Allowed);
    let both = counter.check(&draft(vec![units(3, 2), units(2, 1)])).unwrap();
    assert_eq!(both.verdict, Verdict::NeedsApproval, "{both:?}");
}
