//! The real shop's sales, and what is made up about them.

use crate::counter::{Counter, compiled_for};
use crate::counter::{discount, settings, store, tax, tender, totalled};
use crate::oracle;
use jiff::SignedDuration;
use returndesk::domain::allocate::largest_remainder;
use returndesk::domain::money::Minor;
use returndesk::domain::sale::{Sale, Tax};
use returndesk::domain::tender::TenderType;
use returndesk::wire::online_retail::{Options, Reader};
use returndesk::wire::sale::NewSale;
use std::sync::{Arc, OnceLock};
use uuid::Uuid;

pub const STORE: &str = "S1";
const KINDS: [TenderType; 3] = [TenderType::Cash, TenderType::CreditCard, TenderType::DebitCard];

/// Past the capture of the harness: that nothing ran has to be seen where everything else succeeds.
pub fn say(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// All sales of the file, read once; none where the data is not there, which is said.
pub fn sales(what: &str) -> Option<&'static [Sale]> {
    static SALES: OnceLock<Option<Vec<Sale>>> = OnceLock::new();
    let sales = SALES.get_or_init(|| oracle::open(oracle::SALES).map(read)).as_deref();
    if sales.is_none() {
        say(&format!(
            "\n*** REAL DATA NOT FOUND: {what} was not tried on the real shop's sales. Put the data folder beside the \
             project (../shared/data) or name it in RETURNDESK_DATA. ***\n"
        ));
    }
    sales
}

fn read(file: impl std::io::Read) -> Vec<Sale> {
    let now = "2026-11-22T12:00:00Z".parse().unwrap();
    let reader = Reader::new(file, Options { store: STORE.to_owned(), ..Options::default() });
    let sale = |(imported, number): (Result<_, _>, u128)| {
        let imported: returndesk::wire::online_retail::Imported = imported.unwrap();
        let sale: NewSale = serde_json::from_value(imported.sale).unwrap();
        Sale {
            id: Uuid::from_u128(number),
            ..sale.read(now, SignedDuration::from_mins(5)).unwrap().sale
        }
    };
    let sales: Vec<Sale> = reader.zip(1..).map(sale).collect();
    assert_eq!(sales.len(), 10_587);
    assert!(
        sales
            .iter()
            .flat_map(|sale| &sale.lines)
            .all(|line| line.taxes.is_empty() && line.discounts.is_empty())
    );
    sales
}

/// A coupon over odd pennies off the whole sale, a tax of 20 % that prices include or two that are
/// added, and two or three tenders.
pub fn made_up(real: &Sale, included: bool) -> Sale {
    let mut sale = Sale { prices_include_tax: included, ..real.clone() };
    let nets: i64 = sale.lines.iter().map(|line| line.net.0).sum();
    if nets > 0 {
        sale.discounts = vec![discount(((nets * 7 / 200) | 1).min(nets), None)];
    }
    let shares = sale.discount_shares();
    for (place, line) in sale.lines.iter_mut().enumerate() {
        let off: i64 = shares.iter().map(|of_lines| of_lines[place].0).sum();
        line.taxes = taxes(line.net.0 - off, included);
    }
    totalled(&mut sale);
    sale.tenders = split(&sale);
    assert_eq!(sale.misfits(), vec![], "{}", sale.receipt);
    sale
}

/// One tax that the net contains, or two of odd rates on top.
pub fn taxes(net: i64, included: bool) -> Vec<Tax> {
    match included {
        true => vec![tax("VAT", half_up(net * 20, 120))],
        false => vec![
            tax("STATE", half_up(net * 625, 10_000)),
            tax("CITY", half_up(net * 2_625, 100_000)),
        ],
    }
}

fn split(sale: &Sale) -> Vec<returndesk::domain::sale::Tender> {
    let mut chance = Chance::of(sale, 1);
    let (count, first) = (2 + chance.below(2), chance.below(3) as usize);
    let weights: Vec<Minor> = (0..count).map(|_| Minor(1 + chance.below(99))).collect();
    let shares =
        largest_remainder(sale.total, &weights).into_iter().filter(|share| share.is_positive());
    let one = |(share, place): (Minor, usize)| {
        let kind = KINDS[(first + place) % 3];
        let change = if kind == TenderType::Cash { chance.below(500) } else { 0 };
        tender(place as u32 + 1, kind, share.0 + change, change)
    };
    shares.zip(0..).map(one).collect()
}

/// A counter of the shop's own store where everything may come back, and nothing is known of any
/// sale yet.
pub fn open(rules: &str) -> Counter {
    let mut settings = settings(compiled_for(&["GBP"], rules));
    settings.stores.insert(STORE.to_owned(), Arc::new(store(STORE, "GBP", "GB", "Europe/London")));
    Counter::with_settings(settings, Vec::new())
}

pub fn rules(order: &str) -> String {
    format!(
        r#"[{{"id": "open", "when": {{}}, "set": {{"window": {{"days": 36500, "after": "refuse"}},
            "tender_order": {order}, "refund_to": {{"*": ["original"]}}}}}}]"#
    )
}

/// `n / d`, half up: not the domain's.
pub fn half_up(n: i64, d: i64) -> i64 {
    (2 * n + d) / (2 * d)
}

/// What `part` of `of` units of something worth `value` is worth, to the half penny up.
pub fn worth(value: i64, part: i64, of: i64) -> i64 {
    let (value, part, of) = (i128::from(value), i128::from(part), i128::from(of));
    i64::try_from((2 * value * part + of).div_euclid(2 * of)).unwrap()
}

/// Chance that falls the same way for a sale every time.
pub struct Chance(u64);

impl Chance {
    pub fn of(sale: &Sale, salt: u64) -> Chance {
        Chance(
            (sale.id.as_u128() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
                ^ salt.wrapping_mul(0xd1b5_4a32_d192_ed03),
        )
    }

    /// From 0 on, below `bound`.
    pub fn below(&mut self, bound: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as i64
    }
}
