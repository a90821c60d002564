//! What ties the new goods of an exchange to the first sale: whose money paid for them, and since
//! when they count as bought.

use super::money::Minor;
use super::policy::ExchangeWindow;
use super::sale::Sale;
use jiff::civil::Date;
use uuid::Uuid;

/// A sale's tie to the return that it was taken for, and through it to the first sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tie {
    pub the_return: Uuid,
    pub return_number: String,
    /// The sale that a chain of exchanges began with; none where the goods came back without a
    /// receipt.
    pub first_sale: Option<Uuid>,
    /// Since when the goods count as bought where their window is inherited.
    pub since: Since,
    /// Lines that were exchanged evenly count from their own counterparts.
    pub even: Vec<Even>,
    /// Lines taken for goods that could only be exchanged: they can only be exchanged as well.
    pub exchange_only: Vec<u32>,
    /// The tenders whose money was paid before, with an earlier sale.
    pub carried: Vec<Carried>,
}

/// The days a window can be counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Since {
    pub bought_on: Date,
    pub delivered_on: Option<Date>,
}

/// A line that stands for a returned one at the price paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Even {
    pub line: u32,
    pub since: Since,
}

/// A tender of this sale whose money came from an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The tender's number in this sale.
    pub tender: u32,
    /// The sale and tender that the customer paid first; none for money that is of no tender.
    pub origin: Option<(Uuid, u32)>,
    /// The day of that payment: a check clears from then on.
    pub paid_on: Date,
    /// Of the tender's amount, what cash rounding had added (negative: kept) when it was paid.
    pub rounding: Minor,
}

impl Sale {
    /// Where the money of a tender came from, if it was carried over.
    pub fn carried(&self, tender: u32) -> Option<&Carried> {
        self.exchange_of.as_ref()?.carried.iter().find(|carried| carried.tender == tender)
    }

    /// Since when a line counts as bought by a policy's rule for exchanged goods. `own_day` is the
    /// day of this sale, for goods that inherit no other.
    pub fn bought_by(&self, line: u32, window: ExchangeWindow, own_day: Date) -> Since {
        let own = Since {
            bought_on: own_day,
            delivered_on: self.line(line).and_then(|line| line.delivered_on),
        };
        let Some(tie) = &self.exchange_of else { return own };
        let even = tie.even.iter().find(|even| even.line == line).map(|even| even.since);
        match window {
            ExchangeWindow::Restart => own,
            ExchangeWindow::Inherit => even.unwrap_or(own),
            // A link of the chain that was not even has left its own day.
            ExchangeWindow::InheritAll => even.map_or(tie.since, |even| even.min(tie.since)),
        }
    }

    /// Returns true if a line was taken for goods that could only be exchanged.
    pub fn is_exchange_only(&self, line: u32) -> bool {
        self.exchange_of.as_ref().is_some_and(|tie| tie.exchange_only.contains(&line))
    }

    /// The sale that a chain of exchanges began with: this one, unless it is one's.
    pub fn first_sale(&self) -> Option<Uuid> {
        self.exchange_of.as_ref().map_or(Some(self.id), |tie| tie.first_sale)
    }

    /// The day the money of a tender was paid.
    pub fn paid_on(&self, tender: u32) -> Date {
        self.carried(tender).map_or(self.business_date, |carried| carried.paid_on)
    }
}
