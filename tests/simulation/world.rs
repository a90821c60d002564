//! One shop for a while: commands by chance, performed by the service and foretold by the model.

use crate::cards::Card;
use crate::chance::Chance;
use crate::counter::{CASHIER, Counter, caller, operator, store};
use crate::day_ends::Days;
use crate::exchanges::{Carried, Goods};
use crate::ledger::{Books, Portion};
use crate::seen::Seen;
use crate::tape::{Step, Tape};
use crate::tenders::Planned;
use crate::terms::Terms;
use crate::verdict::{Ask, Version};
use jiff::{SignedDuration, Timestamp};
use returndesk::domain::caller::Role;
use returndesk::domain::directory::{self, SaveOperator, SaveStore};
use returndesk::domain::draft::{Grant, SaleRef};
use returndesk::domain::ledger::Amounts;
use returndesk::domain::perform::{Command, Outcome};
use returndesk::domain::sale::Sale;
use returndesk::domain::sales::RecordSale;
use returndesk::domain::settings::Settings;
use returndesk::domain::words::RefundTo;
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

/// Shops of two stores, all on UTC so that the model can count days by seconds.
pub struct Shop {
    /// Of [`made_up::PLACES`](crate::counter::made_up::PLACES): currency and country.
    pub place: usize,
    pub code: &'static str,
    /// What cash is rounded to.
    pub coin: i64,
    /// Name, region, and whether the tax on a fee is kept there.
    pub stores: [(&'static str, &'static str, bool); 2],
}

const SHOPS: [Shop; 3] = [
    Shop {
        place: 0,
        code: "USD",
        coin: 1,
        stores: [("0042", "US-NY", true), ("0043", "US-CA", false)],
    },
    Shop {
        place: 1,
        code: "CAD",
        coin: 5,
        stores: [("0050", "CA-ON", true), ("0051", "CA-QC", true)],
    },
    Shop {
        place: 2,
        code: "JPY",
        coin: 1,
        stores: [("0070", "JP-13", true), ("0074", "JP-27", true)],
    },
];
/// 2026-01-01, noon.
const START: i64 = 1_767_268_800;

pub struct World {
    pub counter: Counter,
    pub chance: Chance,
    pub shop: &'static Shop,
    pace: Pace,
    moment: u64,
    /// How many more commands the moment has.
    left_of_it: i64,
    pub tape: Option<Tape>,
    pub versions: Vec<Version>,
    /// Versions drafted and not yet published.
    pub drafted: Vec<(u32, Terms)>,
    pub sales: Vec<Known>,
    pub returns: Vec<Made>,
    pub overrides: Vec<Issued>,
    pub cards: Vec<Card>,
    pub accounts: Amounts,
    pub days: Days,
    /// Codes given so far.
    pub codes: Vec<u64>,
    /// Whoever got an approval, and comes back with it.
    pub waiting: Option<Brought>,
    pub seen: Seen,
}

/// What somebody brings to the counter.
#[derive(Clone, Debug)]
pub struct Brought {
    /// Which of the shop's stores.
    pub store: usize,
    /// The sale meant where a line names none.
    pub main: usize,
    /// How each sale is named.
    pub references: BTreeMap<usize, SaleRef>,
    pub asks: Vec<Ask>,
    /// (sale, charge, a part of it).
    pub charges: Vec<(usize, u32, Option<i64>)>,
    pub customer: Option<&'static str>,
    pub at_register: &'static str,
    pub refund_to: RefundTo,
    pub unavailable: Vec<u32>,
    /// The card that money is to go onto.
    pub card: Option<Uuid>,
    pub training: bool,
    /// The trading day named, by its distance from today.
    pub trading_day: Option<i64>,
    /// What is taken instead.
    pub goods: Option<Goods>,
}

pub struct Known {
    pub sale: Arc<Sale>,
    /// Which of the shop's stores.
    pub store: usize,
    pub command: RecordSale,
    pub books: Books,
    /// Taken in an exchange, and that taken back.
    pub exchanged: bool,
    pub voided: bool,
}

/// A return as the model knows it.
pub struct Made {
    pub id: Uuid,
    pub at: i64,
    /// Whose limits it counts for.
    pub people: Vec<String>,
    pub refund: i64,
    pub lines: Vec<MadeLine>,
    /// (sale, charge, what came back of it and of each tax).
    pub charges: Vec<(usize, u32, Vec<i64>)>,
    pub refunds: Vec<MadeRefund>,
    /// What it moved on cards.
    pub moved: BTreeMap<usize, i64>,
    /// The sale of the goods taken instead, and the money that went into it.
    pub taken: Option<(usize, Vec<Carried>)>,
    pub training: bool,
    pub voided: bool,
}

pub struct MadeLine {
    pub sale: usize,
    pub line: usize,
    pub quantity: i64,
    pub worth: Vec<i64>,
    pub withheld: Vec<i64>,
    pub forgone: Vec<i64>,
    pub serial: Option<String>,
    pub fee: i64,
    /// How many taxes it has, and what of them was kept with the fee.
    pub taxes: usize,
    pub fee_taxes: i64,
}

impl MadeLine {
    /// Money while the goods stay; not what was withheld before.
    pub fn is_money(&self) -> bool {
        self.quantity == 0 && self.withheld.is_empty()
    }
}

#[derive(Clone)]
pub struct MadeRefund {
    pub number: u32,
    pub plan: Planned,
    pub stands: Stands,
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

/// How time goes by in a shop.
#[derive(Clone, Copy)]
pub struct Pace {
    /// The most commands of one moment.
    together: i64,
    /// Once in so many moments some days go by, at most so many seconds.
    seldom: u64,
    long: i64,
    /// Whether everything is to be performed again another way.
    taped: bool,
}

impl Pace {
    /// A command or a few at a time.
    pub fn quick() -> Pace {
        Pace { together: 3, seldom: 6, long: 6 * DAY, taped: false }
    }

    /// Many commands at a time, as many days in all.
    pub fn in_moments(commands: u64) -> Pace {
        let moments = (commands / 30).max(1) as i64;
        Pace {
            together: 80,
            seldom: 2,
            long: (600 * DAY / moments).clamp(7_200, 9 * DAY),
            taped: true,
        }
    }
}

const DAY: i64 = 86_400;

impl World {
    pub fn new(seed: u64, pace: Pace) -> World {
        let mut chance = Chance(seed);
        let shop = &SHOPS[chance.index(SHOPS.len())];
        let mut counter = Counter::with_settings(Settings::default(), vec![]);
        counter.now = Timestamp::from_second(START).unwrap();
        let mut world = World {
            counter,
            chance,
            shop,
            pace,
            moment: 0,
            left_of_it: 0,
            tape: pace.taped.then(Tape::default),
            versions: vec![],
            drafted: vec![],
            sales: vec![],
            returns: vec![],
            overrides: vec![],
            cards: vec![],
            accounts: crate::accounts::nought(),
            days: Days::default(),
            codes: vec![],
            waiting: None,
            seen: Seen::default(),
        };
        world.open();
        world
    }

    /// The store, whoever can be a customer there, and a first policy.
    fn open(&mut self) {
        self.draft_policy();
        self.publish_as("9003", 1, None);
        self.counter.caller = caller("9000", Role::Admin);
        for (number, region, _) in self.shop.stores {
            let store = store(number, self.shop.code, region, "UTC");
            let save = SaveStore { store, seen: directory::Seen::Nothing };
            self.perform(&Command::SaveStore(Box::new(save)), false);
        }
        let operator = SaveOperator {
            operator: operator("3001", Role::Manager),
            seen: directory::Seen::Nothing,
        };
        self.perform(&Command::SaveOperator(Box::new(operator)), false);
        self.counter.caller = caller(CASHIER, Role::Cashier);
    }

    pub fn play(&mut self, commands: u64) {
        for number in 0..commands {
            self.step();
            if number % 8 == 0 || number + 1 == commands {
                self.compare_accounts();
            }
        }
        if self.tape.is_none() && self.chance.one_in(8) {
            self.close_everything();
        }
    }

    /// One command, and everything the model knows against everything the service knows of what it
    /// touched.
    fn step(&mut self) {
        self.go_on();
        self.seen.commands += 1;
        match self.chance.within(0, 100) {
            _ if self.sales.is_empty() => self.sell(),
            0..12 => self.sell(),
            12..14 => self.void_a_sale(),
            14..60 => self.bring_back(),
            60..62 => self.hear_from_the_bank(),
            62..72 => self.void(),
            72..82 => self.settle(),
            82..88 => self.ask_for_override(),
            88..90 => self.close_days(),
            90..95 => self.handle_a_card(),
            95..98 => self.draft_policy(),
            _ => self.publish(),
        }
    }

    /// Time stands still within a moment.
    fn go_on(&mut self) {
        if self.left_of_it > 0 {
            self.left_of_it -= 1;
            return;
        }
        let Pace { together, seldom, long, .. } = self.pace;
        let chance = &mut self.chance;
        let wait =
            if chance.one_in(seldom) { chance.within(1, long) } else { chance.within(1, 150) };
        self.left_of_it = if chance.one_in(4) { 0 } else { chance.within(0, together) };
        self.counter.now += SignedDuration::from_secs(wait);
        self.moment += 1;
    }

    /// Performs, and sees to it that the log has heard of whatever was done or refused.
    pub fn perform(&mut self, command: &Command, silent: bool) -> Outcome {
        let ids = self.counter.state.ids().clone();
        let outcome = self.counter.perform(command);
        assert!(
            !self.counter.state.is_spoilt(),
            "refused, and yet changed by {command:?}: {outcome:?}"
        );
        let changes = std::mem::take(&mut self.counter.state.changes);
        assert_eq!(changes.entries.is_empty(), silent, "an entry for {command:?}: {outcome:?}");
        self.post(&changes.movements);
        self.file(command, &changes);
        if let Some(tape) = &mut self.tape {
            let (moment, now, caller) =
                (self.moment, self.counter.now, Arc::new(self.counter.caller.clone()));
            tape.entries.extend(changes.entries);
            tape.steps.push(Step {
                moment,
                now,
                caller,
                ids,
                command: command.clone(),
                outcome: outcome.clone(),
            });
        }
        outcome
    }

    pub fn compare(&self, place: usize) {
        let known = &self.sales[place];
        let book = self.counter.state.book(known.sale.id).unwrap();
        for (line, model) in book.lines.iter().zip(&known.books.lines) {
            assert_eq!(line.returned.0, model.returned);
            assert_eq!(line.returnable().0, model.sold - model.returned);
            let paid = |of: fn(&Portion) -> i64| -> i64 {
                model.portions.iter().filter(|portion| portion.paid).map(of).sum()
            };
            assert_eq!(
                (line.value().0, line.refunded().0),
                (paid(|of| of.value), paid(|of| of.given))
            );
            assert_eq!(line.net_given().0, model.portions[0].given);
            assert_eq!(line.net_withheld().0, model.portions[0].withheld);
            assert_eq!(line.serials_returned, model.serials_back);
        }
        for (charge, model) in book.charges.iter().zip(&known.books.charges) {
            let given: Vec<i64> = charge.given().iter().map(|given| given.0).collect();
            assert_eq!((charge.charge, &given), (model.number, &model.given));
        }
        for (tender, model) in book.tenders.iter().zip(&known.books.tenders) {
            assert_eq!((tender.refunded.0, tender.rounding.0), (model.refunded, model.rounding));
            assert_eq!((tender.in_cash.0, tender.carried.0), (model.in_cash, model.carried));
            let bank = [tender.in_dispute, tender.dispute_fee, tender.lost, tender.bank_fees];
            assert_eq!(tender.charged_back, model.disputed);
            let known = [model.in_dispute, model.fee, model.lost, model.fees];
            assert_eq!(bank.map(|amount| amount.0), known);
            let exact = model.refunded - model.rounding;
            assert!(0 <= model.refunded && exact <= model.exact.max(0), "{model:?}");
        }
    }
}
