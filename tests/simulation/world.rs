//! One shop for a while: commands by chance, performed by the service and foretold by the model.

use crate::chance::Chance;
use crate::counter::made_up::{LineShape, PLACES, SaleShape, TenderShape};
use crate::counter::{Counter, caller, operator, published, settings, store};
use crate::ledger::Books;
use crate::terms::Terms;
use crate::verdict::{Ask, Version};
use jiff::{SignedDuration, Timestamp};
use returndesk::domain::caller::Role;
use returndesk::domain::draft::Grant;
use returndesk::domain::perform::{Command, Done, Outcome};
use returndesk::domain::policies::{DraftPolicy, PublishPolicy};
use returndesk::domain::refusal::Refusal;
use returndesk::domain::sale::Sale;
use returndesk::domain::sales::RecordSale;
use returndesk::domain::tender::TenderType;
use std::sync::Arc;
use uuid::Uuid;

/// Three shops, all on UTC so that the model can count days by seconds.
const SHOPS: [(usize, &str, i64); 3] = [(0, "USD", 1), (1, "CAD", 5), (2, "JPY", 1)];
/// 2026-01-01, noon.
const START: i64 = 1_767_268_800;

pub struct World {
    pub counter: Counter,
    pub chance: Chance,
    pub shop: (usize, &'static str, i64),
    pub versions: Vec<Version>,
    /// Versions drafted and not yet published.
    pub drafted: Vec<(u32, Terms)>,
    pub sales: Vec<Known>,
    pub returns: Vec<Made>,
    pub overrides: Vec<Issued>,
    /// Whoever got an approval, and comes back with it.
    pub waiting: Option<Brought>,
    pub seen: Seen,
}

/// How often what was seen, so that a run that tests nothing is noticed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    pub commands: u64,
    pub sales: u64,
    pub returned: u64,
    pub refused: u64,
    pub unapproved: u64,
    pub by_override: u64,
    pub bad_overrides: u64,
    pub voided: u64,
    pub settled: u64,
    pub failed: u64,
    pub stood_in: u64,
    pub published: u64,
}

/// What somebody brings to the counter.
#[derive(Clone)]
pub struct Brought {
    pub sale: usize,
    pub asks: Vec<Ask>,
    pub customer: Option<&'static str>,
    pub at_register: &'static str,
}

pub struct Known {
    pub sale: Arc<Sale>,
    pub command: RecordSale,
    pub books: Books,
}

/// A return as the model knows it.
pub struct Made {
    pub id: Uuid,
    pub sale: usize,
    pub at: i64,
    pub customer: Option<&'static str>,
    /// (line, quantity, portions).
    pub lines: Vec<(usize, i64, Vec<i64>)>,
    /// (number, tender, kind, amount, rounding, how it stands).
    pub refunds: Vec<(u32, usize, TenderType, i64, i64, Stands)>,
    pub voided: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    Due,
    Settled,
    Failed { stood_in: bool },
}

pub struct Issued {
    pub grant: Grant,
    pub used: bool,
}

impl World {
    pub fn new(seed: u64) -> World {
        let mut chance = Chance(seed);
        let shop = chance.pick(&SHOPS);
        let terms = Terms::any(&mut chance);
        let mut settings = settings(terms.compiled(&[shop.1]));
        settings.policies.clear();
        settings.policy_records.clear();
        let now = Timestamp::from_second(START).unwrap();
        settings.save_policy(published(1, now, terms.compiled(&[shop.1])));
        let (number, code, region, _) = PLACES[shop.0];
        settings.stores.insert(number.to_owned(), Arc::new(store(number, code, region, "UTC")));
        settings.operators.insert("3001".to_owned(), Arc::new(operator("3001", Role::Manager)));
        let mut counter = Counter::with_settings(settings, vec![]);
        counter.now = now;
        let versions = vec![(1, START, terms)];
        let (drafted, sales, returns, overrides) = (vec![], vec![], vec![], vec![]);
        World {
            counter,
            chance,
            shop,
            versions,
            drafted,
            sales,
            returns,
            overrides,
            waiting: None,
            seen: Seen::default(),
        }
    }

    fn now(&self) -> i64 {
        self.counter.now.as_second()
    }

    /// One command, and everything the model knows against everything the service knows of what it touched.
    pub fn step(&mut self) {
        let wait = if self.chance.one_in(12) { self.chance.within(1, 6 * 86_400) } else { self.chance.within(0, 150) };
        self.counter.now += SignedDuration::from_secs(wait);
        self.seen.commands += 1;
        match self.chance.within(0, 100) {
            _ if self.sales.is_empty() => self.sell(),
            0..12 => self.sell(),
            12..62 => self.bring_back(),
            62..72 => self.void(),
            72..82 => self.settle(),
            82..95 => self.ask_for_override(),
            95..98 => self.draft_policy(),
            _ => self.publish(),
        }
    }

    /// Performs, and sees to it that the log has heard of whatever was done or refused.
    pub fn perform(&mut self, command: &Command, silent: bool) -> Outcome {
        let before = self.counter.state.changes.entries.len();
        let outcome = self.counter.perform(command);
        let heard = self.counter.state.changes.entries.len() > before;
        assert_eq!(heard, !silent, "an entry for {command:?}: {outcome:?}");
        outcome
    }

    pub fn compare(&self, place: usize) {
        let known = &self.sales[place];
        let book = self.counter.state.book(known.sale.id).unwrap();
        for (line, model) in book.lines.iter().zip(&known.books.lines) {
            assert_eq!(line.returned.0, model.returned);
            assert_eq!(line.returnable().0, model.sold - model.returned);
            assert_eq!(line.value().0 - line.refunded().0, model.left());
            assert_eq!(line.net_given().0, model.portions[0].given);
        }
        for (tender, model) in book.tenders.iter().zip(&known.books.tenders) {
            assert_eq!((tender.refunded.0, tender.rounding.0), (model.refunded, model.rounding));
            assert!(0 <= model.refunded && model.refunded <= model.paid);
        }
    }

    // ---- sales

    fn sell(&mut self) {
        if !self.sales.is_empty() && self.chance.one_in(8) {
            return self.sell_again();
        }
        let number = self.sales.len() as u128 + 1;
        let chance = &mut self.chance;
        let line = |chance: &mut Chance| LineShape {
            thousandths: if chance.one_in(4) { chance.within(1, 4_000) } else { chance.within(1, 7) * 1_000 },
            price: chance.within(0, 2_500),
            off: if chance.one_in(4) { chance.within(0, 101) } else { 0 },
            taxes: (0..chance.index(4)).map(|_| chance.within(0, 100)).collect(),
        };
        let kinds: &[usize] = if self.shop.2 == 1 { &[0, 1, 2, 3] } else { &[0, 0, 1] };
        let tender =
            |chance: &mut Chance| TenderShape { kind: chance.pick(kinds), weight: chance.within(1, 50), change: 0 };
        let shape = SaleShape {
            place: self.shop.0,
            included: chance.one_in(2),
            lines: (0..chance.within(1, 5)).map(|_| line(chance)).collect(),
            off: (0..chance.index(3)).map(|_| chance.within(0, 25)).collect(),
            charges: vec![],
            tenders: (0..chance.within(1, 4)).map(|_| tender(chance)).collect(),
        };
        let mut sale = shape.build(number);
        sale.sold_at = self.counter.now;
        sale.business_date = self.counter.now.to_zoned(jiff::tz::TimeZone::UTC).date();
        sale.lines.iter_mut().filter(|_| chance.one_in(15)).for_each(|line| line.flags.push("final_sale".to_owned()));
        sale.customer = chance.one_in(6).then(|| chance.pick(&["C-3001", "1042", "C-1"]).to_owned());
        assert_eq!(sale.misfits(), vec![]);
        let digest = [number as u8; 32];
        let command = RecordSale { sale, document: String::new(), digest };
        let Outcome::Done(done) = self.perform(&Command::RecordSale(Box::new(command.clone())), false) else {
            panic!("a new sale is recorded");
        };
        let Done::SaleRecorded { sale: id, known_before: false, .. } = *done else { panic!("{done:?}") };
        let sale = Arc::new(Sale { id, ..command.sale.clone() });
        self.sales.push(Known { books: Books::new(&sale, self.shop.2), sale, command });
        self.seen.sales += 1;
    }

    /// The same once more is known; another sale under the same number is refused.
    fn sell_again(&mut self) {
        let place = self.chance.index(self.sales.len());
        let mut command = self.sales[place].command.clone();
        let other = self.chance.one_in(2);
        if other {
            command.digest[31] ^= 1;
        }
        let known = self.sales[place].sale.id;
        match self.perform(&Command::RecordSale(Box::new(command)), !other) {
            Outcome::Done(done) => {
                assert!(
                    !other && matches!(*done, Done::SaleRecorded { sale, known_before: true, .. } if sale == known)
                );
            }
            Outcome::Refused(refusal) => assert!(other && *refusal == Refusal::ReceiptExists { sale: known }),
        }
        self.compare(place);
    }

    // ---- policies

    fn draft_policy(&mut self) {
        let terms = Terms::any(&mut self.chance);
        self.counter.caller = caller("9001", Role::PolicyAdmin);
        let compiled = terms.compiled(&[self.shop.1]);
        let command = DraftPolicy { name: "standard".to_owned(), document: Arc::from("{}"), compiled };
        let Outcome::Done(done) = self.perform(&Command::DraftPolicy(Box::new(command)), false) else {
            panic!("drafted")
        };
        let Done::PolicyDrafted(record) = *done else { panic!("{done:?}") };
        assert_eq!(record.number as usize, self.versions.len() + self.drafted.len() + 1);
        self.drafted.push((record.number, terms));
        self.counter.caller = caller("1042", Role::Cashier);
    }

    /// By its author never, by another person once, for now or later.
    fn publish(&mut self) {
        let number = self.chance.within(1, (self.versions.len() + self.drafted.len()) as i64 + 1) as u32;
        let author = self.chance.one_in(4);
        let later = self.chance.one_in(3).then(|| self.now() + self.chance.within(0, 9 * 86_400));
        self.counter.caller = caller(if author { "9001" } else { "9003" }, Role::PolicyAdmin);
        let effective_from = later.map(|at| Timestamp::from_second(at).unwrap());
        let command = PublishPolicy { name: "standard".to_owned(), number, effective_from };
        let open = self.drafted.iter().position(|(drafted, _)| *drafted == number);
        match self.perform(&Command::PublishPolicy(command), false) {
            Outcome::Refused(refusal) => {
                assert!((open.is_none() || author) && matches!(*refusal, Refusal::Policy { .. }), "{refusal:?}");
            }
            Outcome::Done(_) => {
                assert!(!author);
                let (number, terms) = self.drafted.remove(open.unwrap());
                self.versions.push((number, later.unwrap_or(self.counter.now.as_second()), terms));
                self.seen.published += 1;
            }
        }
        self.counter.caller = caller("1042", Role::Cashier);
    }
}
