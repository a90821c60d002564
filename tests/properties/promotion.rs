//! Promotions of which parts come back, under `reprice`, against the definition written out by
//! itself: what is kept is priced as if bought alone, and the rest of what was paid is what has
//! been given back.

use crate::counter::{
    Counter, discount, draft, id, line, record_of, sale, tax, tender, totalled, units, weighed,
    with,
};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use returndesk::domain::book::Book;
use returndesk::domain::draft::{Draft, DraftLine};
use returndesk::domain::money::Minor;
use returndesk::domain::perform::{Command, Done, Outcome};
use returndesk::domain::quantity::Quantity;
use returndesk::domain::refusal::Refusal;
use returndesk::domain::returns::{Return, VoidReturn};
use returndesk::domain::sale::Sale;
use returndesk::domain::tender::TenderType;
use std::sync::Arc;
use uuid::Uuid;

const RULES: &str = r#"[{"id": "default", "when": {}, "set": {"window": {"days": 300, "after": "refuse"},
    "promotion": "reprice", "refund_to": {"*": ["original"]}}}]"#;

#[derive(Clone, Debug)]
struct Item {
    thousandths: i64,
    price: i64,
    /// Percent off by promotion P, and by Q; none: not part of it.
    p: Option<i64>,
    q: Option<i64>,
    /// Permille of the net.
    taxes: Vec<i64>,
}

#[derive(Clone, Debug)]
struct Basket {
    included: bool,
    items: Vec<Item>,
    /// Percent off the whole sale, by promotion P.
    coupon: i64,
}

fn items(q: bool) -> impl Strategy<Value = Vec<Item>> {
    let thousandths = prop_oneof![4 => (1i64..5).prop_map(|units| units * 1_000), 1 => 1i64..4_000];
    let off = || prop_oneof![1 => Just(None), 2 => prop_oneof![Just(0i64), Just(100), 0i64..=60].prop_map(Some)];
    let second = if q { off().boxed() } else { Just(None).boxed() };
    let one = (thousandths, 0i64..3_000, off(), second, prop::collection::vec(0i64..250, 0..=3));
    let item =
        one.prop_map(|(thousandths, price, p, q, taxes)| Item { thousandths, price, p, q, taxes });
    prop::collection::vec(item, 1..=5)
}

fn baskets(q: bool) -> impl Strategy<Value = Basket> {
    let coupon = prop_oneof![2 => Just(0i64), 1 => 1i64..=100];
    (any::<bool>(), items(q), coupon).prop_map(|(included, items, coupon)| Basket {
        included,
        items,
        coupon,
    })
}

impl Basket {
    fn build(&self) -> Sale {
        let lines = self.items.iter().zip(1..).map(|(item, number)| {
            with(line(number, 1, item.price), |line| {
                line.quantity = Quantity(item.thousandths);
                let full = line.extended().0;
                let p = item.p.map(|percent| full * percent / 100);
                let q = item.q.map(|percent| (full - p.unwrap_or(0)) * percent / 100);
                let named = p.map(|off| discount(off, Some("P"))).into_iter();
                line.discounts = named.chain(q.map(|off| discount(off, Some("Q")))).collect();
                line.net = Minor(full - p.unwrap_or(0) - q.unwrap_or(0));
                // What the price contains is at most what is left of it after the coupon.
                let left = (line.net.0 * (100 - self.coupon) / 100 - 1).max(0);
                let taxed = if self.included { left } else { line.net.0 };
                let codes = item.taxes.iter().zip(["A", "B", "C"]);
                line.taxes =
                    codes.map(|(permille, code)| tax(code, taxed * permille / 1_000)).collect();
            })
        });
        let mut made = sale(lines.collect(), vec![tender(1, TenderType::CreditCard, 0, 0)]);
        made.prices_include_tax = self.included;
        let nets: i64 = made.lines.iter().map(|line| line.net.0).sum();
        let coupon = nets * self.coupon / 100;
        made.discounts = if coupon > 0 { vec![discount(coupon, Some("P"))] } else { vec![] };
        totalled(&mut made);
        made.tenders[0].amount = made.total;
        made
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// Shares of what is left of lines, in permille.
    Return(Vec<(usize, i64)>),
    /// The newest return that stands.
    VoidLast,
    Void(usize),
}

fn steps(any_void: bool) -> impl Strategy<Value = Vec<Step>> {
    let back = || prop::collection::vec((0usize..5, 1i64..1_000), 1..4).prop_map(Step::Return);
    let void = if any_void {
        (0usize..20).prop_map(Step::Void).boxed()
    } else {
        Just(Step::VoidLast).boxed()
    };
    prop::collection::vec(prop_oneof![3 => back(), 1 => void], 0..16)
}

struct Case {
    counter: Counter,
    sale: Sale,
    standing: Vec<Uuid>,
}

impl Case {
    fn new(basket: &Basket) -> Case {
        let sale = basket.build();
        Case { counter: Counter::open(RULES, vec![sale.clone()]), sale, standing: Vec::new() }
    }

    fn step(&mut self, step: &Step) -> TestCaseResult {
        match step {
            Step::Return(shares) => self.bring_back(shares),
            Step::VoidLast => {
                let Some(last) = self.standing.last().copied() else { return Ok(()) };
                prop_assert!(self.void(last), "the newest return can be taken back");
                Ok(())
            }
            Step::Void(n) => {
                self.standing.get(*n).copied().map(|id| self.void(id));
                Ok(())
            }
        }
    }

    fn bring_back(&mut self, shares: &[(usize, i64)]) -> TestCaseResult {
        let mut lines: Vec<DraftLine> = Vec::new();
        for (place, permille) in shares {
            let place = place % self.sale.lines.len();
            let number = self.sale.lines[place].line;
            let left = self.counter.book(1).lines[place].returnable().0;
            if left == 0 || lines.iter().any(|line| line.sale_line == Some(number)) {
                continue;
            }
            let share = (left * permille / 1_000).max(1);
            let whole = self.sale.lines[place].quantity.is_whole();
            lines.push(weighed(number, if whole { (share + 999) / 1_000 * 1_000 } else { share }));
        }
        if lines.is_empty() { Ok(()) } else { self.record(draft(lines)) }
    }

    fn record(&mut self, draft: Draft) -> TestCaseResult {
        match self.counter.perform(&Command::RecordReturn(Box::new(record_of(draft)))) {
            Outcome::Refused(refusal) => panic!("{refusal:?}"),
            Outcome::Done(done) => {
                let Done::Returned(recorded) = *done else { panic!("{done:?}") };
                for line in &recorded.decision.lines {
                    let taxes: i64 = line.taxes.iter().map(|(_, tax)| tax.0).sum();
                    let added = if self.sale.prices_include_tax { 0 } else { taxes };
                    prop_assert_eq!(line.gross.0, line.net.0 + added);
                    prop_assert!(
                        line.net.0 >= 0 && line.taxes.iter().all(|(_, tax)| tax.0 >= 0),
                        "{:?}",
                        line
                    );
                    prop_assert_eq!(line.refund, line.gross);
                }
                self.standing.push(recorded.the_return.id);
            }
        }
        Ok(())
    }

    fn void(&mut self, id: Uuid) -> bool {
        let command = VoidReturn { id, reason: "mistake".to_owned(), note: None };
        match self.counter.perform(&Command::VoidReturn(command)) {
            Outcome::Done(_) => {
                self.standing.retain(|other| *other != id);
                true
            }
            Outcome::Refused(refusal) => {
                assert!(matches!(*refusal, Refusal::NotVoidable { .. }), "{refusal:?}");
                false
            }
        }
    }

    /// Whatever has happened: nothing below nothing, nothing above its share, the rest of it
    /// withheld.
    fn bounds(&self) -> TestCaseResult {
        for line in &self.counter.book(1).lines {
            prop_assert!(line.net_given().0 >= 0 && line.net_withheld().0 >= 0, "{:?}", line);
            prop_assert!(line.net_worth() <= line.net_value());
            for (given, value) in line.taxes_given().iter().zip(line.tax_values()) {
                prop_assert!(given.0 >= 0 && given <= value, "{:?}", line);
            }
        }
        Ok(())
    }

    /// What has been given back of the net of all lines, by the definition: `kept` items at their
    /// price without P.
    fn by_definition(&self) -> i64 {
        let book = self.counter.book(1);
        let part = |value: i64, of: &returndesk::domain::book::LineBook| {
            let twice = 2 * i128::from(value) * i128::from(of.returned.0) + i128::from(of.sold.0);
            i64::try_from(twice / (2 * i128::from(of.sold.0))).unwrap()
        };
        let mut apart = 0;
        let (mut back, mut kept_discount) = (0, 0);
        for (line, state) in self.sale.lines.iter().zip(&book.lines) {
            let coupon: i64 = state.discount_shares().iter().map(|share| share.0).sum();
            // As the promotion's lines share it; that they do is shown elsewhere.
            let own: i64 = state.discounts().iter().map(|off| off.0).sum();
            let returned = part(state.net_value().0, state);
            if line.discounts.is_empty() && coupon == 0 {
                apart += returned;
            } else {
                back += returned;
                kept_discount += own + coupon - part(own + coupon, state);
            }
        }
        apart + (back - kept_discount).max(0)
    }

    fn paid(&self) -> i64 {
        self.counter.book(1).lines.iter().map(|line| line.net_given().0).sum()
    }

    fn all_the_rest(&mut self) -> TestCaseResult {
        let book = self.counter.book(1);
        let left = book
            .lines
            .iter()
            .zip(&self.sale.lines)
            .filter(|(state, _)| state.returnable() > Quantity::ZERO);
        let lines: Vec<DraftLine> =
            left.map(|(state, line)| weighed(line.line, state.returnable().0)).collect();
        if lines.is_empty() { Ok(()) } else { self.record(draft(lines)) }
    }

    fn is_paid_exactly(&self) -> TestCaseResult {
        let book = self.counter.book(1);
        let taxes = |all: &mut dyn Iterator<Item = Minor>| all.map(|tax| tax.0).sum::<i64>();
        let charged = self.sale.lines.iter().flat_map(|line| &line.taxes).map(|tax| tax.amount);
        let given = book.lines.iter().flat_map(|line| line.taxes_given()).copied();
        prop_assert_eq!(taxes(&mut { given }), taxes(&mut { charged }));
        for line in &book.lines {
            prop_assert_eq!((line.refunded(), line.net_given()), (line.value(), line.net_value()));
            prop_assert_eq!(line.taxes_given(), line.tax_values());
        }
        prop_assert_eq!(book.tenders[0].refundable(), Minor::ZERO);
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// At every step what is given back is what the definition says; in the end it is all that was
    /// paid.
    #[test]
    fn repricing_pays_by_the_definition(basket in baskets(false), steps in steps(false)) {
        let mut case = Case::new(&basket);
        for step in &steps {
            case.step(step)?;
            case.bounds()?;
            prop_assert_eq!(case.paid(), case.by_definition(), "{:?}", case.counter.book(1).lines);
        }
        case.all_the_rest()?;
        case.is_paid_exactly()?;
    }

    /// The same with two promotions over the same lines, and returns taken back in any order: never
    /// below nothing, never above the share, and in the end exactly what was paid.
    #[test]
    fn repricing_never_pays_more_than_the_share_and_all_in_the_end(basket in baskets(true), steps in steps(true)) {
        let mut case = Case::new(&basket);
        for step in &steps {
            case.step(step)?;
            case.bounds()?;
        }
        case.all_the_rest()?;
        case.is_paid_exactly()?;
        for _ in 0..=case.standing.len() {
            for id in case.standing.clone().into_iter().rev() {
                case.void(id);
                case.bounds()?;
            }
        }
        // But for the numbers of the returns, which stay used up.
        let book = case.counter.book(1);
        let untouched = Book { returns: book.returns, ..Book::new(Arc::new(case.sale.clone())) };
        prop_assert_eq!(book, &untouched);
    }
}

/// Two for one: 10.00 and 0.80 of tax paid for two bowls, all of it on the first line, or half on
/// each.
fn two_for_one(spread: bool) -> Counter {
    let bowl = |number, off: i64| {
        with(line(number, 1, 1000), |line| {
            (line.discounts, line.net) = (vec![discount(off, Some("BOGO"))], Minor(1000 - off));
            line.taxes = vec![tax("NY", (1000 - off) * 8 / 100)];
        })
    };
    let lines =
        if spread { vec![bowl(1, 500), bowl(2, 500)] } else { vec![bowl(1, 0), bowl(2, 1000)] };
    let mut made = sale(lines, vec![tender(1, TenderType::CreditCard, 0, 0)]);
    made.tenders[0].amount = made.total;
    Counter::open(RULES, vec![made])
}

#[test]
fn one_of_two_for_one_is_worth_nothing_until_the_other_comes_back() {
    for spread in [false, true] {
        for order in [[1, 2], [2, 1]] {
            let mut counter = two_for_one(spread);
            let refunds: Vec<i64> = order
                .map(|line| counter.record(draft(vec![units(line, 1)])).unwrap().refund.0)
                .to_vec();
            assert_eq!(refunds, [0, 1080], "{spread} {order:?}");
        }
        assert_eq!(
            two_for_one(spread).record(draft(vec![units(1, 1), units(2, 1)])).unwrap().refund,
            Minor(1080)
        );
    }
}

/// One bowl comes back for nothing, the other for all of it; then the first return is taken back,
/// and the customer would have a bowl and 10.80.
#[test]
fn a_promotion_cannot_be_farmed_by_a_void() {
    for spread in [false, true] {
        for order in [[1, 2], [2, 1]] {
            let mut counter = two_for_one(spread);
            let [first, second] =
                order.map(|line| counter.record(draft(vec![units(line, 1)])).unwrap());
            let mut void = |made: &Return| {
                let command = VoidReturn { id: made.id, reason: "mistake".to_owned(), note: None };
                matches!(counter.perform(&Command::VoidReturn(command)), Outcome::Done(_))
            };
            assert_eq!(
                [void(&first), void(&second), void(&first)],
                [false, true, true],
                "{spread} {order:?}"
            );
            assert!(counter.book(1).lines.iter().all(|line| line.extras() == Default::default()));
            assert_eq!(counter.book(1).sale.id, id(1));
        }
    }
}
