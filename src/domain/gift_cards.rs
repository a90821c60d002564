//! Gift cards and store credit (PRODUCT §11): a card is the sum of its entries, never negative, and
//! its code is known here only by a keyed hash.
//!
//! Every change of a balance goes through [`State::move_card`](super::state::State): one entry, one
//! line in the log.

pub mod code;
pub mod commands;
pub mod keep;
pub mod law;
pub mod look_up;
pub mod of_returns;
pub mod of_sales;
pub mod reversal;
pub mod wallet;

pub use commands::{CardCommand, CashOut, IssueCard, LoadCard, RedeemCard, TransferCard};
pub use keep::{KeepCard, Keeping, ReplaceCard};
pub use look_up::LookUpCard;
pub use reversal::ReverseRedemption;
pub use wallet::{At, Movement, Wallet};

use super::ledger::Account;
use super::money::{Currency, Minor};
use super::refusal::Refusal;
use super::tender::TenderType;
use super::words::vocabulary;
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

vocabulary! {
    /// What a card is: bought, or given by the shop for something that came back.
    CardKind {
        GiftCard = "gift_card",
        StoreCredit = "store_credit",
    }
}

vocabulary! {
    /// Where a card stands. Only an active or a frozen card has a balance.
    CardStatus {
        /// Printed and not yet sold: nothing is on it.
        Inactive = "inactive",
        Active = "active",
        /// Held back, until somebody has looked into it.
        Frozen = "frozen",
        Void = "void",
        /// Lost: its balance is on another card.
        Replaced = "replaced",
    }
}

vocabulary! {
    /// Why a balance moved.
    CardMove {
        /// First money on a new card.
        Issue = "issue",
        /// First money on a card that was sold: a sale, or a load of one that was inactive.
        Activate = "activate",
        Load = "load",
        Redeem = "redeem",
        /// A redemption taken back: its amount is on the card again.
        Reversal = "reversal",
        /// Money of a return, onto a card that was there.
        Refund = "refund",
        /// A card that was bought comes back: its unspent value is taken off.
        Return = "return",
        CashOut = "cash_out",
        TransferIn = "transfer_in",
        TransferOut = "transfer_out",
        /// Reverses entries of a return, or takes an unspent card out of the world.
        Void = "void",
    }
}

impl CardMove {
    /// Whether the customer has had something of the card's value by it: then the card can no
    /// longer be voided.
    pub fn spends(self) -> bool {
        matches!(self, CardMove::Redeem | CardMove::CashOut | CardMove::TransferOut)
    }

    /// Returns true if the customer pays a sale by it, or has such a payment back.
    pub fn pays(self) -> bool {
        matches!(self, CardMove::Redeem | CardMove::Reversal)
    }

    /// Whether a return makes such entries.
    pub fn is_of_returns(self) -> bool {
        matches!(self, CardMove::Issue | CardMove::Refund | CardMove::Return | CardMove::Void)
    }
}

impl CardKind {
    /// Where the money comes from, or goes, that is put on a card or taken off without a sale or a
    /// return: the shop's own for store credit; for gift cards, nobody here knows.
    pub fn unexplained(self) -> Account {
        match self {
            CardKind::GiftCard => Account::Suspense,
            CardKind::StoreCredit => Account::Goodwill,
        }
    }

    /// What the shop owes to holders of such cards.
    pub fn liability(self) -> Account {
        match self {
            CardKind::GiftCard => Account::GiftCardLiability,
            CardKind::StoreCredit => Account::StoreCreditLiability,
        }
    }

    /// Where its money is between the card and the sale or return that it is for: back to nought
    /// once both are booked.
    pub fn clearing(self) -> Account {
        match self {
            CardKind::GiftCard => Account::GiftCard,
            CardKind::StoreCredit => Account::StoreCredit,
        }
    }

    /// The kind of card that a means of payment is paid back with.
    pub fn of(tender: TenderType) -> Option<CardKind> {
        match tender {
            TenderType::GiftCard => Some(CardKind::GiftCard),
            TenderType::StoreCredit => Some(CardKind::StoreCredit),
            _ => None,
        }
    }
}

/// A card as it stands. Amounts are minor units of `currency`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    pub id: Uuid,
    pub kind: CardKind,
    /// HMAC of the code; none for a card that was given no code yet: replacing it gives it one.
    pub code_hash: Option<[u8; 32]>,
    /// HMAC of code and PIN together; none: no PIN is asked for.
    pub pin_hash: Option<[u8; 32]>,
    /// The last four characters of the code, for people.
    pub last4: Option<String>,
    /// The store that issued it; any store of the currency takes it.
    pub store: String,
    pub currency: Currency,
    /// The sum of its entries.
    pub balance: Minor,
    pub status: CardStatus,
    pub issued_at: Timestamp,
    /// The last day on which it can be used; none: it does not expire.
    pub expires_on: Option<Date>,
    /// How many entries it has; they are numbered from 1.
    pub entries: u32,
    /// Something of its value has been used, paid out or moved.
    pub spent: bool,
    /// The return that it was issued for.
    pub issued_for: Option<Uuid>,
    /// The lost card whose balance it took over.
    pub replaces: Option<Uuid>,
}

/// One movement of a balance; never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardEntry {
    pub card: Uuid,
    /// From 1, without gaps.
    pub entry: u32,
    pub at: Timestamp,
    pub kind: CardMove,
    /// Signed: what it added.
    pub amount: Minor,
    /// The balance after it.
    pub balance: Minor,
    /// The sale, return or other card that it belongs to, or a receipt's number.
    pub reference: Option<String>,
    pub store: String,
    pub register: Option<String>,
    /// Employee number of the person at the register.
    pub operator: String,
    /// The redemption that it takes back, by its number on the same card.
    pub reverses: Option<u32>,
}

/// The code of a card to be issued: its hash and what may be shown of it. The code itself stays
/// with who derives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCode {
    pub hash: [u8; 32],
    pub last4: String,
}

/// A card that a refund went to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardRef {
    pub id: Uuid,
    pub last4: Option<String>,
    /// What the answer of this moment tells of it; not kept.
    pub now: Option<CardNow>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardNow {
    /// Which of the request's codes it was issued with; none for a card that was there.
    pub code: Option<usize>,
    pub balance: Minor,
    pub expires_on: Option<Date>,
}

/// What came of a command about a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CardDone {
    /// A new card; the request's first code is its own. `entry` is its first money.
    Issued { card: Card, entry: Option<CardEntry> },
    /// A balance moved; `asked` is what was asked for, where it can be more than what moved.
    Moved { card: Card, entry: CardEntry, asked: Minor },
    /// Its standing changed.
    Kept(Card),
    /// The PIN was right.
    Found(Card),
}

/// Why nothing can be taken off or put on a card, as the cashier is told.
pub(super) fn refused(code: &'static str, detail: impl Into<String>) -> Refusal {
    Refusal::Card { code, detail: detail.into(), balance: None }
}

/// Unknown card, wrong code and wrong PIN: one answer.
pub fn not_found() -> Refusal {
    refused(
        "card_not_found",
        "There is no such card, or the PIN is not right; check the card's code and PIN.",
    )
}

impl Card {
    /// Whether the card's currency is the store's.
    fn of_currency(&self, currency: Currency) -> Result<(), Refusal> {
        if self.currency == currency {
            return Ok(());
        }
        let (own, other) = (self.currency.code(), currency.code());
        Err(refused("wrong_currency", format!("The card is in {own}; this store takes {other}.")))
    }

    /// Whether money may be put on it or taken off it on this day. An inactive card may.
    fn usable(&self, today: Date) -> Result<(), Refusal> {
        match self.status {
            CardStatus::Void => Err(refused("card_void", "The card was voided.")),
            CardStatus::Replaced => {
                Err(refused("card_void", "The card was replaced; its balance is on the new one."))
            }
            CardStatus::Frozen => Err(refused(
                "card_frozen",
                "The card is frozen; a supervisor can unfreeze it after looking into it.",
            )),
            CardStatus::Inactive | CardStatus::Active => {
                match self.expires_on.filter(|last| *last < today) {
                    Some(last) => Err(refused(
                        "card_expired",
                        format!("The card could be used until {last}."),
                    )),
                    None => Ok(()),
                }
            }
        }
    }

    /// The refusal of taking more than there is.
    fn too_little(&self, asked: Option<Minor>) -> Refusal {
        let balance = self.balance.format(self.currency);
        let detail = match (self.status, asked) {
            (CardStatus::Inactive, _) => {
                "The card has not been sold yet; nothing is on it.".to_owned()
            }
            (_, Some(asked)) => {
                format!("{} is asked for, {balance} is on the card.", asked.format(self.currency))
            }
            (_, None) => "Nothing is left on the card.".to_owned(),
        };
        Refusal::Card { code: "insufficient_balance", detail, balance: Some(balance) }
    }

    /// Whether a refund can be put on it: a frozen card takes money and gives none.
    pub fn takes_refund(&self, currency: Currency, today: Date) -> bool {
        let standing = match self.status {
            CardStatus::Active | CardStatus::Frozen => true,
            CardStatus::Inactive | CardStatus::Void | CardStatus::Replaced => false,
        };
        standing && self.currency == currency && self.expires_on.is_none_or(|last| last >= today)
    }
}
