//! A sale in a currency that was replaced: whatever comes back before the changeover and after it,
//! in whatever parts, each tender has given back what its own payment is worth, to the cent.

use super::shapes;
use crate::counter::{
    Counter, compiled_for, currency, day, draft, money, published, record_of, settings, store,
    weighed, with,
};
use jiff::Timestamp;
use proptest::prelude::*;
use returndesk::domain::changeover::{self, Changeover};
use returndesk::domain::decision::Decision;
use returndesk::domain::draft::{Draft, DraftCharge, DraftLine};
use returndesk::domain::money::Minor;
use returndesk::domain::perform::{Command, Done, Outcome};
use returndesk::domain::quantity::Quantity;
use returndesk::domain::returns::{Return, VoidReturn};
use returndesk::domain::sale::Sale;
use returndesk::domain::words::RefundTo;
use std::sync::Arc;
use uuid::Uuid;

const OLD: &str = "0080";
const NEW: &str = "0081";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The currency, a day before it was replaced and one after, and how many of its decimals a price
/// of hundredths is taken for.
const CURRENCIES: [(&str, &str, &str); 4] = [
    ("BGN", "2025-12-20", "2026-01-10"),
    ("HRK", "2022-12-20", "2023-01-10"),
    ("LVL", "2013-12-20", "2014-01-10"),
    ("ITL", "2001-12-20", "2002-01-10"),
];

fn noon(day: &str) -> Timestamp {
    at(&format!("{day}T12:00:00+02:00"))
}

#[derive(Clone, Debug)]
enum Step {
    /// Of some lines a share of what is left, in permille.
    Return(Vec<(usize, i64)>, RefundTo),
    Adjust(usize, i64),
    Charge(usize, i64),
    Void(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let to = prop_oneof![3 => Just(RefundTo::Original), 1 => Just(RefundTo::StoreCredit), 1 => Just(RefundTo::Cash)];
    let step = prop_oneof![
        6 => (prop::collection::vec((0usize..6, 1i64..1_000), 1..4), to).prop_map(|(lines, to)| Step::Return(lines, to)),
        2 => (0usize..6, 1i64..500).prop_map(|(line, share)| Step::Adjust(line, share)),
        1 => (0usize..2, 1i64..1_000).prop_map(|(charge, share)| Step::Charge(charge, share)),
        2 => (0usize..12).prop_map(Step::Void),
    ];
    prop::collection::vec(step, 0..8)
}

struct Case {
    counter: Counter,
    sale: Sale,
    by: Changeover,
    store: &'static str,
    returns: Vec<(Return, Decision)>,
}

impl Case {
    fn new(shape: &crate::counter::made_up::SaleShape, place: usize, order: usize) -> Case {
        let (code, eve, after) = CURRENCIES[place];
        let sale = with(super::SaleShape { place: 0, ..shape.clone() }.build(1), |sale| {
            sale.store = OLD.to_owned();
            sale.currency = currency(code);
            sale.business_date = day(eve);
            sale.sold_at = noon(eve);
        });
        let compiled = compiled_for(&["USD", code, "EUR"], &super::rules(order));
        let mut known = settings(Arc::clone(&compiled));
        known.policies.clear();
        known.save_policy(published(1, noon("2001-01-01"), compiled));
        for (number, code) in [(OLD, code), (NEW, "EUR")] {
            let store = store(number, code, "BG", "Europe/Sofia");
            known.stores.insert(number.to_owned(), Arc::new(store));
        }
        let mut counter = Counter::with_settings(known, vec![sale.clone()]);
        counter.now = noon(eve);
        let by = changeover::between(currency(code), currency("EUR"), day(after)).unwrap();
        Case { counter, sale, by, store: OLD, returns: Vec::new() }
    }

    fn draft(&self, lines: Vec<DraftLine>, to: RefundTo) -> Draft {
        with(draft(lines), |draft| (draft.store, draft.refund_to) = (self.store.to_owned(), to))
    }

    fn record(&mut self, draft: Draft) -> bool {
        match self.counter.perform(&Command::RecordReturn(Box::new(record_of(draft)))) {
            Outcome::Done(done) => match *done {
                Done::Returned(recorded) => {
                    self.returns.push((recorded.the_return, *recorded.decision));
                    true
                }
                other => panic!("{other:?}"),
            },
            Outcome::Refused(_) => false,
        }
    }

    fn take(&mut self, step: &Step) {
        let book = self.counter.book(1);
        match step {
            Step::Return(lines, to) => {
                let mut asked: Vec<(u32, i64)> = Vec::new();
                for (place, share) in lines {
                    let place = place % book.lines.len();
                    let units = book.lines[place].returnable().0 * share / 1_000;
                    let number = self.sale.lines[place].line;
                    if units > 0 && asked.iter().all(|(other, _)| *other != number) {
                        asked.push((number, units));
                    }
                }
                if !asked.is_empty() {
                    let lines = asked.iter().map(|(line, units)| weighed(*line, *units)).collect();
                    self.record(self.draft(lines, *to));
                }
            }
            Step::Adjust(place, share) => {
                let place = place % book.lines.len();
                let amount = book.lines[place].adjustable().0 * share / 1_000;
                let amount =
                    if self.store == NEW { self.by.convert(Minor(amount)).0 } else { amount };
                if amount > 0 {
                    let line = money(self.sale.lines[place].line, amount);
                    self.record(self.draft(vec![line], RefundTo::Original));
                }
            }
            Step::Charge(place, share) => {
                let Some(charge) = book.charges.get(*place) else { return };
                let amount = charge.left().0 * share / 2_000;
                if amount > 0 {
                    let asked = DraftCharge {
                        sale: None,
                        charge: charge.charge,
                        amount: Some(Minor(amount)),
                    };
                    let draft =
                        with(self.draft(vec![], RefundTo::Original), |d| d.charges = vec![asked]);
                    self.record(draft);
                }
            }
            Step::Void(n) => {
                let Some((known, _)) = self.returns.get(*n) else { return };
                let command = VoidReturn { id: known.id, reason: "mistake".to_owned(), note: None };
                if let Outcome::Done(_) = self.counter.perform(&Command::VoidReturn(command)) {
                    self.returns.remove(*n);
                }
            }
        }
    }

    /// Everything that is left comes back, one line after the other, then the charges.
    fn take_all_left(&mut self) {
        let book = self.counter.book(1);
        let left: Vec<(u32, Quantity)> = (self.sale.lines.iter().zip(&book.lines))
            .map(|(line, state)| (line.line, state.returnable()))
            .filter(|(_, units)| *units > Quantity::ZERO)
            .collect();
        for (number, units) in left {
            let draft = self.draft(vec![weighed(number, units.0)], RefundTo::Original);
            assert!(self.record(draft), "line {number} comes back");
        }
        let charges: Vec<u32> = (self.counter.book(1).charges.iter())
            .filter(|charge| charge.left().is_positive())
            .map(|charge| charge.charge)
            .collect();
        for charge in charges {
            let asked = DraftCharge { sale: None, charge, amount: None };
            let draft = with(self.draft(vec![], RefundTo::Original), |d| d.charges = vec![asked]);
            assert!(self.record(draft), "charge {charge} comes back");
        }
    }

    /// What returns that stand have given back of a tender in a currency.
    fn paid_back(&self, tender: u32, code: &str) -> i64 {
        let of_currency = self.returns.iter().filter(|(known, _)| known.currency.code() == code);
        let refunds = of_currency.flat_map(|(known, _)| &known.refunds);
        let of_tender = refunds.filter(|refund| refund.plan.sale_tender == Some(tender));
        of_tender.map(|refund| refund.plan.amount.0 - refund.plan.rounding.0).sum()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    #[test]
    fn every_tender_gives_back_exactly_what_its_payment_is_worth(
        shape in shapes(), place in 0usize..4, order in 0usize..4, before in steps(), after in steps()
    ) {
        let mut case = Case::new(&shape, place, order);
        before.iter().for_each(|step| case.take(step));
        prop_assert!(case.returns.iter().all(|(known, _)| known.currency == case.sale.currency));
        case.counter.now = noon(CURRENCIES[place].2);
        case.store = NEW;
        after.iter().for_each(|step| case.take(step));
        case.take_all_left();
        // A return in the old currency can be voided until the first one in euros.
        let given: Vec<i64> =
            case.sale.tenders.iter().map(|t| case.paid_back(t.tender, case.sale.currency.code())).collect();
        let back = case.counter.book(1);
        let once = given.iter().filter(|given| **given > 0).count() + case.sale.lines.len() + 2;
        let mut apart = 0;
        for ((tender, state), given) in case.sale.tenders.iter().zip(&back.tenders).zip(given) {
            let worth = case.by.convert(tender.paid());
            let now = case.paid_back(tender.tender, "EUR");
            if given == 0 {
                // All of it came back in euros.
                prop_assert_eq!(Minor(now), if state.paid == state.refunded { worth } else { state.refunded });
            }
            prop_assert!(now <= worth.0);
            apart += (now + case.by.convert(Minor(given)).0 - worth.0).abs();
        }
        if back.sale.converted.is_some() {
            // Nothing is left on any tender, and nothing of the goods.
            prop_assert!(back.tenders.iter().all(|t| t.refunded == t.paid), "{:?}", back.tenders);
            prop_assert!(apart <= once as i64, "{} cents", apart);
            prop_assert!(back.lines.iter().all(|line| line.refunded() == line.value()));
            let told: i64 = (case.returns.iter())
                .flat_map(|(_, decision)| &decision.conversions)
                .map(|of| of.converted.0)
                .sum();
            let paid: i64 = back.sale.tenders.iter().map(|t| case.paid_back(t.tender, "EUR")).sum();
            prop_assert_eq!(told, paid);
        }
    }

    /// Without returns before the changeover, the parts come to the whole in both currencies.
    #[test]
    fn the_parts_told_sum_to_the_whole_in_both_currencies(
        shape in shapes(), place in 0usize..4, order in 0usize..4, after in steps()
    ) {
        let mut case = Case::new(&shape, place, order);
        case.counter.now = noon(CURRENCIES[place].2);
        case.store = NEW;
        after.iter().filter(|step| !matches!(step, Step::Void(_))).for_each(|step| case.take(step));
        case.take_all_left();
        let told = case.returns.iter().flat_map(|(_, decision)| &decision.conversions);
        let (as_sold, converted) =
            told.fold((0, 0), |sum, of| (sum.0 + of.as_sold.0, sum.1 + of.converted.0));
        let of = |convert: &dyn Fn(Minor) -> Minor| -> i64 {
            case.sale.tenders.iter().map(|tender| convert(tender.paid()).0).sum()
        };
        if !case.returns.is_empty() {
            // A charge that is worth less than half a cent does not come back.
            let charges = case.sale.charges.iter().zip(&case.counter.book(1).charges);
            let lost = charges.filter(|(_, state)| !state.is_refunded());
            let lost: i64 = lost.map(|(charge, _)| charge.gross().0).sum();
            prop_assert_eq!(as_sold + lost, of(&|amount| amount));
            prop_assert_eq!(converted, of(&|amount| case.by.convert(amount)));
        }
    }
}

#[test]
fn before_the_day_the_old_currency_is_paid_and_euros_are_not() {
    let shape = crate::counter::made_up::SaleShape {
        place: 0,
        included: false,
        lines: vec![super::LineShape { thousandths: 2_000, price: 1_000, off: 0, taxes: vec![] }],
        off: vec![],
        charges: vec![],
        tenders: vec![super::TenderShape { kind: 1, weight: 1, change: 0 }],
    };
    let mut case = Case::new(&shape, 0, 0);
    case.counter.now = at("2025-12-31T23:59:59.999999+02:00");
    case.store = NEW;
    assert!(!case.record(case.draft(vec![weighed(1, 1_000)], RefundTo::Original)));
    case.store = OLD;
    assert!(case.record(case.draft(vec![weighed(1, 1_000)], RefundTo::Original)));
    assert_eq!(case.returns[0].0.refunds[0].plan.amount, Minor(1_000));
    // Midnight in Sofia, where it comes back.
    case.counter.now = at("2026-01-01T00:00:00+02:00");
    case.store = NEW;
    assert!(case.record(case.draft(vec![weighed(1, 1_000)], RefundTo::Original)));
    let (known, decision) = &case.returns[1];
    assert_eq!((known.currency, known.refunds[0].plan.amount), (currency("EUR"), Minor(511)));
    let told = &decision.conversions[0];
    assert_eq!(
        (told.as_sold, told.converted, told.by.rate()),
        (Minor(1_000), Minor(511), "1.95583")
    );
    // What was paid in levs is no longer in the balance.
    let first = case.returns[0].0.id;
    let void = |id: Uuid| VoidReturn { id, reason: "mistake".to_owned(), note: None };
    let Outcome::Refused(refusal) = case.counter.perform(&Command::VoidReturn(void(first))) else {
        panic!("a return of before is not voided");
    };
    assert!(
        format!("{refusal:?}")
            .contains("This return was paid in BGN, and its sale is kept in EUR since.")
    );
    assert_eq!(case.counter.book(1).lines[0].returned, Quantity::units(2));
}
