//! The two sales that the demo walks through, made by hand so that every figure of them can be told
//! in a sentence.

use jiff::ToSpan;
use jiff::civil::Date;

use super::catalogue::{Kind, Product, gtin};
use super::plan::{Basket, Slot};
use super::ticket::{Discount, Line, Ticket};

/// A sale to show a return on, and the line of it that comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picked {
    pub store: String,
    pub register: String,
    pub receipt: String,
    pub business_date: Date,
    pub customer: String,
    pub line: u32,
    /// Units sold on the line.
    pub quantity: u32,
}

/// The hand-picked sales. Both are of store 0042, of one line and paid by one credit card; nothing
/// of them has come back, and no rule but the window touches them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walk {
    /// Bought 10 days ago: 2 units of one line.
    pub within_window: Picked,
    /// Bought 41 days ago, category gifts: a window of 30 days closed 11 days ago.
    pub window_over: Picked,
}

/// The slots of both sales, older first.
pub(super) fn slots(today: Date) -> [Slot; 2] {
    let slot = |days: i32, customer, register, number, basket| Slot {
        at: today.saturating_sub(days.days()).at(14, 5, 9, 0),
        store: "0042",
        register,
        operator: "1042",
        customer: Some(customer),
        sent: false,
        basket,
        number,
    };
    // Numbers that no register reaches on a day.
    [
        slot(41, 9_077, "3", 4711, Basket::WindowOver),
        slot(10, 9_012, "1", 4712, Basket::WithinWindow),
    ]
}

pub(super) fn picked(slot: &Slot) -> Picked {
    Picked {
        store: slot.store.to_owned(),
        register: slot.register.to_owned(),
        receipt: slot.receipt(),
        business_date: slot.at.date(),
        customer: slot.customer.map(super::customer_id).unwrap_or_default(),
        line: 1,
        quantity: 2,
    }
}

/// 2 × 19.90, no discount.
pub(super) fn within_window() -> Ticket {
    let lantern = product(19_112, "B", "Brass garden lantern", ["home", "garden"], 1_990);
    ticket(lantern, None)
}

/// 2 × 12.50 less 2.50: 22.50, and 2.00 tax.
pub(super) fn window_over() -> Ticket {
    let heart = product(19_123, "A", "Hanging heart", ["gifts", "decor"], 1_250);
    let discount =
        Discount { amount: 250, promotion: "SPRING", description: "10 % off".to_owned() };
    ticket(heart, Some(discount))
}

fn product(
    number: usize,
    letter: &str,
    name: &str,
    category: [&'static str; 2],
    price: i64,
) -> Product {
    Product {
        sku: format!("{number}{letter}"),
        gtin: gtin(number),
        name: name.to_owned(),
        category,
        kind: Kind::Piece,
        price,
        final_sale: false,
    }
}

fn ticket(product: Product, discount: Option<Discount>) -> Ticket {
    let unit_price = product.price;
    let line =
        Line { product, quantity: 2_000, unit_price, discount, serials: vec![], parent: None };
    Ticket { lines: vec![line], discount: 0, shipping: None }
}
