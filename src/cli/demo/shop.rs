//! A made-up shop to try the service on: two stores in New York, 120 days of sales, and what came
//! back of them.
//!
//! Baskets, prices, quantities, customers and returns are spread like those of a real shop (see
//! `measured`); names, people and cards are invented. The same seed and day give the same shop,
//! byte for byte, in every version.

mod basket;
mod catalogue;
mod measured;
mod people;
mod plan;
mod random;
mod returned;
mod tenders;
#[cfg(test)]
mod tests;
mod ticket;
mod walk;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use catalogue::Product;
pub use people::{CURRENCY, Operator, Store, TIME_ZONE};
use plan::{Basket, Slot};
use random::SplitMix64;
pub use returned::ComingBack;
use ticket::Ticket;
pub use walk::{Picked, Walk};

/// How many sales the shop has, and over how many days before today; yesterday is the last.
const SALES: usize = 3_000;
const DAYS: i64 = 120;

/// Topics of random streams that are counted from here: one stream a basket, one a customer's card,
/// one a return.
const BASKETS: u64 = 1 << 32;
const CUSTOMERS: u64 = 2 << 32;
const RETURNS: u64 = 3 << 32;

/// The made-up shop as of a day. It holds who bought when and makes the rest as it is asked for.
#[derive(Clone, Debug)]
pub struct Shop {
    seed: u64,
    today: Date,
    products: Vec<Product>,
    slots: Vec<Slot>,
}

impl Shop {
    /// About three thousand sales over the 120 days before `today`.
    pub fn new(seed: u64, today: Date) -> Shop {
        Shop::with_sales(seed, today, SALES)
    }

    /// A smaller or larger one; the two sales of the walk come on top.
    pub fn with_sales(seed: u64, today: Date, sales: usize) -> Shop {
        let mut slots = plan::plan(seed, today, sales);
        slots.extend(walk::slots(today));
        slots.sort_by_key(|slot| slot.at);
        Shop { seed, today, products: catalogue::catalogue(seed), slots }
    }

    pub fn stores(&self) -> &'static [Store] {
        &people::STORES
    }

    pub fn operators(&self) -> &'static [Operator] {
        &people::OPERATORS
    }

    /// The bodies of `POST /v1/sales`, in order of time.
    #[expect(clippy::expect_used, reason = "the time zone database is part of the binary")]
    pub fn sales(&self) -> impl Iterator<Item = Value> + '_ {
        let zone = TimeZone::get(TIME_ZONE)
            .expect("the bundled time zone database holds America/New_York");
        self.slots.iter().map(move |slot| self.sale(slot, &zone))
    }

    /// The receipts to walk through.
    pub fn walk(&self) -> Walk {
        let [over, within] = walk::slots(self.today);
        Walk { within_window: walk::picked(&within), window_over: walk::picked(&over) }
    }

    /// What came back before today, in order of time; nothing of the walk's sales.
    pub fn returns(&self) -> Vec<ComingBack> {
        let mut returns: Vec<ComingBack> =
            self.slots.iter().filter_map(|slot| self.comes_back(slot)).collect();
        returns.sort_by_key(|coming| coming.at);
        returns
    }

    fn comes_back(&self, slot: &Slot) -> Option<ComingBack> {
        let Basket::Any(number) = slot.basket else { return None };
        let ticket = self.ticket(slot, &mut SplitMix64::of(self.seed, BASKETS + number));
        returned::comes_back(
            slot,
            &ticket,
            self.today,
            &mut SplitMix64::of(self.seed, RETURNS + number),
        )
    }

    fn ticket(&self, slot: &Slot, random: &mut SplitMix64) -> Ticket {
        match slot.basket {
            Basket::Any(_) => basket::fill(&self.products, slot.sent, random),
            Basket::WithinWindow => walk::within_window(),
            Basket::WindowOver => walk::window_over(),
        }
    }

    fn sale(&self, slot: &Slot, zone: &TimeZone) -> Value {
        let mut random = SplitMix64::of(self.seed, BASKETS + stream(slot));
        let ticket = self.ticket(slot, &mut random);
        // Someone unknown has a card of their own, someone known always the same.
        let mut owner = match slot.customer {
            Some(customer) => SplitMix64::of(self.seed, CUSTOMERS + customer),
            None => random.clone(),
        };
        let payments = match slot.basket {
            Basket::Any(_) => tenders::pay(ticket.total(), &mut owner, &mut random),
            _ => vec![tenders::credit(ticket.total(), tenders::card(&mut owner), &mut random)],
        };
        let mut sale = ticket.body(&payments);
        self.head(slot, zone, &mut sale);
        sale
    }

    #[expect(
        clippy::expect_used,
        reason = "the shop's days lie within 120 days of a date that the clock can show"
    )]
    fn head(&self, slot: &Slot, zone: &TimeZone, sale: &mut Value) {
        let sold_at =
            zone.to_zoned(slot.at).expect("within 120 days of a date that the clock can show");
        sale["store"] = json!(slot.store);
        sale["register"] = json!(slot.register);
        sale["receipt"] = json!(slot.receipt());
        sale["business_date"] = json!(slot.at.date().to_string());
        sale["sold_at"] = json!(sold_at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string());
        sale["operator"] = json!(slot.operator);
        sale["channel"] = json!(if slot.sent { "online" } else { "store" });
        if let Some(customer) = slot.customer {
            sale["customer"] = json!(customer_id(customer));
        }
    }
}

/// The number of a slot's own stream.
fn stream(slot: &Slot) -> u64 {
    match slot.basket {
        Basket::Any(number) => number,
        Basket::WithinWindow => u64::from(u32::MAX) - 1,
        Basket::WindowOver => u64::from(u32::MAX),
    }
}

fn customer_id(customer: u64) -> String {
    format!("C-{customer}")
}
