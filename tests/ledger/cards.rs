//! How gift cards and store credit are booked: what is owed to their holders is the sum of the
//! balances, at any moment.

use super::{RULES, booked, sell, total, void};
use crate::counter::{Counter, draft, line, sale, tender, units, with};
use returndesk::domain::draft::SaleRef;
use returndesk::domain::gift_cards::commands::CardCommand;
use returndesk::domain::gift_cards::of_sales::GiftCardSold;
use returndesk::domain::gift_cards::{
    At, CardDone, CardKind, CashOut, IssueCard, LoadCard, RedeemCard, TransferCard,
};
use returndesk::domain::ledger::Account;
use returndesk::domain::money::Minor;
use returndesk::domain::perform::{Command, Done, Outcome};
use returndesk::domain::tender::TenderType::{Cash, GiftCard};
use uuid::Uuid;

fn at(store: &str) -> At {
    At { store: store.into(), register: Some("7".into()), operator: None, business_date: None }
}

fn card(counter: &mut Counter, command: CardCommand) -> Uuid {
    match counter.perform(&Command::GiftCard(Box::new(command))) {
        Outcome::Done(done) => match *done {
            Done::Card(done) => match *done {
                CardDone::Issued { card, .. } | CardDone::Moved { card, .. } => card.id,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        },
        Outcome::Refused(refusal) => panic!("{refusal:?}"),
    }
}

fn issue(counter: &mut Counter, store: &str, kind: CardKind, amount: i64) -> Uuid {
    let issue = IssueCard {
        kind,
        amount: Minor(amount),
        currency: crate::counter::currency("USD"),
        at: at(store),
        code: None,
        given: false,
        pin_hash: None,
        expires_on: None,
    };
    card(counter, CardCommand::Issue(issue))
}

fn last(counter: &Counter) -> String {
    booked(counter, 0).pop().unwrap_or_default()
}

#[test]
fn each_entry_of_a_card_is_booked_against_what_it_is_for() {
    let mut counter = Counter::open(RULES, vec![]);
    let one = issue(&mut counter, "0042", CardKind::GiftCard, 5_000);
    assert_eq!(
        last(&counter),
        "gift_card.moved 7 2026-03-10: gift_card_liability -50.00, suspense 50.00"
    );
    issue(&mut counter, "0042", CardKind::StoreCredit, 700);
    assert_eq!(
        last(&counter),
        "gift_card.moved 7 2026-03-10: store_credit_liability -7.00, goodwill 7.00"
    );
    let load = LoadCard { card: one, amount: Minor(1_000), reference: None, at: at("0042") };
    card(&mut counter, CardCommand::Load(load));
    assert_eq!(
        last(&counter),
        "gift_card.moved 7 2026-03-10: gift_card_liability -10.00, suspense 10.00"
    );
    let redeem = RedeemCard {
        card: one,
        amount: Minor(2_500),
        partial: false,
        reference: None,
        at: at("0042"),
    };
    card(&mut counter, CardCommand::Redeem(redeem));
    assert_eq!(
        last(&counter),
        "gift_card.moved 7 2026-03-10: gift_card -25.00, gift_card_liability 25.00"
    );
    // The sale that it paid: nothing is left in between.
    sell(&mut counter, sale(vec![line(1, 1, 2_500)], vec![tender(1, GiftCard, 2_500, 0)]));
    assert_eq!(last(&counter), "sale.recorded 3 2026-03-01: gift_card 25.00, sales -25.00");
    assert_eq!(total(&counter).of(Account::GiftCard), Minor(0));

    let other = issue(&mut counter, "0042", CardKind::GiftCard, 0);
    let before = booked(&counter, 0).len();
    let transfer = TransferCard { from: one, to: other, amount: None, at: at("0042") };
    card(&mut counter, CardCommand::Transfer(transfer));
    assert_eq!(
        booked(&counter, before),
        [
            "gift_card.moved 7 2026-03-10: gift_card_liability 35.00, suspense -35.00",
            "gift_card.moved 7 2026-03-10: gift_card_liability -35.00, suspense 35.00"
        ]
    );
    // In California a small rest is paid out of the drawer.
    let small = issue(&mut counter, "0044", CardKind::GiftCard, 400);
    card(&mut counter, CardCommand::CashOut(CashOut { card: small, at: at("0044") }));
    assert_eq!(
        last(&counter),
        "gift_card.moved 7 2026-03-10: cash -4.00, gift_card_liability 4.00"
    );
    let owed = total(&counter);
    assert_eq!(
        (owed.of(Account::GiftCardLiability), owed.of(Account::StoreCreditLiability)),
        (Minor(-3_500), Minor(-700))
    );
}

/// A card of 50.00 is sold for 40.00, and comes back: owed at its face, the discount a cost of the
/// sale that comes back.
#[test]
fn a_card_sold_under_its_face_comes_back_to_the_cent() {
    let mut counter = Counter::open(RULES, vec![]);
    let sold = issue(&mut counter, "0042", CardKind::GiftCard, 0);
    let on_card = with(line(1, 1, 4_000), |line| {
        line.gift_card = Some(GiftCardSold { id: sold, amount: Some(Minor(5_000)), meant: None });
    });
    let of =
        sell(&mut counter, sale(vec![on_card, line(2, 1, 1_000)], vec![tender(1, Cash, 5_000, 0)]));
    assert_eq!(
        booked(&counter, 0),
        [
            "sale.recorded 3 2026-03-01: cash 50.00, gift_card -50.00",
            "gift_card.moved 3 2026-03-10: gift_card 50.00, gift_card_liability -50.00"
        ]
    );
    let back =
        counter.record(with(draft(vec![units(1, 1)]), |d| d.sale = Some(SaleRef::Id(of)))).unwrap();
    assert_eq!(
        booked(&counter, 2),
        [
            "return.recorded 7 2026-03-10: cash -40.00, gift_card 50.00, returns -10.00",
            "gift_card.moved 7 2026-03-10: gift_card -50.00, gift_card_liability 50.00"
        ]
    );
    let after = total(&counter);
    assert_eq!(
        (after.of(Account::GiftCard), after.of(Account::GiftCardLiability)),
        (Minor(0), Minor(0))
    );
    // The return taken back: owed again.
    void(&mut counter, &back);
    let again = total(&counter);
    assert_eq!(
        (again.of(Account::GiftCard), again.of(Account::GiftCardLiability)),
        (Minor(0), Minor(-5_000))
    );
    assert_eq!((again.of(Account::Cash), again.of(Account::Returns)), (Minor(5_000), Minor(0)));
}

/// A card of another issuer: sold and taken back, its value stands with the issuer, and nothing of
/// it is revenue.
#[test]
fn a_card_of_another_issuer_is_no_revenue() {
    let mut counter = Counter::open(RULES, vec![]);
    let foreign = with(line(1, 1, 2_000), |line| line.flags = vec!["gift_card".into()]);
    let of = sell(&mut counter, sale(vec![foreign], vec![tender(1, Cash, 2_000, 0)]));
    assert_eq!(last(&counter), "sale.recorded 3 2026-03-01: cash 20.00, gift_card -20.00");
    counter.record(with(draft(vec![units(1, 1)]), |d| d.sale = Some(SaleRef::Id(of)))).unwrap();
    assert_eq!(last(&counter), "return.recorded 7 2026-03-10: cash -20.00, gift_card 20.00");
    assert_eq!(total(&counter), Default::default());
}
