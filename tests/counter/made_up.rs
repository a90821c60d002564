//! Sales made up from a handful of numbers, so that they add up whatever the numbers are.

use super::{currency, discount, id, line, sale, tax, totalled, with};
use returndesk::domain::allocate::{half_up, largest_remainder};
use returndesk::domain::money::Minor;
use returndesk::domain::quantity::Quantity;
use returndesk::domain::rounding::cash_rounding;
use returndesk::domain::sale::{Charge, Sale, SaleLine, Tender};
use returndesk::domain::tender::TenderType;

/// Stores by currency: none, two, three and four digits, with cash rounding and without.
pub const PLACES: [(&str, &str, &str, &str); 7] = [
    ("0042", "USD", "US-NY", "America/New_York"),
    ("0050", "CAD", "CA-ON", "America/Toronto"),
    ("0070", "JPY", "JP-13", "Asia/Tokyo"),
    ("0071", "KWD", "KW", "Asia/Kuwait"),
    ("0072", "CLF", "CL", "America/Santiago"),
    ("0073", "CHF", "CH-ZH", "Europe/Zurich"),
    ("0074", "SEK", "SE", "Europe/Stockholm"),
];

pub const CURRENCIES: [&str; 7] = ["USD", "CAD", "JPY", "KWD", "CLF", "CHF", "SEK"];

const KINDS: [TenderType; 4] =
    [TenderType::Cash, TenderType::CreditCard, TenderType::GiftCard, TenderType::Check];

#[derive(Clone, Debug)]
pub struct SaleShape {
    /// Of [`PLACES`].
    pub place: usize,
    pub included: bool,
    pub lines: Vec<LineShape>,
    /// Percent of what the lines come to, each.
    pub off: Vec<i64>,
    /// Amount and tax; all refundable.
    pub charges: Vec<(i64, i64)>,
    pub tenders: Vec<TenderShape>,
}

#[derive(Clone, Debug)]
pub struct LineShape {
    pub thousandths: i64,
    pub price: i64,
    /// Percent.
    pub off: i64,
    /// Permille of the net.
    pub taxes: Vec<i64>,
}

#[derive(Clone, Debug)]
pub struct TenderShape {
    /// Of the kinds of tender.
    pub kind: usize,
    pub weight: i64,
    /// Handed back from cash.
    pub change: i64,
}

impl SaleShape {
    pub fn build(&self, number: u128) -> Sale {
        let (store, code, region, _) = PLACES[self.place];
        let lines: Vec<SaleLine> =
            self.lines.iter().zip(1..).map(|(shape, number)| shape.build(number)).collect();
        let nets: i64 = lines.iter().map(|line| line.net.0).sum();
        let mut made = sale(lines, Vec::new());
        (made.id, made.receipt, made.store) = (id(number), format!("R-{number}"), store.to_owned());
        (made.currency, made.prices_include_tax) = (currency(code), self.included);
        made.discounts =
            self.off.iter().map(|percent| discount(nets * percent / 100, None)).collect();
        let charges = self.charges.iter().zip(1..);
        made.charges =
            charges.map(|((amount, tax), number)| charge(number, *amount, *tax)).collect();
        totalled(&mut made);
        let weights: Vec<Minor> = self.tenders.iter().map(|shape| Minor(shape.weight)).collect();
        let shares = largest_remainder(made.total, &weights);
        let tenders = self.tenders.iter().zip(&shares).zip(1..);
        made.tenders =
            tenders.map(|((shape, share), number)| shape.build(number, *share)).collect();
        let last_cash = made.tenders.iter().rposition(|tender| tender.kind == TenderType::Cash);
        let rounding = cash_rounding(made.currency, region, made.business_date);
        if let (Some(rounding), Some(last)) = (rounding, last_cash) {
            // Cash is coins: what is less than one is paid with the last of it, and rounded there.
            for place in
                (0..last).filter(|place| KINDS[self.tenders[*place].kind] == TenderType::Cash)
            {
                let odd = shares[place].0 % rounding.step;
                made.tenders[place].amount.0 -= odd;
                made.tenders[last].amount.0 += odd;
            }
            let exact = made.tenders[last].paid();
            made.cash_rounding = Minor(rounding.round(exact).0 - exact.0);
            made.tenders[last].amount.0 += made.cash_rounding.0;
        }
        made
    }
}

impl LineShape {
    fn build(&self, number: u32) -> SaleLine {
        with(line(number, 1, self.price), |line| {
            line.quantity = Quantity(self.thousandths);
            let extended = half_up(i128::from(self.price) * i128::from(self.thousandths), 1_000);
            let off = extended * self.off / 100;
            if off > 0 {
                line.discounts = vec![discount(off, None)];
            }
            line.net = Minor(extended - off);
            let taxes = self.taxes.iter().zip(["A", "B", "C"]);
            line.taxes =
                taxes.map(|(permille, code)| tax(code, line.net.0 * permille / 1_000)).collect();
        })
    }
}

impl TenderShape {
    fn build(&self, number: u32, share: Minor) -> Tender {
        let kind = KINDS[self.kind];
        let change = if kind == TenderType::Cash { self.change } else { 0 };
        super::tender(number, kind, share.0 + change, change)
    }
}

fn charge(number: u32, amount: i64, of_tax: i64) -> Charge {
    let taxes = vec![tax("A", of_tax)];
    Charge {
        charge: number,
        kind: "shipping".to_owned(),
        amount: Minor(amount),
        taxes,
        refundable: true,
    }
}
