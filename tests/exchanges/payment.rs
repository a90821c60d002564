//! What is due is paid to the cent, or as the law rounds cash.

use crate::counter::{Counter, currency, line, sale, tender, units, with};
use crate::exchange::{RULES, adds_up, exchange, fault, goods, new_sale, paid, taken};
use returndesk::domain::money::Minor;
use returndesk::domain::sale::{Sale, Tender};
use returndesk::domain::tender::TenderType::{Cash, CreditCard, Voucher};

/// A mug for 10.00 in Toronto, paid in cash.
fn mug() -> Sale {
    let mut sold = sale(vec![line(1, 1, 1000)], vec![tender(1, Cash, 1000, 0)]);
    (sold.store, sold.currency) = ("0050".to_owned(), currency("CAD"));
    sold
}

/// One that costs so much more is taken for it, and paid so.
fn paying(more: i64, tenders: Vec<Tender>, rounding: Option<i64>) -> Result<(i64, i64), String> {
    let mut counter = Counter::open(RULES, vec![mug()]);
    let goods = with(paid(goods(vec![taken(1, 1000 + more)]), tenders), |goods| {
        goods.cash_rounding = rounding.map(Minor)
    });
    let draft = with(exchange(vec![units(1, 1)], goods), |draft| draft.store = "0050".to_owned());
    let checked = counter.check(&draft);
    let recorded = counter.record(draft);
    if let Ok(decision) = checked {
        assert_eq!(decision.totals.due, Minor(more), "a check tells what is due, paid or not");
    }
    let Ok(recorded) = recorded else { return Err(fault(recorded)) };
    let new = new_sale(&counter, &recorded).sale.clone();
    adds_up(&new);
    let own =
        new.tenders.iter().filter(|t| new.carried(t.tender).is_none()).map(|t| t.paid().0).sum();
    Ok((own, new.cash_rounding.0))
}

fn cash(amount: i64, change: i64) -> Vec<Tender> {
    vec![tender(1, Cash, amount, change)]
}

#[test]
fn what_is_due_is_paid_exactly_or_rounded_as_the_law_has_it() {
    assert_eq!(paying(137, cash(135, 0), None), Ok((135, -2)));
    assert_eq!(paying(138, cash(200, 60), None), Ok((140, 2)));
    assert_eq!(paying(138, cash(200, 60), Some(2)), Ok((140, 2)));
    assert_eq!(paying(138, vec![tender(1, CreditCard, 138, 0)], None), Ok((138, 0)));
    assert_eq!(
        paying(138, vec![tender(1, CreditCard, 100, 0), tender(2, Cash, 40, 0)], None),
        Ok((140, 2))
    );
    assert_eq!(
        paying(138, vec![tender(1, Voucher, 500, 360)], None),
        Ok((140, 2)),
        "change is cash"
    );
    assert_eq!(paying(2, cash(0, 0), None), Ok((0, -2)), "less than half a step is nothing");
    assert_eq!(paying(0, vec![], None), Ok((0, 0)));
}

#[test]
fn what_does_not_pay_it_says_what_is_due() {
    let refused = |more, tenders, rounding| paying(more, tenders, rounding).unwrap_err();
    let tenders = "does_not_add_up /exchange/tenders: ";
    assert_eq!(
        refused(138, vec![], None),
        format!("{tenders}1.38 is due: say in `tenders` how it was paid.")
    );
    assert_eq!(
        refused(138, cash(135, 0), None),
        format!(
            "{tenders}1.38 is due, 1.40 with its cash rounded; the tenders less change come to 1.35."
        )
    );
    assert_eq!(
        refused(138, vec![tender(1, CreditCard, 140, 0)], None),
        format!("{tenders}1.38 is due; the tenders less change come to 1.40.")
    );
    assert_eq!(
        refused(0, vec![tender(1, CreditCard, 140, 0)], None),
        format!("{tenders}Nothing is due; the tenders less change come to 1.40.")
    );
    assert_eq!(
        refused(138, cash(140, 0), Some(0)),
        "does_not_add_up /exchange/cash_rounding: The tenders less change come to 1.40 for 1.38 due: cash rounding is 0.02; \
         sent was 0.00."
    );
    assert!(refused(138, cash(138, 150), None).contains("/exchange/tenders/0/change"));
}

#[test]
fn new_goods_that_do_not_add_up_are_told_where_they_stand() {
    let mut counter = Counter::open(RULES, vec![mug()]);
    let wrong = with(taken(2, 1000), |line| line.net = Minor(1999));
    let draft = with(exchange(vec![units(1, 1)], goods(vec![wrong])), |draft| {
        draft.store = "0050".to_owned()
    });
    assert_eq!(
        fault(counter.record(draft)),
        "does_not_add_up /exchange/lines/0/net: Unit price times quantity less the line's discounts comes to 20.00; sent was \
         19.99."
    );
}
