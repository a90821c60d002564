//! Whatever is done, every movement balances, and so do all of them together; what is taken back
//! leaves nothing.

use super::{RULES, sell, settle, total, void};
use crate::counter::made_up::{CURRENCIES, LineShape, SaleShape, TenderShape};
use crate::counter::{Counter, draft, id, money, weighed, with};
use proptest::prelude::*;
use returndesk::domain::draft::{DraftCharge, SaleRef};
use returndesk::domain::ledger::Account;
use returndesk::domain::perform::{Done, Outcome};
use returndesk::domain::returns::{RefundStatus, Return, ReturnStatus};
use returndesk::domain::tender::TenderType;
use returndesk::domain::words::RefundTo;
use uuid::Uuid;

#[derive(Clone, Debug)]
enum Step {
    /// Thousandths of a line, the first charge with it or not, to which means.
    Back(usize, i64, bool, usize),
    Money(usize, i64),
    Void(usize),
    Settle(usize, usize, bool, Option<usize>),
}

const MEANS: [RefundTo; 4] =
    [RefundTo::Original, RefundTo::StoreCredit, RefundTo::Cash, RefundTo::Check];
const FALLBACKS: [TenderType; 3] = [TenderType::Cash, TenderType::StoreCredit, TenderType::Check];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_usize..3, 1_i64..4_000, any::<bool>(), 0_usize..4).prop_map(|(l, q, c, m)| Step::Back(l, q, c, m)),
        1 => (0_usize..3, 1_i64..5_000).prop_map(|(line, amount)| Step::Money(line, amount)),
        1 => (0_usize..6).prop_map(Step::Void),
        3 => (0_usize..6, 0_usize..3, any::<bool>(), prop::option::of(0_usize..3))
            .prop_map(|(of, refund, settled, fallback)| Step::Settle(of, refund, settled, fallback)),
    ]
}

fn shape() -> impl Strategy<Value = SaleShape> {
    let line = (500_i64..5_000, 0_i64..20_000, 0_i64..40, prop::collection::vec(0_i64..200, 0..3))
        .prop_map(|(thousandths, price, off, taxes)| LineShape { thousandths, price, off, taxes });
    let tender = (0_usize..4, 1_i64..10, 0_i64..500)
        .prop_map(|(kind, weight, change)| TenderShape { kind, weight, change });
    let lines = prop::collection::vec(line, 1..4);
    let charges = prop::collection::vec((0_i64..1_000, 0_i64..100), 0..2);
    let parts = (0_usize..6, any::<bool>(), lines, prop::collection::vec(0_i64..20, 0..2), charges);
    (parts, prop::collection::vec(tender, 1..4)).prop_map(
        |((place, included, lines, off, charges), tenders)| SaleShape {
            place,
            included,
            lines,
            off,
            charges,
            tenders,
        },
    )
}

fn take(counter: &mut Counter, store: &str, sale: Uuid, step: &Step, returns: &mut Vec<Return>) {
    let outcome = match step {
        Step::Back(line, thousandths, charge, means) => {
            let line = u32::try_from(*line + 1).unwrap();
            let asked = with(draft(vec![weighed(line, *thousandths)]), |d| {
                d.refund_to = MEANS[*means];
                d.charges = charge
                    .then_some(DraftCharge { sale: None, charge: 1, amount: None })
                    .into_iter()
                    .collect();
            });
            record(counter, store, sale, asked)
        }
        Step::Money(line, amount) => {
            let line = u32::try_from(*line + 1).unwrap();
            record(counter, store, sale, draft(vec![money(line, *amount)]))
        }
        Step::Void(of) => {
            returns.get(*of).cloned().and_then(|the_return| changed(void(counter, &the_return)))
        }
        Step::Settle(of, refund, settled, fallback) => {
            returns.get(*of).cloned().and_then(|the_return| {
                let refund = u32::try_from(*refund + 1).unwrap();
                changed(settle(
                    counter,
                    &the_return,
                    refund,
                    *settled,
                    fallback.map(|place| FALLBACKS[place]),
                ))
            })
        }
    };
    if let Some(the_return) = outcome {
        match returns.iter_mut().find(|known| known.id == the_return.id) {
            Some(known) => *known = the_return,
            None => returns.push(the_return),
        }
    }
}

fn record(
    counter: &mut Counter,
    store: &str,
    sale: Uuid,
    asked: returndesk::domain::draft::Draft,
) -> Option<Return> {
    let asked = with(asked, |d| (d.store, d.sale) = (store.to_owned(), Some(SaleRef::Id(sale))));
    counter.record(asked).ok()
}

fn changed(outcome: Outcome) -> Option<Return> {
    let Outcome::Done(done) = outcome else { return None };
    match *done {
        Done::ReturnVoided(the_return) | Done::RefundSettled(the_return) => Some(the_return),
        other => panic!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn every_movement_balances_and_what_is_taken_back_leaves_nothing(
        shape in shape(), steps in prop::collection::vec(step(), 1..12)
    ) {
        let mut counter = Counter::open_in(&CURRENCIES, RULES, vec![]);
        let made = shape.build(1);
        prop_assume!(made.misfits().is_empty());
        let store = made.store.clone();
        let sale = sell(&mut counter, made.clone());
        prop_assert_ne!(sale, id(1));
        let of_sale = total(&counter);
        let mut returns = Vec::new();
        steps.iter().for_each(|step| take(&mut counter, &store, sale, step, &mut returns));

        for movement in &counter.state.changes.movements {
            prop_assert_eq!(movement.posting.amounts.imbalance(), 0, "{:?}", movement);
        }
        let balance = total(&counter);
        prop_assert_eq!(balance.imbalance(), 0);
        // What is owed is what is due, or failed and was not replaced, of returns that stand.
        let owed: i64 = returns.iter().filter(|r| r.status == ReturnStatus::Completed).flat_map(|r| {
            let open = move |refund: &&returndesk::domain::returns::Refund| {
                let replaced = r.refunds.iter().any(|other| other.stands_in_for == Some(refund.plan.refund));
                refund.status == RefundStatus::Due || (refund.status == RefundStatus::Failed && !replaced)
            };
            r.refunds.iter().filter(open).map(|refund| refund.plan.amount.0)
        }).sum();
        prop_assert_eq!(-balance.of(Account::RefundsPayable).0, owed);
        // Nothing came back that was not sold, tax for tax, whatever was rounded.
        prop_assert!(balance.turnover_returned() <= of_sale.turnover_sold());

        // Taken back one by one, the youngest first, wherever that is possible: the sale alone is
        // left.
        let mut all_back = true;
        for the_return in returns.iter().rev().filter(|r| r.status == ReturnStatus::Completed) {
            all_back &= changed(void(&mut counter, the_return)).is_some();
        }
        if all_back {
            prop_assert_eq!(total(&counter), of_sale);
        }
    }
}
