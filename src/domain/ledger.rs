//! The ledger: every movement of money as one balanced row of debits and credits (PRODUCT §12).
//!
//! A movement belongs to one entry of the log, the one that tells of the same act, and has its
//! place in the store's chain. Debits are positive, credits negative; a movement's amounts come to
//! nought, and the database holds that, too.

use super::canonical::Json;
use super::money::{Currency, Minor};
use super::tender::TenderType;
use super::words::vocabulary;
use jiff::civil::Date;

mod posting;

pub use posting::{
    card_moved, charged_back, disputes, exchanged, fees, paid_out, returned, sale_taken_back,
    settled, sold, taken_back,
};

vocabulary! {
    /// The chart of accounts, in the order of the database's columns.
    Account {
        // What customers paid with and were paid in: the drawer, and what is to be settled with
        // others.
        Cash = "cash",
        CreditCard = "credit_card",
        DebitCard = "debit_card",
        Check = "bank_check",
        GiftCard = "gift_card",
        StoreCredit = "store_credit",
        Voucher = "voucher",
        StoreAccount = "store_account",
        Ebt = "ebt",
        Bnpl = "bnpl",
        MobileWallet = "mobile_wallet",
        Loyalty = "loyalty",
        OtherTender = "other_tender",
        // Taken by banks for disputes that are open.
        ChargebacksReceivable = "chargebacks_receivable",
        // What the shop owes.
        GiftCardLiability = "gift_card_liability",
        StoreCreditLiability = "store_credit_liability",
        RefundsPayable = "refunds_payable",
        // What was sold, and what came back of it: apart, so that both can be told of a receipt
        // that has both.
        Sales = "sales",
        Charges = "charges",
        Tax = "tax",
        Returns = "returns",
        ChargesReturned = "charges_returned",
        TaxReturned = "tax_returned",
        Fees = "fees",
        Goodwill = "goodwill",
        Rounding = "rounding",
        // What disputes cost: taken for good, and what banks keep for each.
        ChargebackLosses = "chargeback_losses",
        ChargebackFees = "chargeback_fees",
        // What this service cannot know the other side of.
        Suspense = "suspense",
    }
}

impl Account {
    pub const COUNT: usize = Account::ALL.len();

    /// Where a means of payment is until it is settled with whoever stands behind it; cash is the
    /// drawer itself. What a card of ours paid, or was refunded, is moved on by the card's own
    /// entry.
    pub fn of_tender(kind: TenderType) -> Account {
        match kind {
            TenderType::Cash => Account::Cash,
            TenderType::CreditCard => Account::CreditCard,
            TenderType::DebitCard => Account::DebitCard,
            TenderType::Check => Account::Check,
            TenderType::GiftCard => Account::GiftCard,
            TenderType::StoreCredit => Account::StoreCredit,
            TenderType::Voucher => Account::Voucher,
            TenderType::StoreAccount => Account::StoreAccount,
            TenderType::Ebt => Account::Ebt,
            TenderType::Bnpl => Account::Bnpl,
            TenderType::MobileWallet => Account::MobileWallet,
            TenderType::Loyalty => Account::Loyalty,
            TenderType::Other => Account::OtherTender,
        }
    }
}

/// An amount for every account, in minor units: debits positive, credits negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Amounts([i64; Account::COUNT]);

impl Amounts {
    /// Amounts as they are stored, in the order of [`Account::ALL`].
    pub fn from_columns(columns: [i64; Account::COUNT]) -> Amounts {
        Amounts(columns)
    }

    pub fn of(&self, account: Account) -> Minor {
        Minor(self.0[account as usize])
    }

    /// Saturates, which the balance then shows: amounts from outside are bounded far below.
    pub fn debit(&mut self, account: Account, amount: Minor) {
        let sum = &mut self.0[account as usize];
        *sum = sum.saturating_add(amount.0);
    }

    pub fn credit(&mut self, account: Account, amount: Minor) {
        let sum = &mut self.0[account as usize];
        *sum = sum.saturating_sub(amount.0);
    }

    /// Moves an amount from one account to another: balanced by construction.
    pub fn shift(&mut self, amount: Minor, from: Account, to: Account) {
        self.credit(from, amount);
        self.debit(to, amount);
    }

    pub fn add(&mut self, other: &Amounts) {
        Account::ALL.iter().for_each(|account| self.debit(*account, other.of(*account)));
    }

    /// The same movement taken back.
    pub fn reversed(&self) -> Amounts {
        let mut back = Amounts::default();
        Account::ALL.iter().for_each(|account| back.credit(*account, self.of(*account)));
        back
    }

    /// What is in a movement; the other accounts are not part of it.
    pub fn iter(&self) -> impl Iterator<Item = (Account, Minor)> + '_ {
        Account::ALL
            .iter()
            .map(|account| (*account, self.of(*account)))
            .filter(|(_, amount)| !amount.is_zero())
    }

    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// What debits and credits differ by: nought, or a fault of ours.
    pub fn imbalance(&self) -> i128 {
        self.0.iter().map(|amount| i128::from(*amount)).sum()
    }

    /// What was sold, with charges and taxes, before cash rounding; gift cards are owed, not sold.
    pub fn turnover_sold(&self) -> Minor {
        self.total(&[Account::Sales, Account::Charges, Account::Tax], -1)
    }

    /// What came back or was given back while the goods stay, with charges and taxes, before fees.
    pub fn turnover_returned(&self) -> Minor {
        self.total(
            &[Account::Returns, Account::ChargesReturned, Account::TaxReturned, Account::Goodwill],
            1,
        )
    }

    fn total(&self, accounts: &[Account], sign: i64) -> Minor {
        Minor(
            sign * accounts
                .iter()
                .fold(0_i64, |sum, account| sum.saturating_add(self.of(*account).0)),
        )
    }
}

/// Where and when money moved: the drawer it concerns, and the trading day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// None: what was done at no register.
    pub register: Option<String>,
    pub business_date: Date,
    pub currency: Currency,
    pub amounts: Amounts,
}

/// The member of an entry's data that says how the act was booked.
pub const LEDGER: &str = "ledger";

impl Posting {
    /// What the log says of it: amounts by account, debits positive, as decimal text.
    pub fn facts(&self) -> Json {
        let amounts = self.amounts.iter().map(|(account, amount)| {
            let text = amount.format(self.currency);
            (account.as_str(), Json::from(text))
        });
        Json::object([
            ("register", self.register.as_deref().into()),
            ("business_date", self.business_date.to_string().into()),
            ("currency", self.currency.code().into()),
            ("amounts", Json::object(amounts)),
        ])
    }
}

/// A posting to be kept with the entry that tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// Its entry's place among those that the batch has noted.
    pub entry: usize,
    pub posting: Posting,
}
