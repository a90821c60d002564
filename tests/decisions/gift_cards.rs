//! Cards of this service: bought ones that come back, those that refunds go to, their PINs, and
//! what the log says of an attempt.

use crate::counter::{
    Counter, caller, currency, draft, id, line, noon, record_of, sale, tender, units, with,
};
use crate::table::DEFAULT;
use returndesk::domain::caller::{Caller, Role};
use returndesk::domain::canonical::Json;
use returndesk::domain::decision::{Code, Decision};
use returndesk::domain::draft::{Draft, SaleRef};
use returndesk::domain::entry::Event;
use returndesk::domain::gift_cards::of_sales::GiftCardSold;
use returndesk::domain::gift_cards::{
    At, Card, CardCommand, CardDone, CardKind, CardMove, CardStatus, CashOut, IssueCard, KeepCard,
    Keeping, LoadCard, LookUpCard, Movement, RedeemCard, ReplaceCard, ReverseRedemption,
    TransferCard,
};
use returndesk::domain::ledger::Account;
use returndesk::domain::money::Minor;
use returndesk::domain::perform::{Command, Context, Done, Outcome};
use returndesk::domain::quantity::Quantity;
use returndesk::domain::refusal::{Fault, Refusal};
use returndesk::domain::sale::{Sale, SaleLine};
use returndesk::domain::sales::RecordSale;
use returndesk::domain::sign_in::LockRule;
use returndesk::domain::tender::TenderType::Cash;
use uuid::Uuid;

fn open() -> Counter {
    Counter::open(&format!("[{DEFAULT}]"), vec![])
}

fn at(store: &str) -> At {
    At { store: store.to_owned(), register: None, operator: None, business_date: None }
}

fn perform(counter: &mut Counter, command: CardCommand) -> Result<CardDone, Refusal> {
    match counter.perform(&Command::GiftCard(Box::new(command))) {
        Outcome::Refused(refusal) => Err(*refusal),
        Outcome::Done(done) => match *done {
            Done::Card(done) => Ok(*done),
            other => panic!("{other:?}"),
        },
    }
}

fn issue(store: &str, code: &str, amount: i64) -> IssueCard {
    IssueCard {
        kind: CardKind::GiftCard,
        amount: Minor(amount),
        currency: currency(code),
        at: at(store),
        code: None,
        given: false,
        pin_hash: None,
        expires_on: None,
    }
}

fn issued(counter: &mut Counter, command: IssueCard) -> Uuid {
    match perform(counter, CardCommand::Issue(command)) {
        Ok(CardDone::Issued { card, .. }) => card.id,
        other => panic!("{other:?}"),
    }
}

fn redeem(card: Uuid, amount: i64) -> CardCommand {
    let (amount, at) = (Minor(amount), at("0042"));
    CardCommand::Redeem(RedeemCard { card, amount, partial: false, reference: None, at })
}

fn keep(card: Uuid, keeping: Keeping) -> CardCommand {
    CardCommand::Keep(KeepCard { card, keeping, reason: None, at: at("0042") })
}

fn replace(card: Uuid, pin_hash: Option<[u8; 32]>) -> CardCommand {
    let (code, given, reason, at) = (None, false, None, at("0042"));
    CardCommand::Replace(ReplaceCard { card, code, given, pin_hash, reason, at })
}

/// A line that puts its price, or another amount, on a card.
fn on_card(number: u32, price: i64, card: Uuid, amount: Option<i64>) -> SaleLine {
    with(line(number, 1, price), |line| {
        line.gift_card = Some(GiftCardSold { id: card, amount: amount.map(Minor), meant: None });
    })
}

fn sell(counter: &mut Counter, lines: Vec<SaleLine>) -> Result<Uuid, Refusal> {
    let paid: i64 = lines.iter().map(|line| line.net.0).sum();
    let sale = sale(lines, vec![tender(1, Cash, paid, 0)]);
    assert_eq!(sale.misfits(), vec![]);
    let record = RecordSale { sale, document: String::new(), digest: [1; 32] };
    match counter.perform(&Command::RecordSale(Box::new(record))) {
        Outcome::Refused(refusal) => Err(*refusal),
        Outcome::Done(done) => match *done {
            Done::SaleRecorded { sale, .. } => Ok(sale),
            other => panic!("{other:?}"),
        },
    }
}

fn of(sale: Uuid, draft: Draft) -> Draft {
    with(draft, |draft| draft.sale = Some(SaleRef::Id(sale)))
}

/// What each line gives back, with the sentence of its finding.
fn told(decision: &Decision) -> Vec<(i64, String)> {
    let line = |line: &returndesk::domain::decision::LineDecision| {
        assert!(line.findings.iter().all(|finding| finding.code == Code::NotReturnable));
        let said: Vec<&str> = line.findings.iter().map(|f| f.detail.as_str()).collect();
        (line.refund.0, said.join(" "))
    };
    decision.lines.iter().map(line).collect()
}

fn balances(counter: &Counter, cards: &[Uuid]) -> Vec<i64> {
    cards.iter().map(|card| counter.state.wallet.card(*card).unwrap().balance.0).collect()
}

#[test]
fn each_of_two_cards_in_one_return_gives_back_its_own_balance() {
    let mut counter = open();
    let cards = [0, 1].map(|_| issued(&mut counter, issue("0042", "USD", 0)));
    let lines = vec![on_card(1, 2_500, cards[0], None), on_card(2, 2_500, cards[1], None)];
    let sold = sell(&mut counter, lines).unwrap();
    let back = of(sold, draft(vec![units(1, 1), units(2, 1)]));
    let whole = vec![(2_500, String::new()), (2_500, String::new())];
    assert_eq!(told(&counter.check(&back).unwrap()), whole);
    let the_return = counter.record(back).unwrap();
    assert_eq!(the_return.refund, Minor(5_000));
    assert_eq!(balances(&counter, &cards), [0, 0]);
}

/// Activated by one line and loaded by another; 10.00 of the 50.00 are spent.
#[test]
fn one_card_on_two_lines_gives_back_its_balance_once() {
    let mut counter = open();
    let card = issued(&mut counter, issue("0042", "USD", 0));
    let lines = vec![on_card(1, 2_500, card, None), on_card(2, 2_500, card, None)];
    let sold = sell(&mut counter, lines).unwrap();
    perform(&mut counter, redeem(card, 1_000)).unwrap();
    let back = of(sold, draft(vec![units(1, 1), units(2, 1)]));
    let some = "The unspent balance is 15.00 of 25.00; 15.00 goes back for it.".to_owned();
    let expected = vec![(2_500, String::new()), (1_500, some)];
    assert_eq!(told(&counter.check(&back).unwrap()), expected);
    let the_return = counter.record(back).unwrap();
    assert_eq!(the_return.refund, Minor(4_000));
    assert_eq!(balances(&counter, &[card]), [0]);
}

/// Face, price, spent: what comes back, and what is said of it.
#[test]
fn a_bought_card_says_why_less_than_its_price_goes_back() {
    let none = || String::new();
    let of_face = |left: &str, face: &str, back: &str| {
        format!("The unspent balance is {left} of {face}; {back} goes back for it.")
    };
    let rows = [
        ("unspent, at its face", 2_500, 2_500, 0, (2_500, none())),
        ("unspent, above its face", 2_500, 3_000, 0, (2_500, of_face("25.00", "25.00", "25.00"))),
        ("unspent, under its face", 2_500, 2_000, 0, (2_000, none())),
        (
            "spent in part, at its face",
            2_500,
            2_500,
            1,
            (2_499, of_face("24.99", "25.00", "24.99")),
        ),
        ("spent in part, under it", 2_500, 2_000, 600, (1_400, of_face("19.00", "25.00", "14.00"))),
        (
            "spent as far as was paid",
            2_500,
            2_000,
            2_000,
            (
                0,
                "The unspent balance of the card is 5.00; nothing of what was paid is left.".into(),
            ),
        ),
        (
            "spent to the cent before that",
            2_500,
            2_000,
            1_999,
            (1, of_face("5.01", "25.00", "0.01")),
        ),
    ];
    for (what, face, price, spent, expected) in rows {
        let mut counter = open();
        let card = issued(&mut counter, issue("0042", "USD", 0));
        let sold = sell(&mut counter, vec![on_card(1, price, card, Some(face))]).unwrap();
        if spent > 0 {
            perform(&mut counter, redeem(card, spent)).unwrap();
        }
        let back = of(sold, draft(vec![units(1, 1)]));
        assert_eq!(told(&counter.check(&back).unwrap()), [expected], "{what}");
    }
}

#[test]
fn a_card_comes_back_whole_and_in_use() {
    let mut counter = open();
    let card = issued(&mut counter, issue("0042", "USD", 0));
    let sold = sell(&mut counter, vec![on_card(1, 2_500, card, None)]).unwrap();
    let ask = |counter: &Counter, line| told(&counter.check(&of(sold, draft(vec![line]))).unwrap());
    let half = crate::counter::weighed(1, 500);
    let whole = "A card comes back whole: the quantity is 1.".to_owned();
    assert_eq!(ask(&counter, half), [(0, whole)]);
    let money = "Money of a gift card goes back by returning the card, not while it stays.";
    assert_eq!(ask(&counter, crate::counter::money(1, 100)), [(0, money.to_owned())]);
    perform(&mut counter, keep(card, Keeping::Freeze)).unwrap();
    let frozen = "The card is frozen; a supervisor can unfreeze it after looking into it.";
    assert_eq!(ask(&counter, units(1, 1)), [(0, frozen.to_owned())]);
    perform(&mut counter, replace(card, None)).unwrap();
    let replaced = "The card was replaced; its balance is on another one.";
    assert_eq!(ask(&counter, units(1, 1)), [(0, replaced.to_owned())]);
}

/// A card as it stands, and the fault of a refund that is to go to it.
#[test]
fn a_refund_goes_to_a_card_that_is_in_use_here() {
    let sold: Sale = sale(vec![line(1, 1, 1_000)], vec![tender(1, Cash, 1_000, 0)]);
    let mut counter = Counter::open(&format!("[{DEFAULT}]"), vec![sold]);
    let mut one = |amount| issued(&mut counter, issue("0042", "USD", amount));
    let (good, frozen, void, lost, fresh) = (one(100), one(100), one(100), one(100), one(0));
    let expires_on = Some("2031-03-10".parse().unwrap());
    let dated = IssueCard { expires_on, ..issue("0042", "USD", 100) };
    let dated = issued(&mut counter, dated);
    let foreign = issued(&mut counter, issue("0050", "CAD", 100));
    perform(&mut counter, keep(frozen, Keeping::Freeze)).unwrap();
    perform(&mut counter, keep(void, Keeping::Void)).unwrap();
    perform(&mut counter, replace(lost, None)).unwrap();
    let ask = |counter: &Counter, card| {
        let back = with(draft(vec![units(1, 1)]), |draft| draft.refund_card = Some(card));
        match counter.check(&back) {
            Ok(_) => None,
            Err(Refusal::Invalid(faults)) => {
                let told = faults.iter().map(|f| format!("{} {}: {}", f.code, f.pointer, f.detail));
                Some(told.collect::<Vec<_>>().join("\n"))
            }
            Err(other) => panic!("{other:?}"),
        }
    };
    let out =
        "card_void /refund_card: The card is not in use; leave it out, and a new one is issued.";
    let unknown = format!("card_not_found /refund_card: No card {} is known here.", id(7));
    for (what, card, expected) in [
        ("in use", good, None),
        ("not expired", dated, None),
        ("frozen", frozen, Some("card_frozen /refund_card: The card is frozen.")),
        ("void", void, Some(out)),
        ("replaced", lost, Some(out)),
        ("never sold", fresh, Some(out)),
        ("of Canada", foreign, Some("wrong_currency /refund_card: The card is in CAD.")),
        ("unknown", id(7), Some(unknown.as_str())),
    ] {
        assert_eq!(ask(&counter, card).as_deref(), expected, "{what}");
    }
    counter.now = noon("2031-03-10");
    assert_eq!(ask(&counter, dated), None, "on its last day");
    counter.now = noon("2031-03-11");
    assert_eq!(
        ask(&counter, dated).as_deref(),
        Some("card_expired /refund_card: The card has expired.")
    );
}

fn look_up(counter: &mut Counter, card: Uuid, pin_hash: Option<[u8; 32]>) -> bool {
    let rule = LockRule { attempts: 3, lock: jiff::SignedDuration::from_mins(5) };
    let store = "0042".to_owned();
    let look_up = LookUpCard { card, pin_hash, store, rule };
    match perform(counter, CardCommand::LookUp(look_up)) {
        Ok(CardDone::Found(found)) => found.id == card,
        Ok(other) => panic!("{other:?}"),
        Err(refusal) => {
            assert_eq!(refusal.code(), "card_not_found");
            false
        }
    }
}

fn with_pin(counter: &mut Counter, pin: u8) -> Uuid {
    let pinned = IssueCard { pin_hash: Some([pin; 32]), ..issue("0042", "USD", 500) };
    issued(counter, pinned)
}

#[test]
fn wrong_pins_of_one_card_lock_that_card_alone() {
    let mut counter = open();
    let (one, other) = (with_pin(&mut counter, 1), with_pin(&mut counter, 2));
    for _ in 0..3 {
        assert!(!look_up(&mut counter, one, Some([9; 32])));
    }
    assert!(look_up(&mut counter, other, Some([2; 32])), "the other card was left alone");
    assert!(!look_up(&mut counter, one, Some([1; 32])), "no success elsewhere unlocks it");
    counter.now += jiff::SignedDuration::from_mins(5);
    assert!(look_up(&mut counter, one, Some([1; 32])), "the lock is over");
    // The count begins anew: two more are no lock.
    for _ in 0..2 {
        assert!(!look_up(&mut counter, one, None));
    }
    assert!(look_up(&mut counter, one, Some([1; 32])));
}

#[test]
fn a_replaced_card_has_the_new_pin_and_no_other() {
    let replaced = |pin: Option<u8>| {
        let mut counter = open();
        let old = with_pin(&mut counter, 1);
        let new = match perform(&mut counter, replace(old, pin.map(|pin| [pin; 32]))) {
            Ok(CardDone::Issued { card, .. }) => card,
            other => panic!("{other:?}"),
        };
        assert_eq!((new.replaces, new.balance), (Some(old), Minor(500)));
        let tried = [None, Some([1; 32]), Some([2; 32])];
        tried.map(|pin| look_up(&mut counter, new.id, pin))
    };
    assert_eq!(replaced(Some(2)), [false, false, true]);
    assert_eq!(replaced(None), [true, true, true], "a card without a PIN asks for none");
}

/// A cashier of another store: whatever is tried, the log names the card.
#[test]
fn the_log_names_the_card_of_a_refused_attempt() {
    let mut counter = open();
    let card = issued(&mut counter, issue("0042", "USD", 500));
    let other = issued(&mut counter, issue("0042", "USD", 500));
    let stores = returndesk::domain::caller::Stores::Listed(vec!["0042".to_owned()]);
    counter.caller = Caller { stores, ..caller("1042", Role::Supervisor) };
    let (amount, elsewhere) = (Minor(100), || at("0043"));
    let attempts: Vec<(CardCommand, Option<Uuid>, &str)> = vec![
        (CardCommand::Issue(issue("0043", "USD", 5)), None, "issue"),
        (
            CardCommand::Load(LoadCard { card, amount, reference: None, at: elsewhere() }),
            Some(card),
            "load",
        ),
        (
            CardCommand::Redeem(RedeemCard {
                card,
                amount,
                partial: false,
                reference: None,
                at: elsewhere(),
            }),
            Some(card),
            "redeem",
        ),
        (
            CardCommand::Reverse(ReverseRedemption {
                card,
                entry: 1,
                sale: None,
                the_return: None,
                at: elsewhere(),
            }),
            Some(card),
            "reverse",
        ),
        (CardCommand::CashOut(CashOut { card, at: elsewhere() }), Some(card), "cash_out"),
        (
            CardCommand::Transfer(TransferCard {
                from: card,
                to: other,
                amount: None,
                at: elsewhere(),
            }),
            Some(card),
            "transfer",
        ),
        (
            match replace(card, None) {
                CardCommand::Replace(replace) => {
                    CardCommand::Replace(ReplaceCard { at: elsewhere(), ..replace })
                }
                other => other,
            },
            Some(card),
            "replace",
        ),
        (
            CardCommand::Keep(KeepCard {
                card,
                keeping: Keeping::Freeze,
                reason: None,
                at: elsewhere(),
            }),
            Some(card),
            "freeze",
        ),
    ];
    for (command, named, attempt) in attempts {
        let refused = perform(&mut counter, command).unwrap_err();
        let entry = counter.state.changes.entries.last().unwrap();
        assert_eq!(entry.event, Event::GiftCardRefused);
        assert_eq!(entry.subject_id, named.map(|id| id.to_string()), "{attempt}");
        let data = [("attempt", Json::from(attempt)), ("code", refused.code().into())];
        assert_eq!(entry.data, Json::object(data), "{attempt}");
    }
}

#[test]
fn a_card_holds_no_more_than_the_most() {
    let most = Minor::MAX.0;
    for (there, loaded, fits) in [(most - 100, 100, true), (most - 100, 101, false)] {
        let mut counter = open();
        let card = issued(&mut counter, issue("0042", "USD", there));
        let sold = sell(&mut counter, vec![on_card(1, loaded, card, None)]);
        let expected = if fits { most } else { there };
        assert_eq!(balances(&counter, &[card]), [expected]);
        let faults = match sold {
            Ok(_) => vec![],
            Err(Refusal::Invalid(faults)) => faults,
            Err(other) => panic!("{other:?}"),
        };
        let told: Vec<_> = faults.iter().map(|f| (f.pointer.as_str(), f.detail.as_str())).collect();
        let full = ("/lines/0/gift_card/id", "This is more than a card can hold.");
        assert_eq!(told, if fits { vec![] } else { vec![full] });
    }
    // Two lines of one sale count together.
    let mut counter = open();
    let card = issued(&mut counter, issue("0042", "USD", most - 100));
    let lines = vec![on_card(1, 60, card, None), on_card(2, 60, card, None)];
    let Err(Refusal::Invalid(faults)) = sell(&mut counter, lines) else { panic!("too much") };
    let pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(pointers, ["/lines/1/gift_card/id"]);
    assert_eq!(balances(&counter, &[card]), [most - 100]);
}

#[test]
fn a_line_sells_one_card() {
    let mut counter = open();
    let card = issued(&mut counter, issue("0042", "USD", 0));
    let two = with(on_card(1, 1_000, card, Some(500)), |line| {
        (line.quantity, line.net) = (Quantity::units(2), Minor(2_000));
    });
    let Err(Refusal::Invalid(faults)) = sell(&mut counter, vec![two]) else { panic!("two cards") };
    assert_eq!(faults[0].detail, "One line sells one card: its quantity is 1.");
}

/// The one place where balances move holds that none goes below nothing, whoever asks.
#[test]
fn more_than_the_balance_is_never_taken_off() {
    let mut counter = open();
    let card = issued(&mut counter, issue("0042", "USD", 300));
    let before: Card = counter.state.wallet.card(card).unwrap().clone();
    let (entries, at) = (counter.state.changes.entries.len(), at("0042"));
    let mut shift = |amount: i64| {
        let movement = Movement {
            kind: CardMove::Redeem,
            amount: Minor(amount),
            reference: None,
            at: &at,
            against: Account::GiftCard,
            reverses: None,
        };
        let context = Context { caller: &counter.caller, request_id: None, now: counter.now };
        let moved = counter.state.move_card(card, &movement, &context);
        moved.map(|entry| entry.balance.0)
    };
    let too_little = Refusal::Card {
        code: "insufficient_balance",
        detail: "3.01 is asked for, 3.00 is on the card.".to_owned(),
        balance: Some("3.00".to_owned()),
    };
    assert_eq!(shift(-301), Err(too_little));
    let full = Fault::new("/amount", "invalid_amount", "This is more than a card can hold.");
    assert_eq!(shift(Minor::MAX.0 - 299), Err(Refusal::Invalid(vec![full])));
    assert_eq!(counter.state.wallet.card(card), Some(&before));
    assert_eq!(counter.state.changes.entries.len(), entries);
    assert_eq!(before.status, CardStatus::Active);
}

#[test]
fn a_return_of_a_spent_card_is_refused_by_record_and_check_alike() {
    let mut counter = open();
    let card = issued(&mut counter, issue("0042", "USD", 0));
    let sold = sell(&mut counter, vec![on_card(1, 2_500, card, None)]).unwrap();
    perform(&mut counter, redeem(card, 2_500)).unwrap();
    let back = of(sold, draft(vec![units(1, 1)]));
    let checked = counter.check(&back).unwrap();
    let Err(Refusal::ReturnRefused(recorded)) = counter.record_with(record_of(back)) else {
        panic!("nothing is left of it")
    };
    assert_eq!(*recorded, checked);
}
