//! What the bank tells: disputes opened, and won or lost, with what it takes and keeps.

use crate::ledger::Paid;
use crate::world::{Known, World};
use returndesk::domain::chargebacks::{Chargeback, Ending, MarkChargeback};
use returndesk::domain::money::Minor;
use returndesk::domain::perform::{Command, Done, Outcome};
use returndesk::domain::refusal::Refusal;
use returndesk::domain::tender::TenderType;

/// Whether the money of a tender came from one that gives nothing back of it.
pub fn stopped(sales: &[Known], tender: &Paid) -> bool {
    let Some((sale, number)) = tender.origin else { return false };
    let Some(first) = sales.iter().find(|known| known.sale.id == sale) else { return false };
    first.books.tenders.iter().any(|tender| tender.number == number && tender.stops())
}

impl World {
    pub fn hear_from_the_bank(&mut self) {
        let recent = self.sales.len().min(12);
        let mut sale = self.sales.len() - 1 - self.chance.index(recent);
        let mut place = self.chance.index(self.sales[sale].books.tenders.len());
        // Most disputes end.
        let lately = self.sales.len().saturating_sub(40)..self.sales.len();
        let open = lately.clone().filter_map(|sale| {
            let tenders = &self.sales[sale].books.tenders;
            Some((sale, tenders.iter().position(|tender| tender.disputed)?))
        });
        let open: Vec<(usize, usize)> = open.collect();
        let refunded = lately.filter_map(|sale| {
            let tenders = &self.sales[sale].books.tenders;
            let refunded = |tender: &Paid| tender.refunded > 0 && tender.kind != TenderType::Cash;
            Some((sale, tenders.iter().position(refunded)?))
        });
        let refunded: Vec<(usize, usize)> = refunded.collect();
        match self.chance.within(0, 4) {
            0 | 1 if !open.is_empty() => (sale, place) = self.chance.pick(&open),
            2 if !refunded.is_empty() => (sale, place) = self.chance.pick(&refunded),
            _ => {}
        }
        // No bank stands behind what came back with a receipt.
        if self.sales[sale].books.tenders[place].number == 0 {
            return;
        }
        let known = &self.sales[sale];
        let (paid, tender) =
            (known.sale.tenders[place].amount.0, known.books.tenders[place].clone());
        let currency = known.sale.currency;
        let chance = &mut self.chance;
        let open = chance.one_in(if tender.disputed { 4 } else { 1 }) || chance.one_in(8);
        let some = chance.within(0, paid.max(1) * 5 / 4 + 1);
        let left = (tender.paid - tender.refunded - tender.lost).max(0);
        let amount =
            chance.pick(&[None, Some(paid), Some(some), Some(left), Some(tender.in_dispute)]);
        let amount = amount.filter(|_| open || chance.one_in(10));
        let dear = chance.within(0, 2_000);
        let fee = chance.pick(&[None, Some(dear), Some(0), Some(tender.fee)]);
        let ends = [None, Some(Ending::Won), Some(Ending::Lost), Some(Ending::Lost)];
        let ending = chance.pick(&ends).filter(|_| !open || chance.one_in(10));
        let text = |amount: i64| Minor(amount).format(currency);
        let command = MarkChargeback {
            sale: known.sale.id,
            tender: tender.number,
            open,
            ending,
            amount: amount.map(text),
            fee: fee.map(text),
            reference: Some("CB-1".to_owned()),
            note: None,
        };
        let foretold = after(&tender, paid, (open, ending), amount, fee);
        match self.perform(&Command::MarkChargeback(command), foretold.is_none()) {
            Outcome::Refused(refusal) => {
                assert!(matches!(*refusal, Refusal::Invalid(_)), "{refusal:?}");
                assert_eq!(foretold, None, "{tender:?} {refusal:?}");
                self.seen.disputes_refused += 1;
            }
            Outcome::Done(done) => {
                let Done::ChargebackMarked(told) = *done else { panic!("{done:?}") };
                let (after, about, kept) = foretold.unwrap_or_else(|| panic!("{told:?}"));
                let ended = (tender.disputed && !open).then_some(ending.unwrap_or(Ending::Won));
                let again = (about - left).max(0);
                let expected = Chargeback {
                    sale: self.sales[sale].sale.id,
                    tender: tender.number,
                    open,
                    ending: ended,
                    currency,
                    amount: Minor(about),
                    overlap: Minor(again),
                    fee: Minor(kept),
                    reference: Some("CB-1".to_owned()),
                };
                assert_eq!(*told, expected, "{tender:?}");
                self.seen.disputed += u64::from(open);
                self.seen.disputes_won += u64::from(ended == Some(Ending::Won));
                self.seen.disputes_lost += u64::from(ended == Some(Ending::Lost));
                self.seen.taken_twice += u64::from(after.twice() > 0);
                self.sales[sale].books.tenders[place] = after;
            }
        }
        self.compare(sale);
    }
}

/// The tender as it stands then, what the dispute is about, and its fee; nothing where what is told
/// cannot be.
fn after(
    tender: &Paid,
    paid: i64,
    (open, ending): (bool, Option<Ending>),
    amount: Option<i64>,
    fee: Option<i64>,
) -> Option<(Paid, i64, i64)> {
    let mut after = tender.clone();
    let left = (tender.paid - tender.refunded - tender.lost).max(0);
    let whole = if tender.in_dispute > 0 { tender.in_dispute } else { left };
    match (open, tender.disputed) {
        _ if tender.kind == TenderType::Cash => None,
        (true, _) if ending.is_some() => None,
        (false, _) if amount.is_some() => None,
        // Said before: it has to be the same, but for an amount that was nothing.
        (true, true) if tender.in_dispute > 0 || amount.is_none() => {
            let same = amount.is_none_or(|is| is == tender.in_dispute)
                && fee.is_none_or(|is| is == tender.fee);
            same.then_some((after, tender.in_dispute, tender.fee))
        }
        (true, _) => {
            after.disputed = true;
            after.in_dispute = amount.unwrap_or(left);
            after.fee = fee.unwrap_or(tender.fee);
            after.fees += after.fee - tender.fee;
            let (about, kept) = (after.in_dispute, after.fee);
            let fits = amount.is_none_or(|amount| amount + tender.lost <= paid);
            fits.then_some((after, about, kept))
        }
        (false, false) if ending.is_some() || fee.is_some() => None,
        (false, false) => Some((after, 0, 0)),
        (false, true) => {
            after.lost += if ending == Some(Ending::Lost) { whole } else { 0 };
            let kept = fee.unwrap_or(tender.fee);
            after.fees += kept - tender.fee;
            (after.disputed, after.in_dispute, after.fee) = (false, 0, 0);
            Some((after, whole, kept))
        }
    }
}
