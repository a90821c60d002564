//! Disputes at the bank: how they are booked, what may go back afterwards, and what cannot be told.

use super::{RULES, booked, settle};
use crate::counter::{Counter, draft, id, line, noon, sale, tender, units};
use returndesk::domain::changeover::Changeover;
use returndesk::domain::chargebacks::{Ending, MarkChargeback};
use returndesk::domain::money::Minor;
use returndesk::domain::perform::{Command, Done, Outcome};
use returndesk::domain::refusal::Refusal;
use returndesk::domain::returns::Return;
use returndesk::domain::sale::Sale;
use returndesk::domain::tender::TenderType::{Cash, CreditCard, StoreCredit};

/// Four units at 10.00: 20.00 by card, 20.00 in cash.
fn plates() -> Sale {
    sale(vec![line(1, 4, 1_000)], vec![tender(1, CreditCard, 2_000, 0), tender(2, Cash, 2_000, 0)])
}

fn opened(amount: Option<&str>, fee: Option<&str>) -> MarkChargeback {
    MarkChargeback {
        sale: id(1),
        tender: 1,
        open: true,
        ending: None,
        amount: amount.map(str::to_owned),
        fee: fee.map(str::to_owned),
        reference: None,
        note: None,
    }
}

fn closed(ending: Option<Ending>, fee: Option<&str>) -> MarkChargeback {
    MarkChargeback { open: false, ending, ..opened(None, fee) }
}

/// Amount, overlap and fee, as they are answered; or the fault.
fn told(counter: &mut Counter, command: MarkChargeback) -> Result<[i64; 3], String> {
    match counter.perform(&Command::MarkChargeback(command)) {
        Outcome::Done(done) => match *done {
            Done::ChargebackMarked(marked) => Ok([marked.amount.0, marked.overlap.0, marked.fee.0]),
            other => panic!("{other:?}"),
        },
        Outcome::Refused(refusal) => match *refusal {
            Refusal::Invalid(faults) => {
                Err(format!("{} {}: {}", faults[0].pointer, faults[0].code, faults[0].detail))
            }
            other => panic!("{other:?}"),
        },
    }
}

#[test]
fn what_a_bank_takes_is_its_debt_until_the_dispute_ends() {
    let mut counter = Counter::open(RULES, vec![plates()]);
    counter.now = noon("2026-03-12");
    counter.caller.register = Some("9".to_owned());
    let taken = "chargeback.marked 9 2026-03-12: credit_card -35.00, chargebacks_receivable 20.00, \
                 chargeback_fees 15.00";
    let open = opened(Some("20.00"), Some("15.00"));
    assert_eq!(told(&mut counter, open.clone()), Ok([2_000, 0, 1_500]));
    assert_eq!(booked(&counter, 0), [taken]);
    // Said again, and closed once more than it was opened: noted, and nothing moves.
    told(&mut counter, open).unwrap();
    counter.caller.register = None;
    let won = closed(Some(Ending::Won), Some("0.00"));
    assert_eq!(told(&mut counter, won), Ok([2_000, 0, 0]));
    assert_eq!(told(&mut counter, closed(None, None)), Ok([0, 0, 0]));
    let back = "chargeback.marked - 2026-03-12: credit_card 35.00, chargebacks_receivable -20.00, \
                chargeback_fees -15.00";
    assert_eq!(booked(&counter, 1), [back]);
    assert_eq!(counter.state.changes.entries.len(), 4);
    // Lost, with a fee that is told at the end only.
    assert_eq!(told(&mut counter, opened(Some("12.00"), None)), Ok([1_200, 0, 0]));
    let lost = closed(Some(Ending::Lost), Some("15.00"));
    assert_eq!(told(&mut counter, lost), Ok([1_200, 0, 1_500]));
    assert_eq!(
        booked(&counter, 2),
        [
            "chargeback.marked - 2026-03-12: credit_card -12.00, chargebacks_receivable 12.00",
            "chargeback.marked - 2026-03-12: credit_card -15.00, chargebacks_receivable -12.00, \
             chargeback_losses 12.00, chargeback_fees 15.00",
        ]
    );
    // Without an amount it is about all that is left; closed without an outcome, it is won.
    assert_eq!(told(&mut counter, opened(None, None)), Ok([800, 0, 0]));
    assert_eq!(told(&mut counter, closed(None, None)), Ok([800, 0, 0]));
    assert_eq!(counter.book(1).tenders[0].lost, Minor(1_200));
}

/// A dispute that was opened when amounts were not stated yet.
#[test]
fn an_older_dispute_is_booked_when_its_amount_is_known() {
    let older = || {
        let mut counter = Counter::open(RULES, vec![plates()]);
        counter.state.with_book(id(1), |book| book.tenders[0].charged_back = true);
        counter
    };
    let mut counter = older();
    assert_eq!(told(&mut counter, closed(Some(Ending::Lost), None)), Ok([2_000, 0, 0]));
    let lost = "chargeback.marked - 2026-03-10: credit_card -20.00, chargeback_losses 20.00";
    assert_eq!(booked(&counter, 0), [lost]);
    let mut counter = older();
    told(&mut counter, closed(None, None)).unwrap();
    assert_eq!(booked(&counter, 0), Vec::<String>::new());
    let mut counter = older();
    assert_eq!(told(&mut counter, opened(Some("5.00"), None)), Ok([500, 0, 0]));
    let taken = "chargeback.marked - 2026-03-10: credit_card -5.00, chargebacks_receivable 5.00";
    assert_eq!(booked(&counter, 0), [taken]);
}

/// What happens to the sale, in a word each.
#[derive(Clone, Copy)]
enum Do {
    /// Units come back: by what they are paid, or that they cannot be.
    Back(i64, &'static str),
    Open(&'static str),
    Lost,
    Won,
}
use Do::{Back, Lost, Open, Won};

const WAYS: &[(&str, &[Do])] = &[
    (
        "lost, the other tender is left",
        &[
            Open("20.00"),
            Lost,
            Back(3, "tender_exhausted"),
            Back(2, "cash 20.00"),
            Back(1, "tender_exhausted"),
        ],
    ),
    (
        "lost in part, the rest is left",
        &[
            Open("5.00"),
            Back(3, "tender_exhausted"),
            Lost,
            Back(4, "tender_exhausted"),
            Back(3, "credit_card 15.00, cash 15.00"),
        ],
    ),
    (
        "won, all is left",
        &[
            Open("20.00"),
            Back(3, "tender_exhausted"),
            Won,
            Back(4, "credit_card 20.00, cash 20.00"),
        ],
    ),
    (
        "what was refunded and is taken, too, comes off the rest of the sale",
        &[
            Back(2, "credit_card 20.00"),
            Open("20.00"),
            Back(1, "tender_exhausted"),
            Lost,
            Back(1, "tender_exhausted"),
        ],
    ),
    (
        "as much as it is",
        &[
            Back(1, "credit_card 10.00"),
            Open("15.00"),
            Lost,
            Back(2, "tender_exhausted"),
            Back(1, "cash 10.00"),
            Back(1, "tender_exhausted"),
        ],
    ),
    (
        "until it is won",
        &[
            Back(2, "credit_card 20.00"),
            Open("20.00"),
            Back(2, "tender_exhausted"),
            Won,
            Back(2, "cash 20.00"),
        ],
    ),
    (
        "a second dispute takes the rest",
        &[
            Open("5.00"),
            Lost,
            Open("15.00"),
            Lost,
            Back(3, "tender_exhausted"),
            Back(2, "cash 20.00"),
        ],
    ),
];

#[test]
fn nobody_is_paid_twice() {
    for (what, acts) in WAYS {
        let mut counter = Counter::open(RULES, vec![plates()]);
        for (place, act) in acts.iter().enumerate() {
            let (back, expected) = match *act {
                Open(amount) => {
                    told(&mut counter, opened(Some(amount), None)).unwrap();
                    continue;
                }
                Lost | Won => {
                    let ending = if matches!(act, Lost) { Ending::Lost } else { Ending::Won };
                    told(&mut counter, closed(Some(ending), None)).unwrap();
                    continue;
                }
                Back(back, expected) => (back, expected),
            };
            let paid = match counter.record(draft(vec![units(1, back)])) {
                Ok(the_return) => plan(&the_return),
                Err(Refusal::ReturnRefused(decision)) => {
                    decision.findings[0].code.as_str().to_owned()
                }
                Err(other) => panic!("{what}: {other:?}"),
            };
            assert_eq!(paid, expected, "{what}: act {place}");
        }
    }
}

fn plan(the_return: &Return) -> String {
    let told = the_return.refunds.iter().map(|refund| {
        let (kind, amount) = (refund.plan.kind.as_str(), refund.plan.amount.0);
        format!("{kind} {}.{:02}", amount / 100, amount % 100)
    });
    told.collect::<Vec<_>>().join(", ")
}

/// A refund that was on its way when the bank took the money, and then fails, is not paid by other
/// means.
#[test]
fn what_the_bank_took_stands_in_the_way_of_another_means() {
    for (taken, ending, pays) in [
        ("20.00", None, false),
        ("20.00", Some(Ending::Lost), false),
        ("20.00", Some(Ending::Won), true),
        ("10.00", Some(Ending::Lost), true),
    ] {
        let mut counter = Counter::open(RULES, vec![plates()]);
        let due = counter.record(draft(vec![units(1, 1)])).unwrap();
        let overlap = if taken == "20.00" { 1_000 } else { 0 };
        let open = told(&mut counter, opened(Some(taken), None)).unwrap();
        assert_eq!(open[1], overlap, "{taken}");
        if ending.is_some() {
            told(&mut counter, closed(ending, None)).unwrap();
        }
        match settle(&mut counter, &due, 1, false, Some(StoreCredit)) {
            Outcome::Done(_) => assert!(pays, "{taken} {ending:?}"),
            Outcome::Refused(refusal) => {
                assert_eq!((refusal.code(), pays), ("tender_exhausted", false), "{ending:?}");
                // Without another means it is told all the same.
                let failed = settle(&mut counter, &due, 1, false, None);
                assert!(matches!(failed, Outcome::Done(_)), "{failed:?}");
            }
        }
    }
}

#[test]
fn what_cannot_be_told_is_explained() {
    let open = || opened(Some("20.00"), Some("15.00"));
    let before_it_is_open = [
        (
            MarkChargeback { tender: 2, ..open() },
            "/open invalid_value: Cash cannot be charged back: no bank stands behind it.",
        ),
        (
            opened(Some("20.01"), None),
            "/amount invalid_amount: The bank cannot take 20.01 of a tender that paid 20.00. Check the amount and \
             the tender.",
        ),
        (
            opened(Some("-1.00"), None),
            "/amount invalid_amount: \"-1.00\" is not an amount in USD: plain decimals, at most 2 of them, not \
             below nought.",
        ),
        (
            opened(None, Some("1.001")),
            "/fee invalid_amount: \"1.001\" is not an amount in USD: plain decimals, at most 2 of them, not below \
             nought.",
        ),
        (
            MarkChargeback { ending: Some(Ending::Lost), ..open() },
            "/outcome invalid_value: A dispute that is open has no outcome yet. Leave `outcome` out, or close it.",
        ),
        (
            closed(Some(Ending::Lost), None),
            "/outcome invalid_value: No dispute is open on this tender. Open one first.",
        ),
        (
            closed(None, Some("15.00")),
            "/fee invalid_value: No dispute is open on this tender. Open one first.",
        ),
    ];
    let while_it_is_open = [
        (
            opened(Some("19.00"), None),
            "/amount invalid_value: A dispute about 20.00, with a fee of 15.00, is open on this tender. Close it \
             with its outcome first.",
        ),
        (
            opened(None, Some("0.00")),
            "/fee invalid_value: A dispute about 20.00, with a fee of 15.00, is open on this tender. Close it with \
             its outcome first.",
        ),
        (
            MarkChargeback { amount: Some("20.00".to_owned()), ..closed(Some(Ending::Lost), None) },
            "/amount invalid_value: The amount is stated when a dispute is opened. Leave it out to close one.",
        ),
    ];
    let after_it_was_lost = [(
        opened(Some("0.01"), None),
        "/amount invalid_amount: The bank cannot take 0.01 of a tender that paid 20.00, of which it has taken 20.00 \
         before. Check the amount and the tender.",
    )];
    let mut counter = Counter::open(RULES, vec![plates()]);
    let refused = |counter: &mut Counter, rows: &[(MarkChargeback, &str)]| {
        for (command, expected) in rows {
            assert_eq!(told(counter, command.clone()), Err((*expected).to_owned()));
        }
    };
    refused(&mut counter, &before_it_is_open);
    told(&mut counter, open()).unwrap();
    refused(&mut counter, &while_it_is_open);
    told(&mut counter, closed(Some(Ending::Lost), None)).unwrap();
    refused(&mut counter, &after_it_was_lost);
    assert_eq!(booked(&counter, 0).len(), 2, "what was refused moved nothing");
}

/// What the bank took is worth as much in the currency that replaced the sale's own.
#[test]
fn a_balance_that_is_converted_keeps_what_the_bank_took() {
    let counter = Counter::open(RULES, vec![plates()]);
    let mut book = counter.book(1).clone();
    let tender = &mut book.tenders[0];
    (tender.charged_back, tender.in_dispute) = (true, Minor(196));
    (tender.lost, tender.bank_fees, tender.dispute_fee) = (Minor(978), Minor(1_500), Minor(391));
    let by = Changeover::known("BGN", "EUR").unwrap();
    let converted = book.in_new_currency(by).tenders[0];
    assert!(converted.charged_back);
    let bank = [converted.in_dispute, converted.lost, converted.bank_fees, converted.dispute_fee];
    // By 1.95583.
    assert_eq!(bank.map(|amount| amount.0), [100, 500, 767, 200]);
    // 20.00 was 10.23 in the new currency.
    assert_eq!((converted.paid, converted.refundable()), (Minor(1_023), Minor(523)));
}
