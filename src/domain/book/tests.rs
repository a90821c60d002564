//! Sequences of returns by chance: what is given, forgone and left is what was paid.

use super::*;
use proptest::prelude::*;

/// A line's book; each tax says if the net contains it.
fn line(units: i64, net: i64, off: i64, taxes: &[(i64, bool)]) -> LineBook {
    let tax = |(place, (amount, included)): (usize, &(i64, bool))| Tax {
        code: format!("T{place}"),
        rate: None,
        amount: Minor(*amount),
        included: Some(*included),
    };
    let paid = PaidLine {
        net: Minor(net - off),
        taxes: taxes.iter().enumerate().map(tax).collect(),
        discount_shares: vec![Minor(off)],
        discounts: vec![],
        shared_taxes: 0,
        group: 0,
    };
    LineBook::new(Quantity::units(units), paid)
}

/// 39.12 BGN are 20.00 EUR: of the unit that came back for 10.00 BGN nobody gets the rest in euros.
#[test]
fn what_was_forgone_stays_so_in_the_new_currency() {
    let mut before = line(2, 3_912, 0, &[]);
    let parts = before.take_at(Quantity::ONE, Minor(1_000).into()).unwrap();
    assert_eq!((parts.net, &parts.forgone), (Minor(1_000), &vec![Minor(956)]));
    let mut after = line(2, 2_000, 0, &[]);
    after.go_on(&before);
    assert_eq!((after.refunded(), &after.forgone), (Minor(511), &vec![Minor(489)]));
    assert_eq!(after.adjustable(), Minor(1_000));
    assert_eq!(after.take(Quantity::ONE).unwrap().net, Minor(1_000));
}

#[derive(Clone, Debug)]
enum Step {
    Take(i64),
    Adjust(i64),
    /// The taxes at every other place, of so many units.
    Taxes(i64),
    /// So many units, at a price of so many minor units each.
    Lower(i64, i64),
    /// Take back what the step with this number gave.
    Void(usize),
}

/// What was let go of each value; none is nothing.
fn forgone(parts: &Parts, values: &[i64]) -> Vec<Minor> {
    let mut all = parts.forgone.clone();
    all.resize(values.len(), Minor::ZERO);
    all
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (1i64..4).prop_map(Step::Take),
        1 => (1i64..500).prop_map(Step::Adjust),
        1 => (1i64..4).prop_map(Step::Taxes),
        1 => (1i64..4, 0i64..900).prop_map(|(units, price)| Step::Lower(units, price)),
        2 => (0usize..20).prop_map(Step::Void),
    ];
    prop::collection::vec(step, 1..30)
}

proptest! {
    /// Whatever returns, price adjustments, taxes alone, lower prices and voids have gone before:
    /// nothing is ever over-refunded, and once all units are back exactly the value of the line
    /// has been paid or forgone, part by part.
    #[test]
    fn every_sequence_pays_exactly_the_value(units in 1i64..8, net in 0i64..3_000, off in 0i64..300,
            taxes in prop::collection::vec((0i64..300, any::<bool>()), 0..4), steps in steps()) {
        let off = off.min(net);
        let of = |included: bool| taxes.iter().filter(|tax| tax.1 == included).map(|tax| tax.0).sum::<i64>();
        if of(true) > net - off { return Ok(()); }
        let mut book = line(units, net, off, &taxes);
        let value = net - off + of(false);
        prop_assert_eq!(book.value(), Minor(value));
        let mut given: Vec<Option<(Quantity, Parts)>> = vec![];
        let mut paid = 0;
        let whole: Vec<i64> = [net - off].into_iter().chain(taxes.iter().map(|tax| tax.0)).collect();
        // Of the net and of each tax, what standing returns gave and let go.
        let sums = |given: &[Option<(Quantity, Parts)>]| {
            let mut sums = vec![0; whole.len()];
            for (_, parts) in given.iter().flatten() {
                let of_parts = [parts.net].into_iter().chain(parts.taxes.iter().copied());
                sums.iter_mut().zip(of_parts).for_each(|(sum, part)| *sum += part.0);
                sums.iter_mut().zip(&parts.forgone).for_each(|(sum, part)| *sum += part.0);
            }
            sums
        };
        for step in steps {
            match step {
                Step::Take(n) => {
                    let q = Quantity::units(n);
                    if let Some(parts) = book.take(q) { paid += parts.gross.0; given.push(Some((q, parts))); }
                }
                Step::Adjust(a) => if let Some(parts) = book.adjust(Minor(a)) {
                    prop_assert_eq!(parts.gross, Minor(a));
                    paid += a;
                    given.push(Some((Quantity::ZERO, parts)));
                },
                Step::Taxes(n) => {
                    let codes: Vec<String> = (0..4).step_by(2).map(|place| format!("T{place}")).collect();
                    let left = book.taxes_left(&codes);
                    if let Some(parts) = book.give_taxes(&codes, Quantity::units(n)) {
                        let gave: i64 = parts.taxes.iter().map(|tax| tax.0).sum();
                        prop_assert_eq!((parts.gross.0, book.taxes_left(&codes).0), (gave, left.0 - gave));
                        paid += gave;
                        given.push(Some((Quantity::ZERO, parts)));
                    }
                }
                Step::Lower(n, price) => {
                    let (q, mut at_worth) = (Quantity::units(n), book.clone());
                    if let Some(parts) = book.take_at(q, Minor(price).into()) {
                        let worth = at_worth.take(q).unwrap();
                        prop_assert!(parts.net == worth.net || parts.net.0 == price * n);
                        prop_assert!(parts.net <= worth.net && parts.gross <= worth.gross);
                        paid += parts.gross.0;
                        given.push(Some((q, parts)));
                    }
                }
                Step::Void(n) => if let Some((q, parts)) = given.get_mut(n).and_then(Option::take) {
                    book.put_back(q, &parts);
                    paid -= parts.gross.0;
                },
            }
            prop_assert_eq!(book.refunded(), Minor(paid));
            prop_assert!(paid >= 0 && paid <= value, "{} of {}", paid, value);
            prop_assert!(sums(&given).iter().zip(&whole).all(|(sum, whole)| (0..=*whole).contains(sum)));
            // What is stored is all there is to know.
            let fresh = line(units, net, off, &taxes);
            prop_assert_eq!(&fresh.restore(book.returned, book.extras()), &book);
        }
        if book.returnable() > Quantity::ZERO {
            let (q, rest) = (book.returnable(), book.take(book.returnable()).unwrap());
            paid += rest.gross.0;
            given.push(Some((q, rest)));
            let let_go = given.iter().flatten().map(|(_, parts)| book.paid_sum(&forgone(parts, &whole)).0);
            prop_assert_eq!(paid + let_go.sum::<i64>(), value);
            prop_assert_eq!(sums(&given), whole);
        }
    }
}
