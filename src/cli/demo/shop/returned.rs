//! What came back to the made-up shop before today, as often and as late as measured.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use serde_json::{Value, json};

use super::catalogue::Kind;
use super::measured::{
    DAYS_TO_RETURN, LINES_COMING_BACK, RETURNS_OF_A_PART, SALES_COMING_BACK, draw, hour,
};
use super::people::cashiers;
use super::plan::Slot;
use super::random::SplitMix64;
use super::ticket::{Line, Ticket};
use crate::domain::quantity::Quantity;

/// Reasons and the condition that goes with them, the frequent ones more than once.
const WHY: [(&str, &str); 8] = [
    ("changed_mind", "unopened"),
    ("changed_mind", "opened"),
    ("changed_mind", "unopened"),
    ("defective", "opened"),
    ("damaged", "damaged"),
    ("wrong_item", "unopened"),
    ("not_as_described", "opened"),
    ("gift", "unopened"),
];

/// Someone comes back: when, at which register, and the body of `POST /v1/returns` that the
/// register sends.
#[derive(Clone, Debug, PartialEq)]
pub struct ComingBack {
    /// Local time of the store.
    pub at: DateTime,
    pub operator: &'static str,
    pub body: Value,
}

/// Decides whether something of a sale came back before today. What is sold for good stays sold,
/// and kits stay whole.
pub(super) fn comes_back(
    slot: &Slot,
    ticket: &Ticket,
    today: Date,
    random: &mut SplitMix64,
) -> Option<ComingBack> {
    let (coming, days, lines) = (
        random.permille(SALES_COMING_BACK),
        draw(DAYS_TO_RETURN, random),
        draw(LINES_COMING_BACK, random),
    );
    let mut may: Vec<usize> =
        (0..ticket.lines.len()).filter(|&line| may_come_back(&ticket.lines[line])).collect();
    random.shuffle(&mut may);
    may.truncate(lines as usize);
    may.sort_unstable();
    let at = when(slot.at, days, random);
    if !coming || may.is_empty() || at.date() >= today {
        return None;
    }
    let lines: Vec<Value> =
        may.iter().map(|&line| returned(&ticket.lines[line], line as u32 + 1, random)).collect();
    let body = json!({
        "store": slot.store, "register": slot.register,
        "sale": { "receipt": slot.receipt(), "store": slot.store, "business_date": slot.at.date().to_string() },
        "lines": lines, "refund_to": "original",
    });
    Some(ComingBack { at, operator: random.pick(&cashiers(slot.store)), body })
}

fn may_come_back(line: &Line) -> bool {
    !line.product.final_sale && line.product.kind != Kind::Kit && line.parent.is_none()
}

/// At any hour of a later day, or within the hour on the same.
fn when(sold: DateTime, days: i64, random: &mut SplitMix64) -> DateTime {
    if days == 0 {
        return sold.saturating_add(random.between(15, 60).minutes());
    }
    sold.date().saturating_add(days.days()).at(hour(random), random.below(60) as i8, 0, 0)
}

fn returned(line: &Line, number: u32, random: &mut SplitMix64) -> Value {
    let units = line.quantity / 1_000;
    let part = line.product.kind == Kind::Piece && units > 1 && random.permille(RETURNS_OF_A_PART);
    let quantity = if part { 1_000 * random.between(1, units - 1) } else { line.quantity };
    let (reason, condition) = random.pick(&WHY);
    let mut body = json!({ "sale_line": number, "quantity": Quantity(quantity).to_string(), "reason": reason,
        "condition": condition });
    if let Some(serial) = line.serials.first() {
        body["serial_number"] = json!(serial);
    }
    body
}
