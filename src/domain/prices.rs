//! The lowest prices that were paid: what goods without a receipt are worth (PRODUCT §9).
//!
//! A price is what a line of a sale brought in, after all discounts and with its taxes, over the
//! units of that line: a fraction, compared exactly. Prices are held against each other within a
//! market: the stores of one country and currency.

use super::book::Book;
use super::match_key::MatchKey;
use super::money::{Currency, Minor};
use super::policy::Version;
use super::quantity::Quantity;
use super::sale::Sale;
use super::settings::{Settings, Store};
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use uuid::Uuid;

/// Stores whose prices are comparable.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Market {
    /// ISO 3166-1.
    pub country: String,
    pub currency: Currency,
}

impl Market {
    pub fn of(store: &Store) -> Market {
        let country = store.region.split('-').next().unwrap_or_default().to_owned();
        Market { country, currency: store.currency }
    }
}

/// The cheapest purchase of an article on one trading day of a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LowestPrice {
    pub day: Date,
    pub sale: Uuid,
    pub line: u32,
    /// What the line brought in, taxes included.
    pub value: Minor,
    /// Its units.
    pub sold: Quantity,
}

impl LowestPrice {
    /// Whether a unit cost less than one of the other.
    pub fn is_below(&self, other: &LowestPrice) -> bool {
        let times = |value: Minor, sold: Quantity| i128::from(value.0) * i128::from(sold.0);
        times(self.value, other.sold) < times(other.value, self.sold)
    }

    /// What one unit cost, rounded down.
    pub fn of_one(&self) -> Minor {
        share(self.value, Quantity::ONE, self.sold)
    }
}

/// What `part` units are worth where `sold` brought in `value`, rounded down: no unit is worth more
/// than was paid for it, and splitting a return gains nothing.
pub fn share(value: Minor, part: Quantity, sold: Quantity) -> Minor {
    let exact = i128::from(value.0) * i128::from(part.0) / i128::from(sold.0.max(1));
    Minor(i64::try_from(exact).unwrap_or(i64::MAX))
}

/// The cheapest line of a sale for each of its articles. What nobody paid for, such as the parts of
/// a kit or a gift, has no price; the value on a gift card is none either.
pub fn of_book(book: &Book) -> BTreeMap<&str, LowestPrice> {
    let mut lowest: BTreeMap<&str, LowestPrice> = BTreeMap::new();
    let paid = book.sale.lines.iter().zip(&book.lines).filter(|(line, state)| {
        state.value().is_positive() && state.sold > Quantity::ZERO && !line.is_gift_card()
    });
    for (sku, line, state) in paid.filter_map(|(l, s)| Some((l.sku.as_deref()?, l, s))) {
        let (sale, day) = (book.sale.id, book.sale.business_date);
        let price =
            LowestPrice { day, sale, line: line.line, value: state.value(), sold: state.sold };
        keep_lower(&mut lowest, sku, price);
    }
    lowest
}

/// Keeps the lower of two prices; of equal ones the first.
pub fn keep_lower<K: Ord>(lowest: &mut BTreeMap<K, LowestPrice>, of: K, price: LowestPrice) {
    let known = lowest.entry(of).or_insert(price);
    if price.is_below(known) {
        *known = price;
    }
}

/// A unit that was sold by its serial number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoldUnit {
    pub store: String,
    /// As printed.
    pub receipt: String,
    pub business_date: Date,
}

/// What was loaded about goods without a receipt: days of lowest prices, the sales behind them,
/// units by serial number.
#[derive(Clone, Debug, Default)]
pub struct Prices {
    days: HashMap<(Market, String), Vec<LowestPrice>>,
    sales: HashMap<Uuid, Arc<Sale>>,
    /// By article and serial number; nothing where it was looked for in vain.
    units: HashMap<(String, MatchKey), Option<SoldUnit>>,
}

impl Prices {
    /// The lowest price of each day on which an article was sold; an empty list says that it was
    /// not.
    pub fn load_days(&mut self, market: Market, sku: String, days: Vec<LowestPrice>) {
        self.days.insert((market, sku), days);
    }

    pub fn load_sale(&mut self, sale: Arc<Sale>) {
        self.sales.insert(sale.id, sale);
    }

    pub fn load_unit(&mut self, sku: String, serial: MatchKey, sold: Option<SoldUnit>) {
        self.units.insert((sku, serial), sold);
    }

    /// Enters a sale of this batch, where somebody asks for its articles.
    pub fn add_sale(&mut self, market: &Market, book: &Book) {
        if self.days.is_empty() {
            return;
        }
        for (sku, price) in of_book(book) {
            if let Some(days) = self.days.get_mut(&(market.clone(), sku.to_owned())) {
                days.push(price);
                self.sales.insert(book.sale.id, Arc::clone(&book.sale));
            }
        }
        for (sku, line) in book.sale.lines.iter().filter_map(|l| Some((l.sku.as_ref()?, l))) {
            for serial in &line.serial_numbers {
                if let Some(unit) = self.units.get_mut(&(sku.clone(), MatchKey::of(serial))) {
                    *unit = Some(SoldUnit::of(&book.sale));
                }
            }
        }
    }

    /// Lets go of the prices of a sale that was voided. Those that it hid in this batch come back
    /// with the next one.
    pub fn forget_sale(&mut self, sale: Uuid) {
        self.days.values_mut().for_each(|days| days.retain(|price| price.sale != sale));
        self.sales.remove(&sale);
    }

    /// The lowest price of an article from one day to another, both included; of equal ones that of
    /// the latest day.
    pub fn lowest(&self, market: &Market, sku: &str, from: Date, to: Date) -> Option<LowestPrice> {
        let days = self.days.get(&(market.clone(), sku.to_owned()))?;
        let within = days.iter().filter(|price| (from..=to).contains(&price.day));
        within.copied().reduce(|best, next| {
            let better = next.is_below(&best) || (!best.is_below(&next) && next.day > best.day);
            if better { next } else { best }
        })
    }

    /// The sale behind a price.
    pub fn sale(&self, id: Uuid) -> Option<&Arc<Sale>> {
        self.sales.get(&id)
    }

    /// The sale on whose receipt a unit stands.
    pub fn unit(&self, sku: &str, serial: &str) -> Option<&SoldUnit> {
        self.units.get(&(sku.to_owned(), MatchKey::of(serial)))?.as_ref()
    }

    /// The sales behind the lowest prices of every period that the policy names: the store loads
    /// those, for no other can be asked for.
    pub fn references(&self, wanted: &[Wanted]) -> Vec<Uuid> {
        let lowest = |of: &Wanted, days: u32| {
            self.lowest(&of.market, &of.sku, days_before(of.today, days), of.today)
        };
        let of_periods = |of: &Wanted| {
            of.periods.iter().filter_map(|days| lowest(of, *days)).collect::<Vec<_>>()
        };
        let mut sales: Vec<Uuid> =
            wanted.iter().flat_map(of_periods).map(|price| price.sale).collect();
        sales.sort_unstable();
        sales.dedup();
        sales
    }
}

/// An article that somebody brings back without a receipt, and how far back its prices may be asked
/// for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub market: Market,
    pub sku: String,
    /// The day at the counter.
    pub today: Date,
    /// The periods that the versions of the store's policy name, in days, longest last.
    pub periods: Vec<u32>,
}

impl Wanted {
    /// None where the store is not known, or its policy has no price for goods without a receipt.
    pub fn of(settings: &Settings, store: &str, sku: &str, now: Timestamp) -> Option<Wanted> {
        let store = settings.store(store)?;
        let periods = periods(settings.policy_of(store)?);
        let wanted = Wanted {
            market: Market::of(store),
            sku: sku.to_owned(),
            today: store.day(now),
            periods,
        };
        (!wanted.periods.is_empty()).then_some(wanted)
    }

    /// The first day that any period reaches.
    pub fn since(&self) -> Date {
        days_before(self.today, self.periods.last().copied().unwrap_or_default())
    }
}

/// The periods of lowest prices that versions of a policy name, in ascending order.
pub fn periods(versions: &[Version]) -> Vec<u32> {
    let rules = versions.iter().flat_map(|version| &version.policy.policy().rules);
    let mut periods: Vec<u32> = rules.filter_map(|rule| rule.set.lowest_in_days).collect();
    periods.sort_unstable();
    periods.dedup();
    periods
}

impl SoldUnit {
    pub fn of(sale: &Sale) -> SoldUnit {
        let (store, receipt) = (sale.store.clone(), sale.receipt.clone());
        SoldUnit { store, receipt, business_date: sale.business_date }
    }
}

/// The day that lies so many days before another.
pub fn days_before(to: Date, days: u32) -> Date {
    jiff::Span::new().try_days(i64::from(days)).map_or(Date::MIN, |span| to.saturating_sub(span))
}
