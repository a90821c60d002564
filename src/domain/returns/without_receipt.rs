//! What a return knows of goods without a receipt, and whose limits it counts for.

use super::super::decide::Decided;
use super::super::draft::Draft;
use super::super::match_key::MatchKey;
use super::super::money::Minor;
use super::super::quantity::Quantity;
use super::super::words::Condition;
use super::Return;
use uuid::Uuid;

/// What came back of an article without a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreceipted {
    /// Counted within the return.
    pub line: u32,
    pub sku: String,
    pub quantity: Quantity,
    pub net: Minor,
    /// Code of each tax and what is given back of it.
    pub taxes: Vec<(String, Minor)>,
    /// Net, and the taxes unless the net contains them.
    pub gross: Minor,
    pub fee: Minor,
    /// Code of each tax and what was kept of it with the fee; empty where that is nothing.
    pub fee_taxes: Vec<(String, Minor)>,
    /// What the customer gets for it.
    pub refund: Minor,
    pub reason: String,
    pub condition: Condition,
    pub serial_number: Option<String>,
    /// The sale and line that the price was taken from; nothing came back of it.
    pub price_of: (Uuid, u32),
}

impl Return {
    /// Whose limits it counts for: the customer named, else those of its sales.
    pub fn customers_counted(&self) -> Vec<MatchKey> {
        let buyers = if self.customer.is_none() { self.buyers.as_slice() } else { &[] };
        self.customer.iter().chain(buyers).map(|customer| MatchKey::of(customer)).collect()
    }

    /// What goes back for goods without a receipt, if any came back so.
    pub fn refund_without_receipt(&self) -> Option<Minor> {
        let refund: i64 = self.without_receipt.iter().map(|line| line.refund.0).sum();
        (!self.without_receipt.is_empty()).then_some(Minor(refund))
    }
}

pub(super) fn unreceipted(decided: &Decided, numbered: usize) -> Vec<Unreceipted> {
    let lines =
        decided.decision.lines.iter().enumerate().filter(|(_, line)| line.is_without_receipt());
    let numbered = u32::try_from(numbered).unwrap_or(u32::MAX);
    let bare = lines.zip(1..).filter_map(|((place, line), number)| {
        Some(Unreceipted {
            line: numbered.saturating_add(number),
            sku: line.sku.clone()?,
            quantity: line.quantity,
            net: line.net,
            taxes: line.taxes.clone(),
            gross: line.gross,
            fee: line.fee,
            fee_taxes: line.fee_taxes.clone(),
            refund: line.refund,
            reason: line.reason.as_str().to_owned(),
            condition: line.condition,
            serial_number: line.serial_number.clone(),
            price_of: *decided.price_of.get(&place)?,
        })
    });
    bare.collect()
}

/// The customers of the sales, but for gifts, where the draft names nobody.
pub(super) fn buyers(draft: &Draft, decided: &Decided) -> Vec<String> {
    let gift = |sale: &Uuid| decided.decision.gifts.contains(sale);
    let of_sales = decided.books.iter().filter(|(sale, _)| !gift(sale) && draft.customer.is_none());
    let mut buyers: Vec<String> =
        of_sales.filter_map(|(_, book)| book.sale.customer.clone()).collect();
    buyers.sort_unstable();
    buyers.dedup();
    buyers
}
