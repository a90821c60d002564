//! Sales as tills print them: taxes computed once for the receipt, discounts that name what they
//! are off, promotions that are marked on their lines, taxes in the price and on top of it.

use crate::counter::{
    Counter, discount, draft, line, money, record_of, sale, tax, tender, totalled, weighed, with,
};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use returndesk::domain::draft::{Draft, DraftCharge};
use returndesk::domain::money::Minor;
use returndesk::domain::perform::{Command, Done, Outcome};
use returndesk::domain::quantity::Quantity;
use returndesk::domain::returns::{Return, VoidReturn};
use returndesk::domain::sale::{Charge, LineKind, ReceiptTax, Sale, SaleLine, Scope};
use returndesk::domain::tender::TenderType;

const RULES: &str = r#"[{"id": "default", "when": {}, "set": {"window": {"days": 300, "after": "refuse"},
    "promotion": "prorate", "refund_to": {"*": ["original"]}}}]"#;

#[derive(Clone, Debug)]
struct Item {
    thousandths: i64,
    price: i64,
    /// Percent off by promotion P; none: not part of it; nothing: marked.
    off: Option<i64>,
    /// Permille of the net, and whether the net contains it.
    taxes: Vec<(i64, Option<bool>)>,
}

/// What a discount or tax of the sale names, by bits; nothing: all lines.
#[derive(Clone, Debug)]
struct Named {
    permille: i64,
    lines: u8,
    charges: u8,
    included: Option<bool>,
}

#[derive(Clone, Debug)]
struct Receipt {
    included: bool,
    items: Vec<Item>,
    charges: Vec<i64>,
    discounts: Vec<Named>,
    taxes: Vec<Named>,
    /// What was given back with it: amount, tax, and if it is a bottle.
    given: Vec<(i64, i64, bool)>,
}

fn receipts() -> impl Strategy<Value = Receipt> {
    let contained = || prop_oneof![2 => Just(None), 1 => any::<bool>().prop_map(Some)];
    let thousandths = prop_oneof![4 => (1i64..5).prop_map(|units| units * 1_000), 1 => 1i64..4_000];
    let off = prop_oneof![1 => Just(None), 1 => Just(Some(0)), 1 => Just(Some(100)), 1 => (0i64..=60).prop_map(Some)];
    let taxes = prop::collection::vec((0i64..150, contained()), 0..=2);
    let item = (thousandths, 0i64..2_500, off, taxes)
        .prop_map(|(thousandths, price, off, taxes)| Item { thousandths, price, off, taxes });
    let named = |most: i64| {
        let one = (0..=most, any::<u8>(), prop_oneof![Just(0u8), any::<u8>()], contained());
        let whole = (0..=most, Just(0u8), Just(0u8), contained());
        prop_oneof![one, whole].prop_map(|(permille, lines, charges, included)| Named {
            permille,
            lines,
            charges,
            included,
        })
    };
    (
        any::<bool>(),
        prop::collection::vec(item, 1..=5),
        prop::collection::vec(0i64..900, 0..=2),
        prop::collection::vec(named(500), 0..=2),
        prop::collection::vec(named(200), 0..=2),
        prop::collection::vec((1i64..900, 0i64..100, any::<bool>()), 0..=2),
    )
        .prop_map(|(included, items, charges, discounts, taxes, given)| Receipt {
            included,
            items,
            charges,
            discounts,
            taxes,
            given,
        })
}

impl Named {
    fn scope(&self, sale: &Sale) -> Scope {
        let bit = |of: u8, at: usize| of >> at & 1 == 1;
        let lines = sale.lines.iter().map(|line| line.line);
        let charges = sale.charges.iter().map(|charge| charge.charge);
        Scope {
            lines: lines.enumerate().filter(|(at, _)| bit(self.lines, *at)).map(|l| l.1).collect(),
            charges: (charges.enumerate())
                .filter(|(at, _)| bit(self.charges, *at))
                .map(|charge| charge.1)
                .collect(),
        }
    }
}

/// What a discount or tax names is worth, before any discount of the sale.
fn worth(sale: &Sale, of: &Scope) -> i64 {
    let lines = sale.lines.iter().filter(|line| of.has_line(line.line)).map(|line| line.net.0);
    let charges = sale.charges.iter().filter(|charge| of.has_charge(charge.charge));
    lines.chain(charges.map(|charge| charge.amount.0)).sum()
}

impl Receipt {
    fn build(&self) -> Sale {
        let lines = self.items.iter().zip(1..).map(|(item, number)| {
            with(line(number, 1, item.price), |line| {
                line.quantity = Quantity(item.thousandths);
                let full = line.extended().0;
                let off = item.off.map(|percent| full * percent / 100);
                line.discounts = off.map(|off| discount(off, Some("P"))).into_iter().collect();
                line.net = Minor(full - off.unwrap_or(0));
                let codes = item.taxes.iter().zip(["A", "B"]);
                let own = |((permille, included), code): (&(i64, Option<bool>), &str)| {
                    let amount = line.net.0 * permille / 1_000;
                    with(tax(code, amount), |tax| tax.included = *included)
                };
                line.taxes = codes.map(own).collect();
            })
        });
        let mut made = sale(lines.collect(), vec![tender(1, TenderType::CreditCard, 0, 0)]);
        made.prices_include_tax = self.included;
        made.charges =
            self.charges.iter().zip(1..).map(|(amount, number)| charge(number, *amount)).collect();
        for named in &self.discounts {
            let of = named.scope(&made);
            let off = worth(&made, &of) * named.permille / 1_000;
            made.discounts.push(with(discount(off, None), |discount| discount.of = of));
        }
        for (named, code) in self.taxes.iter().zip(["R", "S"]) {
            let of = named.scope(&made);
            let tax = tax(code, worth(&made, &of) * named.permille / 1_000);
            let tax = with(tax, |tax| tax.included = named.included);
            made.taxes.push(ReceiptTax { tax, of });
        }
        self.give_back(&mut made);
        totalled(&mut made);
        if made.total < Minor::ZERO {
            made.tenders[0] = tender(1, TenderType::Cash, 0, 0);
        }
        made.tenders[0].amount = made.total;
        made.with_payment_in_kind()
    }

    /// Adds lines below zero. A tax of the receipt was printed for the goods alone.
    fn give_back(&self, made: &mut Sale) {
        let goods: Vec<u32> = made.lines.iter().map(|line| line.line).collect();
        let whole = made.taxes.iter_mut().filter(|tax| tax.of == Scope::default());
        whole.for_each(|tax| tax.of.lines = goods.iter().copied().collect());
        for (amount, of_tax, bottle) in &self.given {
            let number = made.lines.len() as u32 + 1;
            made.lines.push(with(line(number, 1, *amount), |line| {
                line.kind =
                    if *bottle { LineKind::DepositReturn } else { LineKind::UnlinkedReturn };
                line.net = Minor(-amount);
                line.taxes = vec![tax("A", -of_tax.min(amount))];
            }));
        }
    }
}

/// What the goods and charges of a receipt cost, whoever paid for them.
fn cost(sale: &Sale) -> i64 {
    let added = |line: &SaleLine| -> i64 {
        let taxes = line.taxes.iter().filter(|t| !t.included.unwrap_or(sale.prices_include_tax));
        taxes.map(|tax| tax.amount.0).sum()
    };
    let given = sale.lines.iter().filter(|line| line.kind != LineKind::Goods);
    sale.total.0 - given.map(|line| line.net.0 + added(line)).sum::<i64>()
}

fn charge(number: u32, amount: i64) -> Charge {
    let taxes = vec![tax("A", amount / 10)];
    let kind = "shipping".to_owned();
    Charge { charge: number, kind, amount: Minor(amount), taxes, refundable: true }
}

/// Whether an amount is its part of the whole, rounded up or down.
fn is_share(part: Minor, whole: i64, weight: i64, all: i64) -> bool {
    let off = i128::from(part.0) * i128::from(all) - i128::from(whole) * i128::from(weight);
    off.abs() < i128::from(all)
}

/// The law of every receipt: all that is spread sums to what was printed, and each share is its
/// part rounded.
fn is_spread(sale: &Sale) -> TestCaseResult {
    let paid = sale.paid();
    let sum = |amounts: &mut dyn Iterator<Item = Minor>| amounts.map(|a| a.0).sum::<i64>();
    let marked =
        || sale.lines.iter().zip(&paid.lines).filter(|(line, _)| !line.discounts.is_empty());
    let is_marked = marked().any(|(line, _)| line.discounts[0].amount.is_zero());
    let off = sum(&mut marked().map(|(line, _)| line.discounts[0].amount));
    let lists = sum(&mut marked().map(|(line, _)| line.before_discounts()));
    for (line, paid) in marked() {
        let share = paid.discounts[0];
        if is_marked && lists > 0 {
            prop_assert!(
                is_share(share, off, line.before_discounts().0, lists),
                "{line:?} {share:?}"
            );
        } else {
            prop_assert_eq!(share, line.discounts[0].amount);
        }
    }
    prop_assert_eq!(sum(&mut marked().map(|(_, paid)| paid.discounts[0])), off);
    for tax in &sale.taxes {
        let of = |taxes: &[returndesk::domain::sale::Tax]| -> i64 {
            taxes.iter().filter(|t| t.code == tax.tax.code).map(|t| t.amount.0).sum()
        };
        let lines = sale
            .lines
            .iter()
            .zip(&paid.lines)
            .map(|(line, paid)| (tax.of.has_line(line.line), paid.net, of(&paid.taxes)));
        let charges =
            paid.charges.iter().map(|c| (tax.of.has_charge(c.charge), c.amount, of(&c.taxes)));
        let all: Vec<(bool, Minor, i64)> = lines.chain(charges).collect();
        let base: i64 = all.iter().filter(|one| one.0).map(|one| one.1.0).sum();
        for (named, weight, share) in &all {
            prop_assert!(*named || *share == 0, "{tax:?}");
            if *named && base > 0 {
                prop_assert!(
                    is_share(Minor(*share), tax.tax.amount.0, weight.0, base),
                    "{tax:?} {all:?}"
                );
            }
        }
        prop_assert_eq!(all.iter().map(|one| one.2).sum::<i64>(), tax.tax.amount.0);
    }
    let added = |taxes: &[returndesk::domain::sale::Tax]| -> i64 {
        taxes.iter().filter(|tax| !tax.is_contained()).map(|tax| tax.amount.0).sum()
    };
    let lines: i64 = paid.lines.iter().map(|line| line.net.0 + added(&line.taxes)).sum();
    let charges: i64 = paid.charges.iter().map(|charge| charge.gross().0).sum();
    prop_assert_eq!(lines + charges, sale.total.0, "all that was paid is somewhere");
    let goods = sale.lines.iter().zip(&paid.lines).filter(|(line, _)| line.kind == LineKind::Goods);
    prop_assert!(goods.into_iter().all(|(_, line)| line.net.0 >= 0));
    let given = sale.lines.iter().zip(&paid.lines).filter(|(line, _)| line.kind != LineKind::Goods);
    for (line, paid) in given {
        prop_assert_eq!(paid.net, line.net, "what was given back bears no discount");
    }
    Ok(())
}

#[derive(Clone, Debug)]
enum Step {
    Return(usize, i64),
    Adjust(usize, i64),
    /// A part of a charge, in permille of what is left of it.
    Charge(usize, i64),
    Void(usize),
    /// The newest return, which can always be taken back.
    Undo,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0usize..5, 1i64..=1_000).prop_map(|(place, permille)| Step::Return(place, permille)),
        1 => (0usize..5, 1i64..=1_000).prop_map(|(place, permille)| Step::Adjust(place, permille)),
        2 => (0usize..2, 1i64..=1_000).prop_map(|(place, permille)| Step::Charge(place, permille)),
        1 => Just(Step::Undo),
        2 => (0usize..20).prop_map(Step::Void),
    ];
    prop::collection::vec(step, 0..20)
}

struct Case {
    counter: Counter,
    standing: Vec<Return>,
}

impl Case {
    fn step(&mut self, step: &Step) {
        let book = self.counter.book(1);
        let lines = book.sale.lines.len();
        let of_line = |place: &usize| (&book.sale.lines[place % lines], &book.lines[place % lines]);
        let asked = match step {
            Step::Return(place, permille) => {
                let (line, state) = of_line(place);
                let part = (state.returnable().0 * permille / 1_000).max(1);
                let part =
                    if line.quantity.is_whole() { (part + 999) / 1_000 * 1_000 } else { part };
                let back = (state.returnable() > Quantity::ZERO).then(|| weighed(line.line, part));
                back.map(|back| draft(vec![back]))
            }
            Step::Adjust(place, permille) => {
                let (line, state) = of_line(place);
                let amount = (state.value().0 - state.refunded().0) * permille / 1_000;
                (amount > 0).then(|| draft(vec![money(line.line, amount)]))
            }
            Step::Charge(place, permille) => self.charge(*place, *permille),
            Step::Void(n) => return self.void(*n),
            Step::Undo => return self.undo(),
        };
        asked.into_iter().for_each(|draft| self.record(draft));
    }

    fn charge(&self, place: usize, permille: i64) -> Option<Draft> {
        let of = self.counter.book(1).charges.get(place)?;
        let part = of.left().0 * permille / 1_000;
        let amount = (permille < 1_000).then_some(Minor(part));
        (part > 0).then(|| {
            with(draft(vec![]), |draft| {
                draft.charges = vec![DraftCharge { sale: None, charge: of.charge, amount }]
            })
        })
    }

    fn record(&mut self, draft: Draft) {
        match self.counter.perform(&Command::RecordReturn(Box::new(record_of(draft)))) {
            Outcome::Refused(refusal) => panic!("{refusal:?}"),
            Outcome::Done(done) => {
                let Done::Returned(recorded) = *done else { panic!("{done:?}") };
                self.standing.push(recorded.the_return);
            }
        }
    }

    /// Takes a return back; money for goods that stay only as the last that was done, since units
    /// that came back after it were paid for less.
    fn void(&mut self, n: usize) {
        let Some(one) = self.standing.get(n) else { return };
        let goods_stay = one.lines.iter().any(|line| line.quantity == Quantity::ZERO);
        if goods_stay && n + 1 < self.standing.len() {
            return;
        }
        let void = VoidReturn { id: one.id, reason: "mistake".to_owned(), note: None };
        if matches!(self.counter.perform(&Command::VoidReturn(void)), Outcome::Done(_)) {
            self.standing.remove(n);
        }
    }

    fn undo(&mut self) {
        let Some(newest) = self.standing.pop() else { return };
        let void = VoidReturn { id: newest.id, reason: "mistake".to_owned(), note: None };
        let outcome = self.counter.perform(&Command::VoidReturn(void));
        assert!(matches!(outcome, Outcome::Done(_)), "{newest:?}: {outcome:?}");
    }

    /// Each component of each line and charge: what the standing returns say they gave, and no more
    /// than was paid.
    fn components(&self) -> TestCaseResult {
        let book = self.counter.book(1);
        for (line, state) in book.sale.lines.iter().zip(&book.lines) {
            let all = || self.standing.iter().flat_map(|one| &one.lines);
            let mine = || all().filter(|of| of.sale_line == line.line);
            let net: i64 = mine().map(|of| of.parts.net.0).sum();
            prop_assert_eq!(net, state.net_given().0);
            prop_assert!(0 <= net && net <= state.net_value().0);
            let (given, values) = (state.taxes_given(), state.tax_values());
            for (place, value) in values.iter().enumerate() {
                let tax: i64 = mine().map(|of| of.parts.taxes[place].0).sum();
                prop_assert_eq!(tax, given[place].0);
                prop_assert!(0 <= tax && tax <= value.0, "{:?} of {:?}", tax, value);
            }
        }
        for (place, charge) in book.charges.iter().enumerate() {
            let all = self.standing.iter().flat_map(|one| &one.charges);
            let mine = all.filter(|of| of.charge == charge.charge);
            let mut sums = vec![0; charge.given().len()];
            for parts in mine.filter_map(|of| of.parts.as_ref()) {
                sums[0] += parts.amount.0;
                sums[1..].iter_mut().zip(&parts.taxes).for_each(|(sum, tax)| *sum += tax.0);
            }
            let given: Vec<i64> = charge.given().iter().map(|given| given.0).collect();
            prop_assert_eq!(&sums, &given);
            let paid = &book.sale.paid().charges[place];
            let values = std::iter::once(paid.amount).chain(paid.taxes.iter().map(|t| t.amount));
            prop_assert!(sums.iter().zip(values).all(|(sum, value)| 0 <= *sum && *sum <= value.0));
        }
        Ok(())
    }

    /// Nothing above what was paid, and no cent but those of the returns that stand.
    fn bounds(&self) -> TestCaseResult {
        let book = self.counter.book(1);
        for line in &book.lines {
            prop_assert!(line.refunded() <= line.value() && line.refunded() >= Minor::ZERO);
        }
        let refunds: i64 = self.standing.iter().map(|one| one.refund.0).sum();
        let of_tenders: i64 = book.tenders.iter().map(|tender| tender.refunded.0).sum();
        prop_assert_eq!(of_tenders, refunds);
        prop_assert!(book.tenders.iter().all(|tender| tender.refunded <= tender.paid));
        prop_assert!(refunds <= cost(&book.sale));
        self.components()
    }

    fn all_the_rest(&mut self) {
        for place in 0..self.counter.book(1).lines.len() {
            self.step(&Step::Return(place, 1_000));
        }
        for place in 0..2 {
            self.step(&Step::Charge(place, 1_000));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn a_receipt_is_spread_to_the_cent(receipt in receipts()) {
        let sale = receipt.build();
        prop_assume!(sale.misfits().is_empty());
        is_spread(&sale)?;
    }

    /// Whatever comes back, in whatever order, with money for goods that stay and returns taken
    /// back in between: in the end exactly what was paid has been paid.
    #[test]
    fn any_returns_of_a_receipt_pay_exactly_what_was_paid(receipt in receipts(), steps in steps()) {
        let sale = receipt.build();
        prop_assume!(sale.misfits().is_empty());
        let mut case = Case { counter: Counter::open(RULES, vec![sale.clone()]), standing: Vec::new() };
        for step in &steps {
            case.step(step);
            case.bounds()?;
        }
        case.all_the_rest();
        case.bounds()?;
        let book = case.counter.book(1);
        for line in &book.lines {
            prop_assert_eq!((line.refunded(), line.net_given()), (line.value(), line.net_value()));
            prop_assert_eq!(line.taxes_given(), line.tax_values());
        }
        for (charge, paid) in book.charges.iter().zip(sale.paid().charges) {
            let values = std::iter::once(paid.amount).chain(paid.taxes.iter().map(|t| t.amount));
            prop_assert_eq!(charge.given().to_vec(), values.collect::<Vec<_>>());
        }
        let refunded: i64 = book.tenders.iter().map(|tender| tender.refunded.0).sum();
        prop_assert_eq!(refunded, cost(&sale));
    }
}
