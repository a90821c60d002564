//! When, where and to whom the shop sold: decided for all sales at once, so that times are in
//! order, receipts are numbered without gaps and customers come again. What was in the baskets is
//! made later, one sale at a time.

use std::collections::HashMap;

use jiff::ToSpan;
use jiff::civil::{Date, DateTime};

use super::DAYS;
use super::measured::{SALES_WITHOUT_CUSTOMER, VISITS, draw, hour};
use super::people::{STORES, cashiers};
use super::random::SplitMix64;

/// Permille of sales in the first store, and of sales that are sent to the customer.
const IN_FIRST_STORE: u64 = 620;
const SENT: u64 = 100;

/// Which basket a sale has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Basket {
    /// Filled from the stream of this number.
    Any(u64),
    WithinWindow,
    WindowOver,
}

/// The head of a sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub at: DateTime,
    pub store: &'static str,
    pub register: &'static str,
    pub operator: &'static str,
    pub customer: Option<u64>,
    pub sent: bool,
    pub basket: Basket,
    /// The number of the sale at its register on its day.
    pub number: u32,
}

impl Slot {
    pub(super) fn receipt(&self) -> String {
        let day = self.at.date().strftime("%Y%m%d");
        format!("{}-{}-{day}-{:04}", self.store, self.register, self.number)
    }
}

/// All sales but the walk's, in order of time.
pub(super) fn plan(seed: u64, today: Date, sales: usize) -> Vec<Slot> {
    let mut random = SplitMix64::of(seed, 2);
    let customers = customers(sales, &mut random);
    let mut slots: Vec<Slot> = (0..)
        .zip(customers)
        .map(|(basket, customer)| slot(today, Basket::Any(basket), customer, &mut random))
        .collect();
    slots.sort_by_key(|slot| slot.at);
    let mut numbers: HashMap<(&str, &str, Date), u32> = HashMap::new();
    for slot in &mut slots {
        let number = numbers.entry((slot.store, slot.register, slot.at.date())).or_default();
        *number += 1;
        slot.number = *number;
    }
    slots
}

fn slot(today: Date, basket: Basket, customer: Option<u64>, random: &mut SplitMix64) -> Slot {
    let date = today.saturating_sub(random.between(1, DAYS).days());
    let store = if random.permille(IN_FIRST_STORE) { &STORES[0] } else { &STORES[1] };
    let (minute, second) = (random.below(60) as i8, random.below(60) as i8);
    Slot {
        at: date.at(hour(random), minute, second, 0),
        store: store.store,
        register: random.pick(store.registers),
        operator: random.pick(&cashiers(store.store)),
        customer,
        sent: random.permille(SENT),
        basket,
        number: 0,
    }
}

/// One customer, or none, for each sale: as many visits each as measured, in no order.
fn customers(sales: usize, random: &mut SplitMix64) -> Vec<Option<u64>> {
    let without = sales * SALES_WITHOUT_CUSTOMER as usize / 1000;
    let mut visits = vec![None; without];
    for customer in 1.. {
        if visits.len() >= sales {
            break;
        }
        let times = (draw(VISITS, random) as usize).min(sales - visits.len());
        visits.extend(std::iter::repeat_n(Some(customer), times));
    }
    random.shuffle(&mut visits);
    visits
}
