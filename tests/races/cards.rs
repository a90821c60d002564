//! Many redemptions of one card, from several instances: exact, whatever else happens to the card
//! meanwhile.

use crate::goods::{draft, of, record, units};
use crate::http::{Client, Served, token};
use crate::instances::{Instances, at_once, counts, tally};
use crate::support::on_each_database;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use returndesk::desk::Reply;
use returndesk::domain::caller::Role;
use returndesk::domain::gift_cards::{
    At, Card, CardCommand, CardDone, CardKind, IssueCard, LoadCard, NewCode, RedeemCard,
    ReverseRedemption, TransferCard,
};
use returndesk::domain::money::{Currency, Minor};
use returndesk::domain::perform::{Command, Done, Outcome};
use returndesk::domain::words::RefundTo;
use returndesk::store::{Db, StoreError, gift_cards};
use serde_json::json;
use std::collections::BTreeMap;
use uuid::Uuid;

fn at() -> At {
    At { store: "S1".to_owned(), register: None, operator: None, business_date: None }
}

fn command(command: CardCommand) -> Command {
    Command::GiftCard(Box::new(command))
}

fn issue(amount: i64, code: Option<NewCode>) -> Command {
    command(CardCommand::Issue(IssueCard {
        kind: CardKind::StoreCredit,
        amount: Minor(amount),
        currency: Currency::parse("USD").unwrap(),
        at: at(),
        code,
        given: true,
        pin_hash: None,
        expires_on: None,
    }))
}

fn redeem(card: Uuid, amount: i64, partial: bool) -> Command {
    command(CardCommand::Redeem(RedeemCard {
        card,
        amount: Minor(amount),
        partial,
        reference: None,
        at: at(),
    }))
}

fn issued(shop: &Instances<'_>, amount: i64) -> Uuid {
    match shop.done(issue(amount, None)) {
        Done::Card(done) => match *done {
            CardDone::Issued { card, .. } => card.id,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn card(shop: &Instances<'_>, id: Uuid) -> Card {
    let mut connection = shop.database.open().connect_reader().unwrap();
    Db::read::<_, StoreError>(&mut connection, |read| gift_cards::load(read, &[id], false))
        .unwrap()
        .pop()
        .unwrap()
}

#[test]
fn of_a_hundred_redemptions_of_the_whole_card_one_succeeds() {
    on_each_database(|database| {
        let shop = Instances::open_for_business(database);
        let whole = issued(&shop, 5_000);
        let replies = at_once(100, |i| shop.submit(i, redeem(whole, 5_000, false), None));
        assert_eq!(tally(&replies), counts([("recorded", 1), ("insufficient_balance", 99)]));
        assert_eq!((card(&shop, whole).balance, card(&shop, whole).entries), (Minor(0), 2));
        // In parts: as many as the balance holds, to the cent.
        let parts = issued(&shop, 1_000);
        let replies = at_once(100, |i| shop.submit(i, redeem(parts, 33, false), None));
        assert_eq!(tally(&replies), counts([("recorded", 30), ("insufficient_balance", 70)]));
        assert_eq!(card(&shop, parts).balance, Minor(10));
        let replies = at_once(100, |i| shop.submit(i, redeem(parts, 4, true), None));
        assert_eq!(tally(&replies), counts([("recorded", 3), ("insufficient_balance", 97)]));
        assert_eq!(card(&shop, parts).balance, Minor(0));
        assert_eq!(shop.prove().cards, 2);
    });
}

#[test]
fn over_http_too() {
    on_each_database(|database| {
        let shop = Instances::open_for_business(database);
        let whole = issued(&shop, 5_000);
        let servers: Vec<Served> = shop.apps.iter().map(Served::start).collect();
        let token = token(&shop.apps[0].service, "1042", &[Role::Cashier]);
        let path = format!("/v1/gift-cards/{whole}/redemptions");
        let body = json!({"amount": "30.00", "store": "S1"}).to_string();
        let answers = at_once(100, |i| {
            let mut client = Client::connect(servers[i % servers.len()].address, &token).unwrap();
            client.post(&path, &format!("till-{i}"), &body).unwrap()
        });
        let mut told: BTreeMap<String, usize> = BTreeMap::new();
        for answer in &answers {
            let body = answer.json();
            *told
                .entry(format!("{} {}", answer.status, body["code"].as_str().unwrap_or_default()))
                .or_default() += 1;
        }
        assert_eq!(told, counts([("201 ", 1), ("409 insufficient_balance", 99)]));
        assert_eq!(card(&shop, whole).balance, Minor(2_000));
        shop.prove();
    });
}

#[test]
fn one_code_is_issued_once() {
    on_each_database(|database| {
        let shop = Instances::open_for_business(database);
        let code = NewCode { hash: [7; 32], last4: "7777".to_owned() };
        let replies = at_once(40, |i| shop.submit(i, issue(100, Some(code.clone())), None));
        assert_eq!(tally(&replies), counts([("recorded", 1), ("invalid_value", 39)]));
        assert_eq!(shop.prove().cards, 1);
    });
}

/// Refunds onto a card, redemptions, loads and transfers there and back, all at once: no ring, no
/// cent.
#[test]
fn cards_that_refer_to_each_other_never_block() {
    on_each_database(|database| {
        let shop = Instances::open_for_business(database);
        let cards: Vec<Uuid> = (0..3).map(|_| issued(&shop, 1_000)).collect();
        let sales: Vec<Uuid> = (0..60).map(|n| shop.sell(&format!("R-{n}"), &[1])).collect();
        let replies = at_once(60, |i| {
            let mut chance = StdRng::seed_from_u64(i as u64);
            let mut pick = || cards[chance.gen_range(0..3)];
            let (one, other) = (pick(), pick());
            let wanted = match i % 4 {
                0 => redeem(one, 70, true),
                1 => {
                    let load = LoadCard { card: one, amount: Minor(50), reference: None, at: at() };
                    command(CardCommand::Load(load))
                }
                2 => {
                    let transfer =
                        TransferCard { from: one, to: other, amount: Some(Minor(30)), at: at() };
                    command(CardCommand::Transfer(transfer))
                }
                _ => {
                    let mut back = draft(vec![of(sales[i], units(1, 1))]);
                    back.refund_to = RefundTo::StoreCredit;
                    back.refund_card = Some(one);
                    record(back)
                }
            };
            shop.submit(i, wanted, None)
        });
        let mut sum = 3_000;
        for (i, reply) in replies.iter().enumerate() {
            match (i % 4, reply) {
                (0, Reply::Done { outcome: Some(Outcome::Done(done)), .. }) => match &**done {
                    Done::Card(done) => match &**done {
                        CardDone::Moved { entry, .. } => sum += entry.amount.0,
                        other => panic!("{other:?}"),
                    },
                    other => panic!("{other:?}"),
                },
                (1, Reply::Done { outcome: Some(Outcome::Done(_)), .. }) => sum += 50,
                (3, Reply::Done { outcome: Some(Outcome::Done(_)), .. }) => sum += 135,
                (_, Reply::Done { .. }) => {}
                (_, other) => panic!("{other:?}"),
            }
        }
        let balances: i64 = cards.iter().map(|id| card(&shop, *id).balance.0).sum();
        assert_eq!(balances, sum);
        assert_eq!(shop.prove().cards, 3);
    });
}

#[test]
fn of_many_reversals_of_one_redemption_one_succeeds() {
    on_each_database(|database| {
        let shop = Instances::open_for_business(database);
        let one = issued(&shop, 5_000);
        shop.done(redeem(one, 2_000, false));
        let reverse = || {
            let (sale, the_return) = (None, None);
            let reversal = ReverseRedemption { card: one, entry: 2, sale, the_return, at: at() };
            command(CardCommand::Reverse(reversal))
        };
        let replies = at_once(40, |i| shop.submit(i, reverse(), None));
        let expected = counts([("recorded", 1), ("redemption_not_reversible", 39)]);
        assert_eq!(tally(&replies), expected);
        assert_eq!((card(&shop, one).balance, card(&shop, one).entries), (Minor(5_000), 3));
        assert_eq!(shop.prove().cards, 1);
    });
}
