//! Random shops and random chains: exchange net = new − returned, no tender gives more than it
//! paid, and once all is back every cent that was paid is back.

use crate::counter::made_up::{CURRENCIES, LineShape, SaleShape, TenderShape};
use crate::counter::{Counter, draft, weighed, with};
use crate::exchange::{adds_up, goods, new_sale};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use returndesk::domain::book::Book;
use returndesk::domain::decision::Verdict;
use returndesk::domain::draft::{
    Draft, DraftCharge, DraftLine, ExchangeDraft, ExchangeLine, SaleRef,
};
use returndesk::domain::money::Minor;
use returndesk::domain::perform::{Command, Outcome};
use returndesk::domain::returns::{RefundStatus, Return, VoidReturn};
use returndesk::domain::rounding::cash_rounding;
use returndesk::domain::sale::{Sale, SaleLine, Tender};
use returndesk::domain::tender::TenderType;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Everything may come back to where it came from, in one of the four orders of tenders.
fn rules(order: usize) -> String {
    let order = [
        r#""first""#,
        r#""last""#,
        r#""proportional""#,
        r#"["gift_card", "credit_card", "check", "cash"]"#,
    ][order];
    format!(
        r#"[{{"id": "default", "when": {{}}, "set": {{"window": {{"days": 300, "after": "refuse"}}, "check_clears_days": 0,
            "tender_order": {order}, "refund_to": {{"*": ["original"]}}}}}}]"#
    )
}

fn shapes() -> impl Strategy<Value = SaleShape> {
    let quantity = prop_oneof![3 => (1i64..6).prop_map(|units| units * 1_000), 1 => 1i64..3_000];
    let line = (quantity, 0i64..3_000, 0i64..=50, prop::collection::vec(0i64..100, 0..=2));
    let line = line.prop_map(|(thousandths, price, off, taxes)| LineShape {
        thousandths,
        price,
        off,
        taxes,
    });
    let tender = (0usize..4, 1i64..100, 0i64..500).prop_map(|(kind, weight, change)| TenderShape {
        kind,
        weight,
        change,
    });
    let off = prop::collection::vec(0i64..25, 0..=1);
    let charges = prop::collection::vec((0i64..900, 0i64..90), 0..=1);
    let lists = (prop::collection::vec(line, 1..=4), prop::collection::vec(tender, 1..=4));
    (0usize..6, any::<bool>(), lists, off, charges).prop_map(
        |(place, included, (lines, tenders), off, charges)| SaleShape {
            place,
            included,
            lines,
            off,
            charges,
            tenders,
        },
    )
}

/// New goods: units, price and tax of each line; and how what is due is paid.
#[derive(Clone, Debug)]
struct Goods {
    lines: Vec<(i64, i64, i64)>,
    payment: usize,
}

#[derive(Clone, Debug)]
enum Step {
    /// Of the sale with this number a share of what is left of each of some lines, for these goods
    /// or none.
    Back {
        sale: usize,
        lines: Vec<(usize, i64)>,
        goods: Option<Goods>,
    },
    /// Part of one line of a sale for the same.
    Even {
        sale: usize,
        line: usize,
        share: i64,
    },
    Void(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let goods = (prop::collection::vec((1i64..4, 0i64..3_000, 0i64..200), 1..3), 0usize..3)
        .prop_map(|(lines, payment)| Goods { lines, payment });
    let lines = prop::collection::vec((0usize..4, 1i64..1_001), 1..4);
    let back = (0usize..9, lines, prop::option::weighted(0.7, goods))
        .prop_map(|(sale, lines, goods)| Step::Back { sale, lines, goods });
    let even = (0usize..9, 0usize..4, 1i64..1_001).prop_map(|(sale, line, share)| Step::Even {
        sale,
        line,
        share,
    });
    prop::collection::vec(
        prop_oneof![5 => back, 2 => even, 1 => (0usize..9).prop_map(Step::Void)],
        1..12,
    )
}

struct Case {
    counter: Counter,
    first: Sale,
    /// The first sale, and those of exchanges, the voided ones with them.
    sales: Vec<Uuid>,
    returns: Vec<Return>,
}

impl Case {
    fn book(&self, sale: Uuid) -> &Book {
        self.counter.state.book(sale).unwrap()
    }

    fn draft(&self, sale: Uuid, lines: Vec<DraftLine>) -> Draft {
        with(draft(lines), |draft| {
            (draft.store, draft.sale) = (self.first.store.clone(), Some(SaleRef::Id(sale)))
        })
    }

    /// A share of what is left of a line; none where nothing is.
    fn share(&self, sale: Uuid, line: usize, permille: i64) -> Option<DraftLine> {
        let book = self.book(sale);
        let place = line % book.lines.len();
        let left = book.lines[place].returnable().0;
        let exact = (left * permille / 1_000).max(1);
        let whole = book.sale.lines[place].quantity.is_whole();
        let units = if whole { (exact + 999) / 1_000 * 1_000 } else { exact };
        (left > 0).then(|| weighed(book.sale.lines[place].line, units))
    }

    fn step(&mut self, step: &Step) -> TestCaseResult {
        match step {
            Step::Back { sale, lines, goods } => {
                let sale = self.sales[sale % self.sales.len()];
                let lines: Vec<DraftLine> = lines
                    .iter()
                    .filter_map(|(line, share)| self.share(sale, *line, *share))
                    .collect();
                if lines.is_empty() {
                    return Ok(());
                }
                let draft = self.draft(sale, lines);
                match goods {
                    Some(goods) => self.exchange(draft, goods),
                    None => self.record(draft),
                }
            }
            Step::Even { sale, line, share } => {
                let sale = self.sales[sale % self.sales.len()];
                let Some(line) = self.share(sale, *line, *share) else { return Ok(()) };
                let returndesk::domain::draft::Asked::Units(units) = line.asked else {
                    unreachable!()
                };
                let goods = with(crate::exchange::evenly(0, 1), |goods| {
                    goods.lines[0].line.quantity = units
                });
                let draft =
                    with(self.draft(sale, vec![line]), |draft| draft.exchange = Some(goods));
                if let Ok(decision) = self.counter.check(&draft) {
                    prop_assert_eq!(
                        (decision.totals.refund, decision.totals.due),
                        (Minor(0), Minor(0))
                    );
                }
                self.record(draft)
            }
            Step::Void(n) => {
                let Some(the_return) = self.returns.get(*n) else { return Ok(()) };
                let command =
                    VoidReturn { id: the_return.id, reason: "mistake".into(), note: None };
                let before = self.counter.state.clone();
                if let Outcome::Refused(_) = self.counter.perform(&Command::VoidReturn(command)) {
                    for sale in &self.sales {
                        prop_assert_eq!(
                            self.counter.state.book(*sale),
                            before.book(*sale),
                            "a refused void changes nothing"
                        );
                    }
                }
                Ok(())
            }
        }
    }

    /// Checks what is due, pays it, and records.
    fn exchange(&mut self, draft: Draft, taken: &Goods) -> TestCaseResult {
        let line = |((units, price, tax), number): (&(i64, i64, i64), u32)| {
            let mut line: SaleLine = crate::counter::line(number, *units, *price);
            let most = if self.first.prices_include_tax { line.net.0 } else { i64::MAX };
            line.taxes = vec![crate::counter::tax("T", (*tax).min(most))];
            ExchangeLine { line, attributes: BTreeMap::new(), exchanged_for: None, priced: true }
        };
        let lines: Vec<ExchangeLine> = taken.lines.iter().zip(1..).map(line).collect();
        let empty: ExchangeDraft = with(goods(vec![]), |goods| goods.lines = lines);
        let mut asked = with(draft, |draft| draft.exchange = Some(empty));
        let Ok(decision) = self.counter.check(&asked) else { return Ok(()) };
        if decision.verdict == Verdict::Refused {
            return self.record(asked);
        }
        let totals = decision.totals;
        let exact: i64 = asked
            .exchange
            .iter()
            .flat_map(|e| &e.lines)
            .map(|l| {
                l.line.net.0
                    + if self.first.prices_include_tax { 0 } else { l.line.taxes[0].amount.0 }
            })
            .sum();
        prop_assert_eq!(totals.exchanged, Minor(exact));
        prop_assert_eq!(
            totals.due.0 - totals.refund.0,
            exact - (totals.returned.0 - totals.fees.0),
            "net = new − returned"
        );
        prop_assert!(totals.due == Minor(0) || totals.refund == Minor(0), "one net");
        if let Some(exchange) = &mut asked.exchange {
            exchange.tenders = self.payment(totals.due, taken.payment);
        }
        let before = self.sales.len();
        self.record(asked)?;
        prop_assert_eq!(self.sales.len(), before + 1, "what was allowed and paid is recorded");
        Ok(())
    }

    /// By card, in cash, or both; change where there is cash.
    fn payment(&self, due: Minor, how: usize) -> Vec<Tender> {
        if due == Minor(0) {
            return vec![];
        }
        let region = &self.counter.state.settings().store(&self.first.store).unwrap().region;
        let day =
            self.counter.state.settings().store(&self.first.store).unwrap().day(self.counter.now);
        let law = cash_rounding(self.first.currency, region, day);
        let cash = |amount: i64| law.map_or(amount, |law| law.round(Minor(amount)).0);
        let by_card = [due.0, 0, due.0 / 2][how];
        let card =
            (by_card > 0).then(|| crate::counter::tender(1, TenderType::CreditCard, by_card, 0));
        let coins = (by_card < due.0)
            .then(|| crate::counter::tender(2, TenderType::Cash, cash(due.0 - by_card) + 700, 700));
        card.into_iter().chain(coins).collect()
    }

    fn record(&mut self, draft: Draft) -> TestCaseResult {
        if draft.lines.is_empty() && draft.charges.is_empty() {
            return Ok(());
        }
        let before = self.counter.state.clone();
        match self.counter.record(draft) {
            Ok(recorded) => {
                if recorded.exchange.is_some() {
                    let book = new_sale(&self.counter, &recorded);
                    adds_up(&book.sale);
                    self.sales.push(book.sale.id);
                }
                self.returns.push(recorded);
            }
            Err(_) => {
                for sale in &self.sales {
                    prop_assert_eq!(
                        self.counter.state.book(*sale),
                        before.book(*sale),
                        "a refusal changes nothing"
                    );
                }
            }
        }
        self.within_what_was_paid()
    }

    fn within_what_was_paid(&self) -> TestCaseResult {
        for sale in &self.sales {
            let book = self.book(*sale);
            let carried = book.sale.exchange_of.iter().flat_map(|tie| &tie.carried);
            let own = book.sale.cash_rounding.0 - carried.map(|part| part.rounding.0).sum::<i64>();
            for (tender, sold) in book.tenders.iter().zip(&book.sale.tenders) {
                // Exactly, a tender brought in what it paid before it was rounded.
                let rounded = book.sale.carried(sold.tender).map_or(own, |part| part.rounding.0);
                let exact = tender.refunded.0 - tender.rounding.0;
                prop_assert!(tender.refunded.0 >= 0, "{tender:?}");
                prop_assert!(exact <= tender.paid.0 + (-rounded).max(0), "{tender:?}");
            }
        }
        Ok(())
    }

    /// Brings back all that is left, of every sale that still stands.
    fn all_back(&mut self) -> TestCaseResult {
        for sale in self.sales.clone() {
            if self.book(sale).voided_at.is_some() {
                continue;
            }
            let places = 0..self.book(sale).lines.len();
            let lines: Vec<DraftLine> =
                places.filter_map(|line| self.share(sale, line, 1_000)).collect();
            let open = |book: &Book| {
                let charges = book.sale.charges.iter().filter(|charge| {
                    !book
                        .charge(charge.charge)
                        .is_some_and(|place| book.charges[place].is_refunded())
                });
                charges
                    .map(|charge| DraftCharge { sale: None, charge: charge.charge, amount: None })
                    .collect::<Vec<_>>()
            };
            let charges = open(self.book(sale));
            let draft = with(self.draft(sale, lines), |draft| draft.charges = charges);
            if draft.lines.is_empty() && draft.charges.is_empty() {
                continue;
            }
            let recorded = self.counter.record(draft);
            prop_assert!(recorded.is_ok(), "{recorded:?}");
            self.returns.extend(recorded.ok());
        }
        Ok(())
    }

    /// What the customer paid: for the first sale, and on top of every exchange that still stands.
    fn paid_in(&self) -> i64 {
        let of_sale = |book: &Book| {
            let own = book
                .sale
                .tenders
                .iter()
                .filter(|tender| book.sale.carried(tender.tender).is_none());
            own.map(|tender| tender.paid().0).sum::<i64>()
        };
        self.sales
            .iter()
            .map(|sale| self.book(*sale))
            .filter(|book| book.voided_at.is_none())
            .map(of_sale)
            .sum()
    }

    fn paid_out(&self) -> i64 {
        let returns = self
            .returns
            .iter()
            .map(|the_return| self.counter.state.return_of(the_return.id).unwrap());
        let counting =
            returns.flat_map(|r| &r.refunds).filter(|refund| refund.status != RefundStatus::Voided);
        counting.map(|refund| refund.plan.amount.0).sum()
    }

    fn first_tenders_give_what_they_paid(&self) -> TestCaseResult {
        let first = self.book(self.first.id);
        for (tender, state) in first.sale.tenders.iter().zip(&first.tenders) {
            prop_assert_eq!(state.refunded, state.paid, "tender {}", tender.tender);
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn any_chain_nets_out_and_pays_back_what_was_paid(shape in shapes(), order in 0usize..4, steps in steps()) {
        let first = shape.build(1);
        let counter = Counter::open_in(&CURRENCIES, &rules(order), vec![first.clone()]);
        let mut case = Case { counter, sales: vec![first.id], first, returns: vec![] };
        for step in &steps {
            case.step(step)?;
        }
        case.all_back()?;
        case.within_what_was_paid()?;
        case.first_tenders_give_what_they_paid()?;
        prop_assert_eq!(case.paid_out(), case.paid_in(), "all is back, to the minor unit");
    }
}
