//! Mixed receipts: bottles and goods given back pay part of the goods. Whatever comes back in
//! whatever order, each tender gives what it paid, the rest comes last, and the ledger balances.

use crate::counter::{Counter, discount, draft, line, sale, tender, weighed, with};
use proptest::prelude::*;
use returndesk::domain::ledger::Account;
use returndesk::domain::money::Minor;
use returndesk::domain::perform::{Command, Outcome};
use returndesk::domain::quantity::Quantity;
use returndesk::domain::returns::{Return, VoidReturn};
use returndesk::domain::sale::{LineKind, Sale, SaleLine, Tender};
use returndesk::domain::tender::TenderType;
use std::collections::BTreeMap;

const RULES: &str = r#"[{"id": "all", "when": {}, "set": {"tender_order": ["credit_card", "cash"],
    "window": {"days": 300, "after": "refuse"}, "refund_to": {"*": ["original"]}}}]"#;

#[derive(Clone, Debug)]
struct Shape {
    /// Units in thousandths, amount.
    goods: Vec<(i64, i64)>,
    /// What was given back, and if it is a bottle.
    given: Vec<(i64, bool)>,
    off: i64,
    /// Permille of the total that the card pays.
    card: i64,
    /// Which of the lines that are left comes back, what share of it in permille, and if it is
    /// taken back first and comes again.
    steps: Vec<(usize, i64, bool)>,
}

fn shapes() -> impl Strategy<Value = Shape> {
    let quantity = prop_oneof![3 => (1i64..6).prop_map(|units| units * 1_000), 1 => 1i64..4_000];
    let goods = prop::collection::vec((quantity, 0i64..3_000), 1..5);
    let given = prop::collection::vec((1i64..1_200, prop::bool::weighted(0.7)), 1..4);
    let steps = prop::collection::vec((0usize..5, 1i64..1_001, prop::bool::weighted(0.2)), 0..20);
    (goods, given, 0i64..300, 0i64..1_001, steps)
        .prop_map(|(goods, given, off, card, steps)| Shape { goods, given, off, card, steps })
}

impl Shape {
    fn sold(&self) -> Sale {
        let line_of = |(place, (kind, quantity, amount)): (usize, (LineKind, i64, i64))| {
            let number = u32::try_from(place + 1).unwrap();
            with(line(number, 1, 0), |line: &mut SaleLine| {
                (line.kind, line.quantity) = (kind, Quantity(quantity));
                (line.amount, line.net, line.unit_price) =
                    (Some(Minor(amount)), Minor(amount), None);
            })
        };
        let given = self.given.iter().map(|(amount, bottle)| {
            let kind = if *bottle { LineKind::DepositReturn } else { LineKind::UnlinkedReturn };
            (kind, 1_000, -amount)
        });
        let goods = self.goods.iter().map(|(units, amount)| (LineKind::Goods, *units, *amount));
        // What was given back stands before the goods and among them.
        let mut all: Vec<_> = given.chain(goods).collect();
        let half = all.len() / 2;
        all.swap(0, half);
        let mut made = sale(all.into_iter().enumerate().map(line_of).collect(), vec![]);
        let worth: i64 = self.goods.iter().map(|(_, amount)| amount).sum();
        made.discounts = vec![discount(self.off.min(worth), None)];
        crate::counter::totalled(&mut made);
        let by_card = made.total.0 * self.card / 1_000;
        made.tenders = match made.total.0 {
            0 => vec![],
            below if below < 0 => vec![tender(1, TenderType::Cash, below, 0)],
            total => vec![
                tender(1, TenderType::CreditCard, by_card, 0),
                tender(2, TenderType::Cash, total - by_card, 0),
            ],
        };
        assert_eq!(made.misfits(), []);
        made.with_payment_in_kind()
    }
}

fn paid(returns: &[Return]) -> BTreeMap<u32, i64> {
    let mut paid = BTreeMap::new();
    for refund in returns.iter().flat_map(|made| &made.refunds) {
        *paid.entry(refund.plan.sale_tender.unwrap()).or_default() += refund.plan.amount.0;
    }
    paid
}

fn void(counter: &mut Counter, made: &Return) {
    let command = VoidReturn { id: made.id, reason: "mistake".into(), note: None };
    assert!(matches!(counter.perform(&Command::VoidReturn(command)), Outcome::Done(_)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn mixed_receipts_pay_back_what_the_goods_cost_and_what_was_given_back_last(shape in shapes()) {
        let sold = shape.sold();
        let worth: i64 = shape.goods.iter().map(|(_, amount)| amount).sum::<i64>()
            - sold.discounts[0].amount.0;
        let mut counter = Counter::open(RULES, vec![sold.clone()]);
        let places: Vec<usize> =
            (0..sold.lines.len()).filter(|&place| sold.lines[place].is_goods()).collect();
        let mut made: Vec<Return> = Vec::new();
        let last = places.iter().map(|&place| (place, 1_000, false));
        let steps = shape.steps.iter().map(|(at, share, again)| (places[at % places.len()], *share, *again));
        for (place, permille, again) in steps.chain(last) {
            let left = counter.book(1).lines[place].returnable().0;
            let whole = sold.lines[place].quantity.is_whole();
            let part = (left * permille + 999) / 1_000;
            let part = if whole { (part + 999) / 1_000 * 1_000 } else { part };
            if part == 0 {
                continue;
            }
            let asked = draft(vec![weighed(sold.lines[place].line, part)]);
            if again {
                let first = counter.record(asked.clone()).unwrap();
                void(&mut counter, &first);
            }
            made.push(counter.record(asked).unwrap());
            // What was given back pays only when all tenders are used up.
            let book = counter.book(1);
            let of_tenders: i64 = book.sale.tenders.iter().zip(&book.tenders)
                .filter(|(tender, _)| !tender.is_in_kind())
                .map(|(_, state)| state.refundable().0)
                .sum();
            prop_assert!(of_tenders == 0 || !paid(&made).contains_key(&Tender::IN_KIND));
        }
        let owed: BTreeMap<u32, i64> = sold.tenders.iter()
            .filter(|tender| tender.paid().is_positive())
            .map(|tender| (tender.tender, tender.paid().0))
            .collect();
        prop_assert_eq!(paid(&made), owed);
        prop_assert_eq!(made.iter().map(|made| made.refund.0).sum::<i64>(), worth);
        prop_assert!(counter.book(1).lines.iter().all(|line| line.refunded() == line.value()));
        let over = places.iter().map(|&place| weighed(sold.lines[place].line, 1)).collect();
        prop_assert!(counter.record(draft(over)).is_err());
        let moved: i64 = counter.state.changes.movements.iter()
            .map(|movement| {
                assert_eq!(movement.posting.amounts.imbalance(), 0);
                movement.posting.amounts.of(Account::Returns).0
            })
            .sum();
        prop_assert_eq!(moved, worth, "the returns' own");
    }

    /// A receipt books what it gave back as returns, whatever paid it.
    #[test]
    fn a_mixed_receipt_is_booked_in_balance(shape in shapes()) {
        let sold = shape.sold();
        let amounts = returndesk::domain::ledger::sold(&sold).amounts;
        let given: i64 = shape.given.iter().map(|(amount, _)| amount).sum();
        let worth: i64 = shape.goods.iter().map(|(_, amount)| amount).sum::<i64>()
            - sold.discounts[0].amount.0;
        prop_assert_eq!(amounts.imbalance(), 0);
        prop_assert_eq!(amounts.turnover_sold().0, worth);
        prop_assert_eq!(amounts.turnover_returned().0, given);
        let total = amounts.of(Account::Cash).0 + amounts.of(Account::CreditCard).0;
        prop_assert_eq!(total, sold.total.0);
    }
}
