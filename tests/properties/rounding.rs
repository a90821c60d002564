//! Cash rounding is nobody's income: whatever is returned, fails, is paid in cash instead and is
//! taken back, no sale is ever off by more than one coin.

use crate::counter::made_up::{CURRENCIES, SaleShape, TenderShape};
use crate::counter::{Counter, draft, line, sale, store, tender, units, with};
use crate::{Case, Step, goods_and_money, lines};
use proptest::prelude::*;
use returndesk::domain::draft::Draft;
use returndesk::domain::money::Minor;
use returndesk::domain::perform::{Command, Outcome};

use returndesk::domain::returns::{Return, SettleRefund};
use returndesk::domain::sale::{Sum, Tender};
use returndesk::domain::tender::TenderType;
use std::sync::Arc;

fn trouble() -> impl Strategy<Value = Step> {
    let fallback = prop_oneof![1 => Just(None), 4 => Just(Some(TenderType::Cash))];
    prop_oneof![
        4 => goods_and_money(),
        2 => (0usize..20).prop_map(Step::Void),
        3 => (0usize..20, 0usize..4, fallback).prop_map(|(n, refund, fallback)| Step::Settle(n, refund, false, fallback)),
    ]
}

/// The smallest coin of a place among those the shapes are made for.
fn coin(place: usize) -> i64 {
    coin_of(CURRENCIES[place])
}

/// The smallest coin of a currency of the shapes, where cash is rounded.
pub fn coin_of(code: &str) -> i64 {
    match code {
        "SEK" => 100,
        "CAD" | "CHF" => 5,
        _ => 0,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_moves_the_rounding_of_a_sale_beyond_one_coin(lines in lines(),
            place in prop_oneof![Just(1usize), Just(5), Just(6)], order in 0usize..4,
            tenders in prop::collection::vec((0usize..4, 1i64..100, 0i64..500), 1..=3),
            steps in prop::collection::vec(trouble(), 1..30)) {
        let tender = |(kind, weight, change)| TenderShape { kind, weight, change };
        let tenders: Vec<TenderShape> = tenders.into_iter().map(tender).collect();
        let shape = SaleShape { place, included: false, lines, off: vec![], charges: vec![], tenders };
        let mut case = Case::new(&shape, order);
        for step in &steps {
            case.step(step)?;
            case.audit()?;
            // From the sale's own rounding on: it may be all that is left, and less than a coin.
            let own = case.sale.cash_rounding.0;
            let tenders = &case.counter.book(1).tenders;
            let off: i64 = tenders.iter().map(|tender| tender.rounding.0).sum();
            let off = off.abs().min((off - own).abs());
            prop_assert!(off <= coin(place), "{:?} after {:?}", tenders, step);
            let refunds = case.all_returns().into_iter().flat_map(|made| &made.refunds);
            for plan in refunds.map(|refund| &refund.plan).filter(|plan| plan.kind == TenderType::Cash) {
                prop_assert_eq!(plan.amount.0 % coin(place), 0, "{:?}", plan);
            }
        }
    }
}

/// Three mugs at 3.34 in Toronto, by card; the card fails, and the money is paid in cash instead.
fn by_card() -> Counter {
    let rules = r#"[{"id": "default", "when": {}, "set": {"window": {"days": 30, "after": "refuse"},
        "refund_to": {"*": ["original", "cash"]}}}]"#;
    let mut made = sale(vec![line(1, 3, 334)], vec![tender(1, TenderType::CreditCard, 1002, 0)]);
    (made.store, made.currency) = ("0050".to_owned(), crate::counter::currency("CAD"));
    Counter::open(rules, vec![made])
}

fn in_toronto() -> Draft {
    with(draft(vec![units(1, 1)]), |draft| draft.store = "0050".to_owned())
}

fn paid_in_cash_instead(counter: &mut Counter, made: &Return) {
    let fallback = Some(TenderType::Cash);
    let command = SettleRefund {
        id: made.id,
        refund: 1,
        settled: false,
        reference: None,
        fallback,
        codes: Vec::new(),
    };
    assert!(matches!(counter.perform(&Command::SettleRefund(command)), Outcome::Done(_)));
}

#[test]
fn cash_that_stands_in_for_a_card_is_rounded_by_the_sum() {
    let mut counter = by_card();
    let mut told = Vec::new();
    for _ in 0..3 {
        let made = counter.record(in_toronto()).unwrap();
        paid_in_cash_instead(&mut counter, &made);
        let plan = &counter.state.return_of(made.id).unwrap().refunds[1].plan;
        told.push((plan.amount.0, plan.rounding.0));
    }
    // 3.34, 6.68 and 10.02 to the nearest 0.05.
    assert_eq!(told, [(335, 1), (335, 1), (330, -4)]);
}

/// One mug goes back to the card to the cent; the others are paid in coins all the same.
#[test]
fn what_went_to_the_card_is_no_reason_to_pay_pennies() {
    let mut counter = by_card();
    counter.record(in_toronto()).unwrap();
    let mut told = Vec::new();
    for _ in 0..2 {
        let made = counter.record(in_toronto()).unwrap();
        paid_in_cash_instead(&mut counter, &made);
        told.push(counter.state.return_of(made.id).unwrap().refunds[1].plan.amount.0);
    }
    // 3.34 exactly, then 3.34 and 3.34 to the nearest 0.05.
    assert_eq!(told, [335, 335]);
}

/// What was paid in pennies comes back in pennies in the end: a whole return pays what was paid.
#[test]
fn a_store_without_pennies_rounds_where_no_law_does() {
    let rules = r#"[{"id": "default", "when": {}, "set": {"refund_to": {"*": ["original"]}}}]"#;
    let made = sale(vec![line(1, 3, 334)], vec![tender(1, TenderType::Cash, 1002, 0)]);
    for (own, paid) in [(None, [334, 334, 334]), (Some(Minor(5)), [335, 335, 332])] {
        let mut counter = Counter::open(rules, vec![made.clone()]);
        let mut settings = counter.state.settings().clone();
        let here = with(store("0042", "USD", "US-NY", "America/New_York"), |store| {
            store.cash_rounding = own
        });
        settings.stores.insert("0042".to_owned(), Arc::new(here));
        counter = Counter::with_settings(settings, vec![made.clone()]);
        let refunds = [(); 3]
            .map(|()| counter.record(draft(vec![units(1, 1)])).unwrap().refunds[0].plan.amount.0);
        assert_eq!(refunds, paid, "{own:?}");
    }
}

/// Without cash the coin is the store's, and where it has none a minor unit may be left over.
#[test]
fn a_sales_rounding_is_less_than_a_coin() {
    let rung_up = |rounding: i64, paid: Tender, coin: Option<i64>| {
        let mut made = sale(vec![line(1, 1, 1000)], vec![paid]);
        (made.cash_rounding, made.tenders[0].amount.0) =
            (Minor(rounding), 1000 + rounding + made.tenders[0].change.0);
        assert_eq!(made.misfits(), []);
        made.rounding_misfit(coin).map(|misfit| (misfit.sum, misfit.expected.0))
    };
    let cash = || tender(1, TenderType::Cash, 0, 0);
    let card = || tender(1, TenderType::CreditCard, 0, 0);
    let most = |most| Some((Sum::CashRounding, most));
    for (rounding, paid, coin, misfit) in [
        (2, cash(), None, None),
        (-9, cash(), None, None),
        (-9, tender(1, TenderType::Check, 0, 500), None, None),
        (10, cash(), None, most(9)),
        (-500, cash(), None, most(-9)),
        (-500, cash(), Some(5), most(-9)),
        (99, cash(), Some(100), None),
        (-100, cash(), Some(100), most(-99)),
        (1, card(), None, None),
        (-1, card(), None, None),
        (2, card(), None, most(1)),
        (4, card(), Some(5), None),
        (5, card(), Some(5), most(4)),
        (-99, card(), Some(100), None),
        (1, card(), Some(1), None),
    ] {
        let told = format!("{rounding} {paid:?} {coin:?}");
        assert_eq!(rung_up(rounding, paid, coin), misfit, "{told}");
    }
}
