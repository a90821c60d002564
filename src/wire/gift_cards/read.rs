//! Bodies about cards, and their reading into commands.

use crate::domain::gift_cards::{
    At, CardCommand, CardEntry, CashOut, IssueCard, KeepCard, Keeping, LoadCard, NewCode,
    RedeemCard, ReplaceCard, ReverseRedemption, TransferCard,
};
use crate::domain::money::{Currency, Minor};
use crate::domain::refusal::Fault;
use crate::wire::reading::{Reading, Sign, filled};
use crate::wire::texts::Id;
use crate::wire::words::CardKindWord;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Issues a card. An amount of nothing makes an inactive one, to be sold.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "gift_card", "amount": "50.00", "currency": "USD", "store": "0042"}))]
pub struct IssueRequest {
    pub kind: CardKindWord,
    /// What is on it at once; `"0"`: it is inactive until a sale or a load puts something on it.
    #[schema(format = "amount", example = "50.00")]
    pub amount: String,
    /// The store's currency, ISO 4217.
    #[schema(min_length = 3, max_length = 3, example = "USD")]
    pub currency: String,
    /// The store that issues it.
    #[schema(format = "store", min_length = 1, max_length = 32, example = "0042")]
    pub store: String,
    #[serde(default)]
    #[schema(format = "name", min_length = 1, max_length = 64, example = "3")]
    pub register: Option<String>,
    /// A code that is printed already, such as a GS1 SGCN, `(255)` and 14 to 25 digits. Left out:
    /// one is made.
    #[serde(default)]
    #[schema(
        format = "code",
        min_length = 8,
        max_length = 80,
        example = "(255)95012345678903000001"
    )]
    pub code: Option<String>,
    /// Asked for at every lookup.
    #[serde(default)]
    #[schema(format = "code", min_length = 4, max_length = 16, example = "4711")]
    pub pin: Option<String>,
    /// The last day on which it can be used: not before five years. Left out: it does not expire.
    #[serde(default)]
    #[schema(format = "date", example = "2032-01-01")]
    pub expires_on: Option<String>,
}

/// Issues many cards alike; each line of the answer is one.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "gift_card", "amount": "0", "currency": "USD", "store": "0042", "count": 1000}))]
pub struct BulkRequest {
    pub kind: CardKindWord,
    /// What is on each at once; `"0"`: they are inactive until they are sold.
    #[schema(format = "amount", example = "0")]
    pub amount: String,
    /// The store's currency, ISO 4217.
    #[schema(min_length = 3, max_length = 3, example = "USD")]
    pub currency: String,
    /// The store that issues them.
    #[schema(format = "store", min_length = 1, max_length = 32, example = "0042")]
    pub store: String,
    /// How many.
    #[schema(minimum = 1, maximum = 10_000_000, example = 1000)]
    pub count: u32,
    /// The last day on which they can be used: not before five years. Left out: they do not expire.
    #[serde(default)]
    #[schema(format = "date", example = "2032-01-01")]
    pub expires_on: Option<String>,
}

/// Looks a card up.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "G7Q2-M0XZ-4K9R-AB3T", "pin": "4711"}))]
pub struct LookupRequest {
    /// As printed or scanned; spaces, dashes and small letters do not matter.
    #[schema(format = "code", min_length = 1, max_length = 80, example = "G7Q2-M0XZ-4K9R-AB3T")]
    pub code: String,
    #[serde(default)]
    #[schema(format = "code", max_length = 16, example = "4711")]
    pub pin: Option<String>,
}

/// Takes money off a card for a purchase.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"amount": "12.25", "sale": "0042-3-20260301-4711"}))]
pub struct RedeemRequest {
    #[schema(format = "amount", example = "12.25")]
    pub amount: String,
    /// The sale that is paid, by its id or its receipt.
    #[serde(default)]
    #[schema(
        format = "reference",
        min_length = 1,
        max_length = 255,
        example = "0042-3-20260301-4711"
    )]
    pub sale: Option<String>,
    /// Take what is there, if it is less; `remaining` says what is to be paid otherwise.
    #[serde(default)]
    pub partial: bool,
    /// The store where it is used; left out, the caller's one store or the card's own.
    #[serde(default)]
    #[schema(format = "store", min_length = 1, max_length = 32, example = "0042")]
    pub store: Option<String>,
    #[serde(default)]
    #[schema(format = "name", min_length = 1, max_length = 64, example = "3")]
    pub register: Option<String>,
}

/// Puts money on a card; the first makes an inactive one active.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"amount": "25.00", "sale": "0042-3-20260301-4712"}))]
pub struct LoadRequest {
    #[schema(format = "amount", example = "25.00")]
    pub amount: String,
    /// The sale that it was bought with, by its id or its receipt.
    #[serde(default)]
    #[schema(
        format = "reference",
        min_length = 1,
        max_length = 255,
        example = "0042-3-20260301-4712"
    )]
    pub sale: Option<String>,
    /// The store where it is loaded; left out, the caller's one store or the card's own.
    #[serde(default)]
    #[schema(format = "store", min_length = 1, max_length = 32, example = "0042")]
    pub store: Option<String>,
    #[serde(default)]
    #[schema(format = "name", min_length = 1, max_length = 64, example = "3")]
    pub register: Option<String>,
}

/// Pays the balance out in cash, where the law asks for it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"store": "0042", "register": "3"}))]
pub struct CashOutRequest {
    /// The store that pays; left out, the caller's one store or the card's own.
    #[serde(default)]
    #[schema(format = "store", min_length = 1, max_length = 32, example = "0042")]
    pub store: Option<String>,
    #[serde(default)]
    #[schema(format = "name", min_length = 1, max_length = 64, example = "3")]
    pub register: Option<String>,
}

/// Takes a redemption back.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"store": "0042", "register": "3"}))]
pub struct ReverseRequest {
    /// The store where it is done; left out, the caller's one store or the card's own.
    #[serde(default)]
    #[schema(format = "store", min_length = 1, max_length = 32, example = "0042")]
    pub store: Option<String>,
    #[serde(default)]
    #[schema(format = "name", min_length = 1, max_length = 64, example = "3")]
    pub register: Option<String>,
}

/// Moves a balance to another card.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"to": "0190d3a0-0000-7000-8000-000000000000"}))]
pub struct TransferRequest {
    /// The card that gets it.
    pub to: Id,
    /// How much; left out, all of it.
    #[serde(default)]
    #[schema(format = "amount", example = "10.00")]
    pub amount: Option<String>,
    #[serde(default)]
    #[schema(format = "store", min_length = 1, max_length = 32, example = "0042")]
    pub store: Option<String>,
    #[serde(default)]
    #[schema(format = "name", min_length = 1, max_length = 64, example = "3")]
    pub register: Option<String>,
}

/// Gives a lost card's balance a new code; the old one is dead.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "lost"}))]
pub struct ReplaceRequest {
    /// The code of the new card, if it is printed already. Left out: one is made.
    #[serde(default)]
    #[schema(
        format = "code",
        min_length = 8,
        max_length = 80,
        example = "(255)95012345678903000002"
    )]
    pub code: Option<String>,
    /// Asked for at every lookup of the new card.
    #[serde(default)]
    #[schema(format = "code", min_length = 4, max_length = 16, example = "4711")]
    pub pin: Option<String>,
    /// Why, in a word.
    #[serde(default)]
    #[schema(max_length = 500, example = "lost")]
    pub reason: Option<String>,
    #[serde(default)]
    #[schema(format = "store", min_length = 1, max_length = 32, example = "0042")]
    pub store: Option<String>,
    #[serde(default)]
    #[schema(format = "name", min_length = 1, max_length = 64, example = "3")]
    pub register: Option<String>,
}

/// Freezes, unfreezes or voids a card.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "reported stolen"}))]
pub struct KeepRequest {
    /// Why; the log keeps a digest of it.
    #[serde(default)]
    #[schema(max_length = 500, example = "reported stolen")]
    pub reason: Option<String>,
    #[serde(default)]
    #[schema(format = "store", min_length = 1, max_length = 32, example = "0042")]
    pub store: Option<String>,
    #[serde(default)]
    #[schema(format = "name", min_length = 1, max_length = 64, example = "3")]
    pub register: Option<String>,
}

fn at(store: String, register: Option<String>) -> At {
    At { store, register: filled(register), operator: None, business_date: None }
}

fn one_amount(text: &mut String, currency: Currency, sign: Sign) -> Result<Minor, Vec<Fault>> {
    let mut reading = Reading::new(Some(currency));
    let amount = reading.amount(format_args!("/amount"), text, sign);
    reading.finish(amount)
}

impl IssueRequest {
    /// The command; `code` and `given` as [`IssueCard`] has them.
    pub fn read(
        mut self,
        code: Option<NewCode>,
        given: bool,
        pin_hash: Option<[u8; 32]>,
    ) -> Result<CardCommand, Vec<Fault>> {
        let currency = Currency::parse(&self.currency);
        let mut reading = Reading::new(currency);
        reading.store(format_args!("/store"), &self.store);
        let amount = reading.amount(format_args!("/amount"), &mut self.amount, Sign::NotNegative);
        let expires_on = self.expires_on.as_deref();
        let expires_on = expires_on.and_then(|day| reading.date(format_args!("/expires_on"), day));
        let unknown = || {
            vec![Fault::invalid("/currency", "The currency must be a code of ISO 4217, like USD.")]
        };
        let at = at(self.store, self.register);
        let currency = currency.ok_or_else(unknown)?;
        let issue = IssueCard {
            kind: self.kind.0,
            amount,
            currency,
            at,
            code,
            given,
            pin_hash,
            expires_on,
        };
        reading.finish(CardCommand::Issue(issue))
    }
}

impl BulkRequest {
    /// One of the cards.
    pub fn each(&self) -> IssueRequest {
        IssueRequest {
            kind: self.kind,
            amount: self.amount.clone(),
            currency: self.currency.clone(),
            store: self.store.clone(),
            register: None,
            code: None,
            pin: None,
            expires_on: self.expires_on.clone(),
        }
    }
}

impl RedeemRequest {
    pub fn read(
        mut self,
        card: Uuid,
        currency: Currency,
        store: String,
    ) -> Result<CardCommand, Vec<Fault>> {
        let amount = one_amount(&mut self.amount, currency, Sign::Positive)?;
        let (reference, partial, at) = (filled(self.sale), self.partial, at(store, self.register));
        Ok(CardCommand::Redeem(RedeemCard { card, amount, partial, reference, at }))
    }
}

impl LoadRequest {
    pub fn read(
        mut self,
        card: Uuid,
        currency: Currency,
        store: String,
    ) -> Result<CardCommand, Vec<Fault>> {
        let amount = one_amount(&mut self.amount, currency, Sign::Positive)?;
        let (reference, at) = (filled(self.sale), at(store, self.register));
        Ok(CardCommand::Load(LoadCard { card, amount, reference, at }))
    }
}

impl ReverseRequest {
    /// The command to take this redemption back; `the_return` is the one whose number it names.
    pub fn read(
        self,
        redemption: &CardEntry,
        the_return: Option<Uuid>,
        store: String,
    ) -> CardCommand {
        CardCommand::Reverse(ReverseRedemption {
            card: redemption.card,
            entry: redemption.entry,
            sale: ReverseRedemption::named(redemption),
            the_return,
            at: at(store, self.register),
        })
    }
}

impl CashOutRequest {
    pub fn read(self, card: Uuid, store: String) -> CardCommand {
        CardCommand::CashOut(CashOut { card, at: at(store, self.register) })
    }
}

impl TransferRequest {
    pub fn read(
        mut self,
        from: Uuid,
        currency: Currency,
        store: String,
    ) -> Result<CardCommand, Vec<Fault>> {
        let amount = self
            .amount
            .as_mut()
            .map(|text| one_amount(text, currency, Sign::Positive))
            .transpose()?;
        Ok(CardCommand::Transfer(TransferCard {
            from,
            to: self.to.0,
            amount,
            at: at(store, self.register),
        }))
    }
}

impl ReplaceRequest {
    pub fn read(
        self,
        card: Uuid,
        code: Option<NewCode>,
        given: bool,
        pin_hash: Option<[u8; 32]>,
        store: String,
    ) -> CardCommand {
        let (reason, at) = (filled(self.reason), at(store, self.register));
        CardCommand::Replace(ReplaceCard { card, code, given, pin_hash, reason, at })
    }
}

impl KeepRequest {
    pub fn read(self, card: Uuid, keeping: Keeping, store: String) -> CardCommand {
        let (reason, at) = (filled(self.reason), at(store, self.register));
        CardCommand::Keep(KeepCard { card, keeping, reason, at })
    }
}
