//! Cards: whatever happens in whatever order, each balance is the sum of its entries and what a
//! small model says.

use super::counter::{
    Counter, STORE, currency, day, discount, draft, line, noon, record_of, sale, tender, totalled,
    units, with,
};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use returndesk::domain::decision::Verdict;
use returndesk::domain::gift_cards::of_sales::GiftCardSold;
use returndesk::domain::gift_cards::{
    At, CardCommand, CardDone, CardKind, CardStatus, IssueCard, KeepCard, Keeping, LoadCard,
    RedeemCard, ReplaceCard, TransferCard,
};
use returndesk::domain::money::Minor;
use returndesk::domain::perform::{Command, Done, Outcome};
use returndesk::domain::returns::VoidReturn;
use returndesk::domain::sale::Sale;
use returndesk::domain::sales::RecordSale;
use returndesk::domain::tender::TenderType;
use returndesk::domain::words::RefundTo;
use std::collections::BTreeMap;
use uuid::Uuid;

const RULES: &str = r#"[{"id": "default", "when": {}, "set": {"window": {"days": 300, "after": "refuse"},
    "refund_to": {"*": ["original", "store_credit", "gift_card"]}, "approval": []}}]"#;

/// What is done to one of the cards, by number.
#[derive(Clone, Debug)]
enum Step {
    Issue(i64),
    Load(usize, i64),
    Redeem(usize, i64, bool),
    Transfer(usize, usize, Option<i64>),
    Replace(usize),
    Keep(usize, Keeping),
    /// A unit of the sale comes back onto the card.
    Refund(usize),
    /// The return of this number is taken back.
    VoidRefund(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (card, amount) = (0usize..6, 1i64..2_000);
    let keeping = prop::sample::select(Keeping::ALL.to_vec());
    let step = prop_oneof![
        2 => (0i64..2_000).prop_map(Step::Issue),
        2 => (card.clone(), amount.clone()).prop_map(|(card, amount)| Step::Load(card, amount)),
        4 => (card.clone(), amount.clone(), any::<bool>()).prop_map(|(card, amount, part)| Step::Redeem(card, amount, part)),
        2 => (card.clone(), card.clone(), prop::option::of(amount)).prop_map(|(a, b, amount)| Step::Transfer(a, b, amount)),
        1 => card.clone().prop_map(Step::Replace),
        2 => (card.clone(), keeping).prop_map(|(card, keeping)| Step::Keep(card, keeping)),
        2 => card.prop_map(Step::Refund),
        1 => (0usize..8).prop_map(Step::VoidRefund),
    ];
    prop::collection::vec(step, 1..60)
}

/// What the model knows of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
    status: CardStatus,
    balance: i64,
    spent: bool,
}

struct World {
    counter: Counter,
    cards: Vec<Uuid>,
    known: BTreeMap<Uuid, Known>,
    /// Returns onto cards: id, card, amount, taken back.
    refunds: Vec<(Uuid, Uuid, i64, bool)>,
}

fn at() -> At {
    At { store: STORE.to_owned(), register: None, operator: None, business_date: None }
}

fn issue(amount: i64) -> CardCommand {
    CardCommand::Issue(IssueCard {
        kind: CardKind::GiftCard,
        amount: Minor(amount),
        currency: currency("USD"),
        at: at(),
        code: None,
        given: false,
        pin_hash: None,
        expires_on: None,
    })
}

impl World {
    fn open(sales: Vec<Sale>) -> World {
        World {
            counter: Counter::open(RULES, sales),
            cards: vec![],
            known: BTreeMap::new(),
            refunds: vec![],
        }
    }

    fn perform(&mut self, command: CardCommand) -> Option<CardDone> {
        match self.counter.perform(&Command::GiftCard(Box::new(command))) {
            Outcome::Done(done) => match *done {
                Done::Card(done) => Some(*done),
                other => panic!("{other:?}"),
            },
            Outcome::Refused(_) => None,
        }
    }

    fn issued(&mut self, amount: i64) -> Uuid {
        match self.perform(issue(amount)) {
            Some(CardDone::Issued { card, .. }) => card.id,
            other => panic!("{other:?}"),
        }
    }

    fn usable(&self, id: Uuid) -> bool {
        matches!(self.known[&id].status, CardStatus::Inactive | CardStatus::Active)
    }

    fn put(&mut self, id: Uuid, amount: i64) {
        let known = self.known.get_mut(&id).unwrap();
        known.balance += amount;
        if known.status == CardStatus::Inactive {
            known.status = CardStatus::Active;
        }
    }

    fn step(&mut self, step: &Step) -> TestCaseResult {
        if let Step::Issue(amount) = step {
            let id = self.issued(*amount);
            let status = if *amount > 0 { CardStatus::Active } else { CardStatus::Inactive };
            self.cards.push(id);
            self.known.insert(id, Known { status, balance: *amount, spent: false });
        }
        if self.cards.is_empty() {
            return Ok(());
        }
        let card = |n: &usize| self.cards[n % self.cards.len()];
        match step {
            Step::Issue(_) => {}
            Step::Load(n, amount) => {
                let id = card(n);
                let load = LoadCard { card: id, amount: Minor(*amount), reference: None, at: at() };
                let usable = self.usable(id);
                prop_assert_eq!(self.perform(CardCommand::Load(load)).is_some(), usable);
                if usable {
                    self.put(id, *amount);
                }
            }
            Step::Redeem(n, amount, partial) => {
                let id = card(n);
                let there = self.known[&id].balance;
                let taken = if *partial { (*amount).min(there) } else { *amount };
                let fits = self.usable(id) && taken > 0 && taken <= there;
                let (card, amount, partial) = (id, Minor(*amount), *partial);
                let redeem = RedeemCard { card, amount, partial, reference: None, at: at() };
                prop_assert_eq!(self.perform(CardCommand::Redeem(redeem)).is_some(), fits);
                if fits {
                    self.put(id, -taken);
                    self.known.get_mut(&id).unwrap().spent = true;
                }
            }
            Step::Transfer(a, b, amount) => {
                let (from, to) = (card(a), card(b));
                let there = self.known[&from].balance;
                let moved = amount.unwrap_or(there);
                let fits = from != to
                    && self.usable(from)
                    && self.usable(to)
                    && moved > 0
                    && moved <= there;
                let transfer = TransferCard { from, to, amount: amount.map(Minor), at: at() };
                prop_assert_eq!(self.perform(CardCommand::Transfer(transfer)).is_some(), fits);
                if fits {
                    self.put(from, -moved);
                    self.put(to, moved);
                    self.known.get_mut(&from).unwrap().spent = true;
                }
            }
            Step::Replace(n) => {
                let lost = card(n);
                let there = self.known[&lost].clone();
                let fits = self.usable(lost) || there.status == CardStatus::Frozen;
                let replace = ReplaceCard {
                    card: lost,
                    code: None,
                    given: false,
                    pin_hash: None,
                    reason: None,
                    at: at(),
                };
                let done = self.perform(CardCommand::Replace(replace));
                prop_assert_eq!(done.is_some(), fits);
                if let Some(CardDone::Issued { card, .. }) = done {
                    let status = match there.balance > 0
                        || self.counter.state.wallet.card(lost).unwrap().entries > 0
                    {
                        true => CardStatus::Active,
                        false => CardStatus::Inactive,
                    };
                    self.known.insert(card.id, Known { status, ..there.clone() });
                    self.known.insert(
                        lost,
                        Known { status: CardStatus::Replaced, balance: 0, spent: there.spent },
                    );
                    self.cards.push(card.id);
                }
            }
            Step::Keep(n, keeping) => {
                let id = card(n);
                let gone =
                    matches!(self.known[&id].status, CardStatus::Void | CardStatus::Replaced);
                let fits = !gone && (*keeping != Keeping::Void || !self.known[&id].spent);
                let keep = KeepCard { card: id, keeping: *keeping, reason: None, at: at() };
                prop_assert_eq!(self.perform(CardCommand::Keep(keep)).is_some(), fits);
                if fits {
                    let used = self.counter.state.wallet.card(id).unwrap().entries > 0;
                    let known = self.known.get_mut(&id).unwrap();
                    match keeping {
                        Keeping::Freeze => known.status = CardStatus::Frozen,
                        Keeping::Unfreeze if known.status == CardStatus::Frozen => {
                            known.status =
                                if used { CardStatus::Active } else { CardStatus::Inactive };
                        }
                        Keeping::Unfreeze => {}
                        Keeping::Void => (known.status, known.balance) = (CardStatus::Void, 0),
                    }
                }
            }
            Step::Refund(n) => self.refund(card(n))?,
            Step::VoidRefund(n) => self.void_refund(*n)?,
        }
        self.agree()
    }

    fn refund(&mut self, onto: Uuid) -> TestCaseResult {
        let mut back = draft(vec![units(1, 1)]);
        (back.refund_to, back.refund_card) = (RefundTo::GiftCard, Some(onto));
        let left = self.counter.book(1).lines[0].returnable().0 > 0;
        let recorded = self.counter.record(back);
        prop_assert_eq!(recorded.is_ok(), left && self.known[&onto].status == CardStatus::Active);
        if let Ok(the_return) = recorded {
            prop_assert_eq!(the_return.refunds[0].card.as_ref().map(|card| card.id), Some(onto));
            self.put(onto, 333);
            self.refunds.push((the_return.id, onto, 333, false));
        }
        Ok(())
    }

    fn void_refund(&mut self, n: usize) -> TestCaseResult {
        let Some((id, card, amount, done)) = self.refunds.get(n).copied() else { return Ok(()) };
        let fits = !done && self.known[&card].balance >= amount;
        let void = VoidReturn { id, reason: "mistake".to_owned(), note: None };
        let voided = matches!(self.counter.perform(&Command::VoidReturn(void)), Outcome::Done(_));
        prop_assert_eq!(voided, fits);
        if fits {
            self.put(card, -amount);
            self.refunds[n].3 = true;
        }
        Ok(())
    }

    /// Each card is as the model has it, and is the sum of its entries.
    fn agree(&self) -> TestCaseResult {
        for (id, known) in &self.known {
            let card = self.counter.state.wallet.card(*id).unwrap();
            let shown = Known { status: card.status, balance: card.balance.0, spent: card.spent };
            prop_assert_eq!(&shown, known, "card {}", id);
            let mut sum = 0;
            let entries =
                self.counter.state.wallet.entries.iter().filter(|entry| entry.card == *id);
            for (entry, number) in entries.clone().zip(1..) {
                sum += entry.amount.0;
                prop_assert!(
                    entry.entry == number && entry.balance.0 == sum && sum >= 0,
                    "{:?}",
                    entry
                );
            }
            prop_assert_eq!((sum, entries.count()), (card.balance.0, card.entries as usize));
            let in_use = matches!(card.status, CardStatus::Active | CardStatus::Frozen);
            prop_assert!(in_use || card.balance.0 == 0);
        }
        Ok(())
    }
}

proptest! {
    #[test]
    fn a_balance_is_the_sum_of_its_entries_whatever_happens(steps in steps()) {
        let sold = sale(vec![line(1, 9, 333)], vec![tender(1, TenderType::GiftCard, 9 * 333, 0)]);
        let mut world = World::open(vec![sold]);
        for step in &steps {
            world.step(step)?;
        }
    }

    /// Who buys a card, at whatever discount, spends some of it and brings it back, has had no more
    /// than was paid, or than was spent anyway; and who spent nothing has all of it back.
    #[test]
    fn a_bought_card_cannot_be_farmed(face in 1i64..10_000, off in 0i64..10_000, spent in 0i64..10_000, void: bool) {
        let (off, spent) = (off.min(face), spent.min(face));
        let mut world = World::open(vec![]);
        let card = world.issued(0);
        let mut sold = sale(vec![line(1, 1, face)], vec![tender(1, TenderType::Cash, face - off, 0)]);
        sold.lines[0].gift_card = Some(GiftCardSold { id: card, amount: None, meant: None });
        if off > 0 {
            sold.lines[0].discounts = vec![discount(off, None)];
            sold.lines[0].net = Minor(face - off);
        }
        totalled(&mut sold);
        (sold.sold_at, sold.business_date) = (noon("2026-03-10"), day("2026-03-10"));
        let record = RecordSale { sale: sold, document: String::new(), digest: [1; 32] };
        let done = world.counter.perform(&Command::RecordSale(Box::new(record)));
        let id = match done {
            Outcome::Done(done) => match *done { Done::SaleRecorded { sale, .. } => sale, other => panic!("{other:?}") },
            Outcome::Refused(refusal) => panic!("{refusal:?}"),
        };
        prop_assert_eq!(world.counter.state.wallet.card(card).unwrap().balance, Minor(face));
        if spent > 0 {
            let redeem = RedeemCard { card, amount: Minor(spent), partial: false, reference: None, at: at() };
            prop_assert!(world.perform(CardCommand::Redeem(redeem)).is_some());
        }
        let (paid, unspent) = (face - off, face - spent);
        let worth = (paid - spent).clamp(0, unspent);
        let back = with(draft(vec![units(1, 1)]), |draft| {
            draft.sale = Some(returndesk::domain::draft::SaleRef::Id(id));
        });
        let checked = world.counter.check(&back).unwrap();
        prop_assert_eq!(checked.verdict == Verdict::Allowed, worth > 0);
        let recorded = world.counter.record_with(record_of(back));
        let Ok(the_return) = recorded else {
            prop_assert_eq!(worth, 0);
            return Ok(());
        };
        prop_assert_eq!(the_return.refund.0, worth);
        prop_assert!(the_return.refund.0 + spent <= paid.max(spent));
        let after = world.counter.state.wallet.card(card).unwrap().clone();
        prop_assert_eq!((after.status, after.balance), (CardStatus::Void, Minor(0)));
        if void {
            let void = VoidReturn { id: the_return.id, reason: "mistake".to_owned(), note: None };
            prop_assert!(matches!(world.counter.perform(&Command::VoidReturn(void)), Outcome::Done(_)));
            let card = world.counter.state.wallet.card(card).unwrap();
            prop_assert_eq!((card.status, card.balance.0, card.spent), (CardStatus::Active, unspent, spent > 0));
        }
    }
}
