//! What holds of every sale and every way of taking it back: nothing twice, nothing lost, to the
//! minor unit.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // functions that only these tests call

#[path = "properties/cards.rs"]
mod cards;
#[path = "properties/changeover.rs"]
mod changeover;
mod counter;
#[path = "properties/given_back.rs"]
mod given_back;
#[path = "properties/printed.rs"]
mod printed;
#[path = "properties/promotion.rs"]
mod promotion;
#[path = "properties/rounding.rs"]
mod rounding;
#[path = "properties/splitting.rs"]
mod splitting;
#[path = "properties/texts.rs"]
mod texts;
#[path = "properties/without_receipt.rs"]
mod without_receipt;

use counter::made_up::{CURRENCIES, LineShape, SaleShape, TenderShape};
use counter::{Counter, draft, id, money, record_of, weighed, with};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use returndesk::domain::book::Book;
use returndesk::domain::draft::{Draft, DraftCharge, DraftLine};
use returndesk::domain::money::Minor;
use returndesk::domain::perform::{Command, Done, Outcome};
use returndesk::domain::quantity::Quantity;
use returndesk::domain::refusal::Refusal;
use returndesk::domain::returns::{RefundStatus, Return, ReturnStatus, SettleRefund, VoidReturn};
use returndesk::domain::sale::Sale;
use returndesk::domain::tender::TenderType;
use returndesk::domain::words::RefundTo;
use std::sync::Arc;
use uuid::Uuid;

/// Everything may come back, to where it came from or to store credit, in one of the four orders of
/// tenders.
fn rules(order: usize) -> String {
    let order = [
        r#""first""#,
        r#""last""#,
        r#""proportional""#,
        r#"["gift_card", "credit_card", "check", "cash"]"#,
    ][order];
    format!(
        r#"[{{"id": "default", "when": {{}}, "set": {{"window": {{"days": 300, "after": "refuse"}}, "check_clears_days": 0,
            "tender_order": {order}, "refund_to": {{"*": ["original", "store_credit", "cash"]}}}}}}]"#
    )
}

fn lines() -> impl Strategy<Value = Vec<LineShape>> {
    let quantity = prop_oneof![3 => (1i64..9).prop_map(|units| units * 1_000), 1 => 1i64..5_000];
    let taxes = prop::collection::vec(0i64..100, 0..=3);
    let one = (quantity, 0i64..3_000, prop_oneof![3 => Just(0i64), 1 => 0i64..=100], taxes);
    prop::collection::vec(
        one.prop_map(|(thousandths, price, off, taxes)| LineShape {
            thousandths,
            price,
            off,
            taxes,
        }),
        1..=6,
    )
}

fn shapes() -> impl Strategy<Value = SaleShape> {
    let tender = (0usize..4, 1i64..100, 0i64..500).prop_map(|(kind, weight, change)| TenderShape {
        kind,
        weight,
        change,
    });
    let off = prop::collection::vec(0i64..25, 0..=2);
    let charges = prop::collection::vec((0i64..900, 0i64..90), 0..=2);
    let all =
        (0usize..6, any::<bool>(), lines(), off, charges, prop::collection::vec(tender, 1..=4));
    all.prop_map(|(place, included, lines, off, charges, tenders)| SaleShape {
        place,
        included,
        lines,
        off,
        charges,
        tenders,
    })
}

#[derive(Clone, Debug)]
enum Step {
    /// Of some lines a share of what is left, in permille; above 1000 is more than is left.
    Return(Vec<(usize, i64)>, RefundTo),
    Adjust(usize, i64),
    Charge(usize),
    Void(usize),
    /// A refund of a return settled or failed, and what stands in for it.
    Settle(usize, usize, bool, Option<TenderType>),
}

fn goods_and_money() -> impl Strategy<Value = Step> {
    let to = prop_oneof![4 => Just(RefundTo::Original), 1 => Just(RefundTo::StoreCredit), 1 => Just(RefundTo::Cash)];
    prop_oneof![
        6 => (prop::collection::vec((0usize..6, 1i64..1_100), 1..4), to).prop_map(|(lines, to)| Step::Return(lines, to)),
        2 => (0usize..6, 1i64..1_100).prop_map(|(line, share)| Step::Adjust(line, share)),
        1 => (0usize..2).prop_map(Step::Charge),
    ]
}

fn anything() -> impl Strategy<Value = Step> {
    let fallback =
        prop_oneof![Just(None), Just(Some(TenderType::StoreCredit)), Just(Some(TenderType::Cash))];
    prop_oneof![
        5 => goods_and_money(),
        2 => (0usize..20).prop_map(Step::Void),
        // Only failures: what has settled cannot be called back.
        2 => (0usize..20, 0usize..4, fallback).prop_map(|(n, refund, fallback)| Step::Settle(n, refund, false, fallback)),
    ]
}

/// The counter, and what it has recorded.
struct Case {
    counter: Counter,
    sale: Sale,
    returns: Vec<Uuid>,
}

impl Case {
    fn new(shape: &SaleShape, order: usize) -> Case {
        let sale = shape.build(1);
        Case {
            counter: Counter::open_in(&CURRENCIES, &rules(order), vec![sale.clone()]),
            sale,
            returns: Vec::new(),
        }
    }

    fn draft(&self, lines: Vec<DraftLine>, to: RefundTo) -> Draft {
        with(draft(lines), |draft| (draft.store, draft.refund_to) = (self.sale.store.clone(), to))
    }

    /// The share of what is left of a line, in whole units where it was sold so.
    fn share(&self, line: usize, permille: i64) -> DraftLine {
        let line = line % self.sale.lines.len();
        let left = self.counter.book(1).lines[line].returnable().0;
        let exact = (left * permille / 1_000).max(1);
        let whole = self.sale.lines[line].quantity.is_whole();
        weighed(
            self.sale.lines[line].line,
            if whole { (exact + 999) / 1_000 * 1_000 } else { exact },
        )
    }

    fn step(&mut self, step: &Step) -> TestCaseResult {
        match step {
            Step::Return(shares, to) => {
                let lines =
                    shares.iter().map(|(line, permille)| self.share(*line, *permille)).collect();
                self.record(self.draft(lines, *to))
            }
            Step::Adjust(line, permille) => {
                let place = line % self.sale.lines.len();
                let book = &self.counter.book(1).lines[place];
                let left = book.value().0 - book.refunded().0;
                let lines =
                    vec![money(self.sale.lines[place].line, (left * permille / 1_000).max(1))];
                self.record(self.draft(lines, RefundTo::Original))
            }
            Step::Charge(number) => {
                let Some(charge) = self.sale.charges.get(*number) else { return Ok(()) };
                let charges = vec![DraftCharge { sale: None, charge: charge.charge, amount: None }];
                self.record(with(self.draft(vec![], RefundTo::Original), |draft| {
                    draft.charges = charges
                }))
            }
            Step::Void(n) => {
                let Some(id) = self.returns.get(*n).copied() else { return Ok(()) };
                self.void(id);
                Ok(())
            }
            Step::Settle(n, refund, settled, fallback) => {
                let Some(id) = self.returns.get(*n).copied() else { return Ok(()) };
                let (refund, settled, fallback) = (*refund as u32 + 1, *settled, *fallback);
                let command = SettleRefund {
                    id,
                    refund,
                    settled,
                    reference: None,
                    fallback,
                    codes: Vec::new(),
                };
                self.counter.perform(&Command::SettleRefund(command));
                Ok(())
            }
        }
    }

    fn void(&mut self, id: Uuid) {
        self.counter.perform(&Command::VoidReturn(VoidReturn {
            id,
            reason: "mistake".to_owned(),
            note: None,
        }));
    }

    fn record(&mut self, draft: Draft) -> TestCaseResult {
        let checked = self.counter.check(&draft);
        let before = self.counter.book(1).clone();
        let command = Command::RecordReturn(Box::new(record_of(draft)));
        match self.counter.perform(&command) {
            Outcome::Refused(refusal) => {
                prop_assert!(matches!(*refusal, Refusal::ReturnRefused(_)), "{:?}", refusal);
                prop_assert_eq!(self.counter.book(1), &before, "a refused return changes nothing");
            }
            Outcome::Done(done) => {
                let Done::Returned(recorded) = *done else { panic!("{done:?}") };
                let (decision, the_return) = (&recorded.decision, &recorded.the_return);
                prop_assert_eq!(checked.as_ref(), Ok(&**decision), "check and record are one");
                let lines: i64 = decision.lines.iter().map(|line| line.refund.0).sum();
                let charges: i64 = decision.charges.iter().map(|charge| charge.refund.0).sum();
                let exact: i64 =
                    decision.refunds.iter().map(|plan| plan.amount.0 - plan.rounding.0).sum();
                prop_assert_eq!(exact, lines + charges);
                prop_assert_eq!(exact, decision.totals.refund.0);
                self.returns.push(the_return.id);
            }
        }
        Ok(())
    }

    fn all_returns(&self) -> Vec<&Return> {
        self.returns.iter().map(|id| self.counter.state.return_of(*id).unwrap()).collect()
    }

    /// The book against the returns that stand, added up anew.
    fn audit(&self) -> TestCaseResult {
        let (book, all) = (self.counter.book(1), self.all_returns());
        let standing: Vec<&&Return> =
            all.iter().filter(|r| r.status == ReturnStatus::Completed).collect();
        for (place, line) in book.lines.iter().enumerate() {
            let number = self.sale.lines[place].line;
            let of_line =
                || standing.iter().flat_map(|r| &r.lines).filter(|l| l.sale_line == number);
            prop_assert_eq!(line.returned.0, of_line().map(|l| l.quantity.0).sum::<i64>());
            prop_assert_eq!(line.refunded().0, of_line().map(|l| l.parts.gross.0).sum::<i64>());
            prop_assert!(line.returned >= Quantity::ZERO && line.returned <= line.sold);
            prop_assert!(line.refunded() >= Minor::ZERO && line.refunded() <= line.value());
        }
        for (place, tender) in book.tenders.iter().enumerate() {
            let number = Some(self.sale.tenders[place].tender);
            let refunds =
                standing.iter().flat_map(|r| &r.refunds).filter(|r| r.plan.sale_tender == number);
            let counted = || refunds.clone().filter(|r| r.status != RefundStatus::Failed);
            prop_assert_eq!(tender.refunded.0, counted().map(|r| r.plan.amount.0).sum::<i64>());
            prop_assert_eq!(tender.rounding.0, counted().map(|r| r.plan.rounding.0).sum::<i64>());
            // Beyond what was paid there are only coins that stand for exact amounts.
            let own = self.sale.cash_rounding.0.abs();
            let exact = tender.refunded.0 - tender.rounding.0;
            prop_assert!(tender.refunded >= Minor::ZERO, "{:?}", tender);
            prop_assert!(exact <= tender.paid.0 + own, "{:?}", tender);
        }
        Ok(())
    }

    /// Brings back all that is left, charges too.
    fn the_rest(&mut self) -> TestCaseResult {
        let book = self.counter.book(1);
        let left = book
            .lines
            .iter()
            .zip(&self.sale.lines)
            .filter(|(line, _)| line.returnable() > Quantity::ZERO);
        let lines = left.map(|(state, line)| weighed(line.line, state.returnable().0)).collect();
        let open = self.sale.charges.iter().filter(|charge| {
            !book.charge(charge.charge).is_some_and(|place| book.charges[place].is_refunded())
        });
        let charges = open
            .map(|charge| DraftCharge { sale: None, charge: charge.charge, amount: None })
            .collect();
        self.record(with(self.draft(lines, RefundTo::Original), |draft| draft.charges = charges))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    /// However a sale comes back, in the end each tender has been paid what it paid, each tax what
    /// was charged.
    #[test]
    fn a_whole_return_in_any_parts_pays_all_tenders_and_taxes_exactly(shape in shapes(), order in 0usize..4,
            steps in prop::collection::vec(goods_and_money(), 0..12)) {
        let mut case = Case::new(&shape, order);
        for step in &steps {
            case.step(step)?;
            case.audit()?;
        }
        case.the_rest()?;
        case.audit()?;
        let book = case.counter.book(1);
        let all = case.all_returns();
        let exact: i64 = book.tenders.iter().map(|tender| tender.refunded.0 - tender.rounding.0).sum();
        prop_assert_eq!(exact, case.sale.total.0);
        let substituted = all.iter().flat_map(|r| &r.refunds).any(|refund| {
            let of = case.sale.tenders.iter().find(|tender| Some(tender.tender) == refund.plan.sale_tender);
            of.is_some_and(|tender| tender.kind != refund.plan.kind)
        });
        if !substituted {
            for (tender, paid) in book.tenders.iter().zip(&case.sale.tenders) {
                prop_assert_eq!((tender.refunded, tender.refundable()), (paid.paid(), Minor::ZERO));
            }
        }
        // Pennies of a card are not there in cash; all cash together is off by half a coin at most.
        let off = book.tenders.iter().map(|tender| tender.rounding.0).sum::<i64>() - case.sale.cash_rounding.0;
        let half = if substituted { rounding::coin_of(case.sale.currency.code()) / 2 } else { 0 };
        prop_assert!(off.abs() <= half, "{} {:?}", off, book.tenders);
        for line in &case.sale.lines {
            let parts = || all.iter().flat_map(|r| &r.lines).filter(|l| l.sale_line == line.line).map(|l| &l.parts);
            for (place, tax) in line.taxes.iter().enumerate() {
                prop_assert_eq!(parts().map(|parts| parts.taxes[place].0).sum::<i64>(), tax.amount.0);
            }
        }
    }

    /// Whatever has been returned, adjusted, failed and stood in for: taking all of it back leaves
    /// the sale as new.
    #[test]
    fn voiding_everything_leaves_the_sale_as_new(shape in shapes(), order in 0usize..4,
            steps in prop::collection::vec(anything(), 1..25)) {
        let mut case = Case::new(&shape, order);
        for step in &steps {
            case.step(step)?;
            case.audit()?;
        }
        // Newest first; a void that would leave more than one step of cash rounding waits for the
        // others.
        for _ in 0..=case.returns.len() {
            for id in case.returns.clone().into_iter().rev() {
                case.void(id);
                case.audit()?;
            }
        }
        // But that the numbers of its returns are used up.
        let left = Book { returns: 0, ..case.counter.book(1).clone() };
        prop_assert_eq!(left, Book::new(Arc::new(case.sale.clone())));
    }

    /// Bringing things back one by one for cash gains or loses less than one coin, at every step.
    #[test]
    fn splitting_a_cash_return_never_farms_the_rounding(lines in lines(), place in prop_oneof![Just(1usize), Just(5)],
            steps in prop::collection::vec((0usize..6, 1i64..400), 1..30)) {
        let tenders = vec![TenderShape { kind: 0, weight: 1, change: 0 }];
        let shape = SaleShape { place, included: false, lines, off: vec![], charges: vec![], tenders };
        let mut case = Case::new(&shape, 0);
        for (line, permille) in steps {
            let line = case.share(line, permille);
            case.record(case.draft(vec![line], RefundTo::Original))?;
            let tender = case.counter.book(1).tenders[0];
            prop_assert!(tender.rounding.0.abs() <= 2, "{:?}", tender);
        }
    }

    /// Steps of a line one at a time and all at once come to the same.
    #[test]
    fn a_line_returned_one_by_one_is_worth_what_it_is_at_once(shape in shapes(), units in 1i64..9) {
        let mut one_by_one = Case::new(&shape, 0);
        let whole = one_by_one.sale.lines[0].quantity.is_whole();
        let (sold, step) = (one_by_one.sale.lines[0].quantity.0, if whole { 1_000 } else { 7 });
        let times = units.min(sold / step);
        for _ in 0..times {
            let draft = one_by_one.draft(vec![weighed(1, step)], RefundTo::Original);
            one_by_one.record(draft)?;
        }
        let mut at_once = Case::new(&shape, 0);
        if times > 0 {
            at_once.record(at_once.draft(vec![weighed(1, step * times)], RefundTo::Original))?;
        }
        prop_assert_eq!(&one_by_one.counter.book(1).lines, &at_once.counter.book(1).lines);
        let exact = |case: &Case| case.counter.book(1).tenders.iter().map(|t| t.refunded.0 - t.rounding.0).sum::<i64>();
        prop_assert_eq!(exact(&one_by_one), exact(&at_once));
    }
}

#[test]
fn made_up_sales_are_of_sale_one() {
    let line = LineShape { thousandths: 1_000, price: 100, off: 0, taxes: vec![] };
    let tenders = vec![TenderShape { kind: 1, weight: 1, change: 0 }];
    let shape = SaleShape {
        place: 0,
        included: false,
        lines: vec![line],
        off: vec![],
        charges: vec![],
        tenders,
    };
    assert_eq!(shape.build(1).id, id(1));
}

/// Forty items at 0.02, paid in cash where 0.05 is the smallest coin: returned one at a time, some
/// pay 0.00 and some 0.05. Voiding only those that paid nothing would leave 0.40 paid for goods
/// worth 0.16.
#[test]
fn voiding_what_was_rounded_down_does_not_farm_the_rounding() {
    let line = LineShape { thousandths: 40_000, price: 2, off: 0, taxes: vec![] };
    let tenders = vec![TenderShape { kind: 0, weight: 1, change: 0 }];
    let cad = CURRENCIES.iter().position(|code| *code == "CAD").unwrap();
    let shape = SaleShape {
        place: cad,
        included: false,
        lines: vec![line],
        off: vec![],
        charges: vec![],
        tenders,
    };
    let mut case = Case::new(&shape, 0);
    let returns: Vec<Return> = (0..20)
        .map(|_| {
            case.counter.record(case.draft(vec![weighed(1, 1_000)], RefundTo::Original)).unwrap()
        })
        .collect();
    let nothing =
        returns.iter().filter(|r| r.refunds.iter().all(|refund| refund.plan.amount == Minor(0)));
    let voids = nothing.map(|r| VoidReturn { id: r.id, reason: "mistake".into(), note: None });
    let outcomes: Vec<bool> = voids
        .map(|void| matches!(case.counter.perform(&Command::VoidReturn(void)), Outcome::Done(_)))
        .collect();
    assert!(
        outcomes.contains(&true) && outcomes.contains(&false),
        "some fit within one step, the rest do not"
    );
    let rounding = case.counter.book(1).tenders[0].rounding.0;
    assert!(rounding.abs() <= 5, "{rounding}");
}
