//! The ledger: every movement comes to nought, and each account to what the model counts.

use crate::ledger::Books;
use crate::mixed::taxes_given_back;
use crate::tenders::Planned;
use crate::world::{Known, Made, Stands, World};
use returndesk::domain::gift_cards::CardKind;
use returndesk::domain::ledger::{Account, Amounts, Movement};
use returndesk::domain::tender::TenderType;

impl World {
    /// Takes up what a command moved.
    pub fn post(&mut self, movements: &[Movement]) {
        for movement in movements {
            assert_eq!(movement.posting.amounts.imbalance(), 0, "{movement:?}");
            self.accounts.add(&movement.posting.amounts);
            self.seen.movements += 1;
        }
    }

    /// Each account that can be counted another way.
    pub fn compare_accounts(&self) {
        assert_eq!(self.accounts.imbalance(), 0);
        let owed = |kind: CardKind| -> i64 {
            self.cards.iter().filter(|card| card.kind == kind).map(|card| card.balance).sum()
        };
        let standing = || self.returns.iter().filter(|made| !made.voided && !made.training);
        let refunds = || standing().flat_map(|made| made.refunds.iter());
        let due = refunds()
            .filter(|r| matches!(r.stands, Stands::Due | Stands::Failed { stood_in: false }));
        let replaced = |stands: Stands| stands == Stands::Failed { stood_in: true };
        let rounded: i64 = refunds().filter(|r| !replaced(r.stands)).map(|r| r.plan.rounding).sum();
        let sold: i64 =
            self.sales.iter().filter(|known| !known.voided).map(Known::own_rounding).sum();
        let lines = || standing().flat_map(|made: &Made| made.lines.iter());
        let included = |sale: usize| self.sales[sale].books.included;
        let fees: i64 =
            lines().map(|l| l.fee - if included(l.sale) { l.fee_taxes } else { 0 }).sum();
        let taxes: i64 =
            lines().map(|l| l.worth[1..=l.taxes].iter().sum::<i64>() - l.fee_taxes).sum();
        let of_charges: i64 =
            standing().flat_map(|made| &made.charges).flat_map(|charge| &charge.2[1..]).sum();
        let sales = self.sales.iter().filter(|known| !known.voided);
        let given_back: i64 = sales.map(|known| taxes_given_back(&known.sale)).sum();
        let counted = [
            (Account::GiftCardLiability, -owed(CardKind::GiftCard)),
            (Account::StoreCreditLiability, -owed(CardKind::StoreCredit)),
            (Account::RefundsPayable, -due.map(|refund| refund.plan.amount).sum::<i64>()),
            (Account::Rounding, rounded - sold),
            (Account::Fees, -fees),
            (Account::TaxReturned, taxes + of_charges + given_back),
        ];
        let tenders = || self.sales.iter().flat_map(|known| &known.books.tenders);
        let by_bank = [
            (Account::ChargebacksReceivable, tenders().map(|tender| tender.in_dispute).sum()),
            (Account::ChargebackLosses, tenders().map(|tender| tender.lost).sum()),
            (Account::ChargebackFees, tenders().map(|tender| tender.fees).sum()),
        ];
        for (account, amount) in counted.into_iter().chain(by_bank) {
            assert_eq!(self.accounts.of(account).0, amount, "{account:?}");
        }
        for (account, kind) in
            [(Account::CreditCard, TenderType::CreditCard), (Account::Check, TenderType::Check)]
        {
            let paid_in = |books: &Books| -> i64 {
                books
                    .tenders
                    .iter()
                    .filter(|tender| tender.kind == kind && tender.origin.is_none())
                    .map(|tender| tender.paid)
                    .sum()
            };
            let standing = self.sales.iter().filter(|known| !known.voided);
            let paid_in: i64 = standing.map(|known| paid_in(&known.books)).sum();
            let settled = refunds().filter(|refund| refund.stands == Stands::Settled);
            let of_kind = |plan: &Planned| if plan.kind == kind { plan.amount } else { 0 };
            let paid_out: i64 = settled.map(|refund| of_kind(&refund.plan)).sum();
            let taken = tenders().filter(|tender| tender.kind == kind);
            let taken: i64 = taken.map(|of| of.in_dispute + of.lost + of.fees).sum();
            assert_eq!(self.accounts.of(account).0, paid_in - paid_out - taken, "{account:?}");
        }
    }
}

/// Nothing on any account.
pub fn nought() -> Amounts {
    Amounts::default()
}
