//! How a sale is paid: by card, cash with change, check, gift card, or a split of two.

use serde_json::{Value, json};

use super::random::SplitMix64;
use super::ticket::dollars;

/// Cash is for small sales; above this many cents people pay by card or check.
const CASH_UP_TO: i64 = 15_000;
const BRANDS: [&str; 4] = ["visa", "mastercard", "amex", "discover"];

/// One tender. Amounts are cents; `change` went back over the counter.
#[derive(Clone, Debug)]
pub(super) struct Payment {
    pub kind: &'static str,
    pub amount: i64,
    pub change: i64,
    pub reference: Option<String>,
    pub card: Option<Card>,
}

/// A card as a register may know it: never by its number.
#[derive(Clone, Debug)]
pub(super) struct Card {
    brand: &'static str,
    last4: String,
    fingerprint: String,
}

impl Payment {
    pub(super) fn body(&self, tender: u32) -> Value {
        let mut body =
            json!({ "tender": tender, "type": self.kind, "amount": dollars(self.amount) });
        if self.change > 0 {
            body["change"] = json!(dollars(self.change));
        }
        if let Some(reference) = &self.reference {
            body["reference"] = json!(reference);
        }
        if let Some(Card { brand, last4, fingerprint }) = &self.card {
            body["card"] = json!({ "brand": brand, "last4": last4, "fingerprint": fingerprint });
        }
        body
    }
}

/// The card that a stream of numbers stands for: the same customer's stream, the same card.
pub(super) fn card(owner: &mut SplitMix64) -> Card {
    Card {
        brand: owner.pick(&BRANDS),
        last4: format!("{:04}", owner.below(10_000)),
        fingerprint: format!("fp_{:016x}", owner.next()),
    }
}

pub(super) fn credit(amount: i64, card: Card, random: &mut SplitMix64) -> Payment {
    by_card("credit_card", amount, card, random)
}

/// Pays a total in one of the ways people do; tenders less change come to the total. Credit and
/// debit cards and cash are about as frequent among small sales as in a real supermarket's till log
/// (18 : 17 : 16).
pub(super) fn pay(total: i64, owner: &mut SplitMix64, random: &mut SplitMix64) -> Vec<Payment> {
    let card = card(owner);
    match random.below(1000) {
        0..40 if total > 3_000 => {
            let gift = 500 * random.between(2, 5);
            vec![voucher(gift, random), credit(total - gift, card, random)]
        }
        40..80 if total > 3_000 => {
            let cash = 100 * random.between(5, (total / 200).min(100));
            vec![credit(total - cash, card, random), exact_cash(cash)]
        }
        80..110 => vec![check(total, random)],
        110..130 if total < 5_000 => vec![voucher(total, random)],
        130..440 if total <= CASH_UP_TO => vec![cash_with_change(total, random)],
        440..760 => vec![by_card("debit_card", total, card, random)],
        _ => vec![credit(total, card, random)],
    }
}

fn by_card(kind: &'static str, amount: i64, card: Card, random: &mut SplitMix64) -> Payment {
    Payment {
        kind,
        amount,
        change: 0,
        reference: Some(format!("tok_{:012x}", random.next() >> 16)),
        card: Some(card),
    }
}

/// A gift card, named by what the register keeps of it, which is not its code.
fn voucher(amount: i64, random: &mut SplitMix64) -> Payment {
    let reference = Some(format!("gc_{:012x}", random.next() >> 16));
    Payment { kind: "gift_card", amount, change: 0, reference, card: None }
}

fn check(amount: i64, random: &mut SplitMix64) -> Payment {
    let reference = Some(format!("check {}", random.between(101, 4_999)));
    Payment { kind: "check", amount, change: 0, reference, card: None }
}

fn exact_cash(amount: i64) -> Payment {
    Payment { kind: "cash", amount, change: 0, reference: None, card: None }
}

/// Notes enough for the total: the next five or twenty dollars.
fn cash_with_change(total: i64, random: &mut SplitMix64) -> Payment {
    let note = random.pick(&[500, 2_000]);
    let given = (total + note - 1) / note * note;
    Payment { amount: given, change: given - total, ..exact_cash(given) }
}
