//! Cards and their entries as they are shown.

use crate::domain::gift_cards::{Card, CardEntry, CardRef};
use crate::domain::money::{Currency, Minor};
use crate::wire::texts::Id;
use crate::wire::words::{CardKindWord, CardMoveWord, CardStatusWord};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// What stands in a kept answer for the request's code of this number.
pub fn code_placeholder(number: usize) -> String {
    format!("gift-card-code/{number}")
}

/// A gift card or store credit as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = GiftCard)]
pub struct CardView {
    pub id: Id,
    /// The whole code, in the answer that issues the card and nowhere else.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "G7Q2-M0XZ-4K9R-AB3T")]
    pub code: Option<String>,
    /// The code's last four characters.
    #[schema(example = "AB3T")]
    pub last4: Option<String>,
    pub kind: CardKindWord,
    pub status: CardStatusWord,
    /// ISO 4217.
    #[schema(example = "USD")]
    pub currency: String,
    #[schema(format = "amount", example = "50.00")]
    pub balance: String,
    /// The last day on which it can be used; null: it does not expire.
    #[schema(format = "date")]
    pub expires_on: Option<String>,
    /// Whether a PIN is asked for at lookup.
    pub pin_required: bool,
    /// The store that issued it; every store of its currency takes it.
    #[schema(example = "0042")]
    pub store: String,
    #[schema(value_type = String, format = "date-time")]
    pub issued_at: Timestamp,
    /// The lost card that it stands in for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Id>,
}

/// A card after money moved on or off it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = GiftCardMoved)]
pub struct CardMovedView {
    #[serde(flatten)]
    pub card: CardView,
    /// What moved.
    #[schema(format = "amount", example = "12.25")]
    pub amount: String,
    /// What was asked for and not there; to be taken by another tender.
    #[schema(format = "amount", example = "0.00")]
    pub remaining: String,
    pub entry: CardEntryView,
}

/// One movement of a balance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = GiftCardEntry)]
pub struct CardEntryView {
    /// Counted from 1 for each card, without gaps.
    #[schema(example = 2)]
    pub entry: u32,
    #[schema(value_type = String, format = "date-time")]
    pub at: Timestamp,
    pub kind: CardMoveWord,
    /// Signed: what it added.
    #[schema(format = "amount", example = "-12.25")]
    pub amount: String,
    /// The balance after it.
    #[schema(format = "amount", example = "37.75")]
    pub balance: String,
    /// The sale, return or other card that it belongs to, or a receipt's number.
    pub reference: Option<String>,
    #[schema(example = "0042")]
    pub store: String,
    #[schema(example = "3")]
    pub register: Option<String>,
    #[schema(example = "1042")]
    pub operator: String,
    /// The redemption that it takes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 2)]
    pub reverses: Option<u32>,
}

/// The card that a refund went to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RefundCard)]
pub struct RefundCardView {
    pub id: Id,
    /// The whole code of a card that was issued for it, in the answer that records the refund and
    /// nowhere else.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "G7Q2-M0XZ-4K9R-AB3T")]
    pub code: Option<String>,
    #[schema(example = "AB3T")]
    pub last4: Option<String>,
    /// What is on it now; in the answer that records the refund.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "amount", example = "12.25")]
    pub balance: Option<String>,
    /// The last day on which it can be used, if it expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "date")]
    pub expires_on: Option<String>,
}

impl CardView {
    pub fn new(card: &Card) -> CardView {
        CardView {
            id: Id(card.id),
            code: None,
            last4: card.last4.clone(),
            kind: card.kind.into(),
            status: card.status.into(),
            currency: card.currency.code().to_owned(),
            balance: card.balance.format(card.currency),
            expires_on: card.expires_on.map(|day| day.to_string()),
            pin_required: card.pin_hash.is_some(),
            store: card.store.clone(),
            issued_at: card.issued_at,
            replaces: card.replaces.map(Id),
        }
    }

    /// A card that was just issued, with the place of its code.
    pub fn issued(card: &Card) -> CardView {
        CardView { code: card.code_hash.map(|_| code_placeholder(0)), ..CardView::new(card) }
    }
}

impl CardMovedView {
    pub fn new(card: &Card, entry: &CardEntry, asked: Minor) -> CardMovedView {
        let moved = Minor(entry.amount.0.abs());
        CardMovedView {
            card: CardView::new(card),
            amount: moved.format(card.currency),
            remaining: Minor(asked.0 - moved.0).format(card.currency),
            entry: CardEntryView::new(entry, card.currency),
        }
    }
}

impl CardEntryView {
    pub fn new(entry: &CardEntry, currency: Currency) -> CardEntryView {
        CardEntryView {
            entry: entry.entry,
            at: entry.at,
            kind: entry.kind.into(),
            amount: entry.amount.format(currency),
            balance: entry.balance.format(currency),
            reference: entry.reference.clone(),
            store: entry.store.clone(),
            register: entry.register.clone(),
            operator: entry.operator.clone(),
            reverses: entry.reverses,
        }
    }
}

impl RefundCardView {
    pub fn new(card: &CardRef, currency: Currency) -> RefundCardView {
        let now = card.now.as_ref();
        RefundCardView {
            id: Id(card.id),
            code: now.and_then(|now| now.code).map(code_placeholder),
            last4: card.last4.clone(),
            balance: now.map(|now| now.balance.format(currency)),
            expires_on: now.and_then(|now| now.expires_on).map(|day| day.to_string()),
        }
    }
}
