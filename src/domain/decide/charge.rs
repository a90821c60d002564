//! Charges of a sale that come back: shipping, deposits (PRODUCT §1).
//!
//! With goods of the same sale a charge goes by what those are judged by. Alone it goes by the
//! sale's first item: after the window of that, shipping does not go back either.

use super::super::book::{ChargeBook, ChargeParts};
use super::super::decision::{ChargeDecision, Code, Finding, Verdict};
use super::super::money::{Currency, Minor};
use super::super::policy::{Governing, Resolved, Version, governing};
use super::super::refusal::Fault;
use super::super::sale::{Charge, Sale, SaleLine};
use super::{Choice, Deciding};
use uuid::Uuid;

impl<'a> Deciding<'a> {
    /// Decides charge `index` of the draft.
    pub(super) fn charge(&mut self, index: usize) {
        let asked = &self.draft.charges[index];
        let pointer = format!("/charges/{index}");
        let Some(reference) = asked.sale.as_ref().or(self.draft.sale.as_ref()) else {
            self.faults.push(Fault::invalid(
                format!("{pointer}/sale"),
                "Say which sale the charge belongs to.",
            ));
            return;
        };
        let sale = match self.open(reference, &pointer) {
            Ok(sale) => sale,
            Err(finding) => return self.findings.extend(finding),
        };
        if let Some(finding) = self.books.get(&sale).and_then(|book| self.voided(book)) {
            return self.findings.push(finding);
        }
        let Some((rules, found)) = self.rules_of_charge(sale) else { return self.no_policy() };
        let Some(book) = self.books.get_mut(&sale) else { return };
        let Some(place) = book.charge(asked.charge) else {
            let detail = format!("The sale has no charge {}.", asked.charge);
            self.faults.push(Fault::invalid(format!("{pointer}/charge"), &detail));
            return;
        };
        let Some(charge) = book.sale.paid_charge(asked.charge) else { return };
        let mut findings = Vec::new();
        if !charge.refundable {
            let detail = format!("The {} charge is not refundable.", charge.kind);
            findings.push(Finding::refused(Code::NotReturnable, "service:charge", detail));
        }
        findings.extend(exhausted(&book.charges[place], &charge, asked.amount, self.currency));
        let nothing =
            || ChargeParts { amount: Minor::ZERO, taxes: vec![Minor::ZERO; charge.taxes.len()] };
        let parts = match findings.is_empty() {
            true => book.charges[place].take(asked.amount).unwrap_or_else(nothing),
            false => nothing(),
        };
        self.charge_rules.push(rules);
        findings.extend(found);
        let taxes = charge.taxes.iter().zip(&parts.taxes);
        self.charges.push(ChargeDecision {
            sale,
            charge: charge.charge,
            amount: parts.amount,
            taxes: taxes.map(|(tax, part)| (tax.code.clone(), *part)).collect(),
            refund: book.charges[place].gross(&parts),
            findings,
        });
    }

    /// The rules a charge falls under: those of a line of its sale that comes back with it, which
    /// are asked there; or of the sale's first line, with what they find.
    fn rules_of_charge(&self, sale: Uuid) -> Option<(Resolved<'a>, Vec<Finding>)> {
        let of_lines = self.lines.iter().zip(&self.resolved);
        let with_it = of_lines
            .filter(|(line, _)| line.sale == Some(sale))
            .find_map(|(_, resolved)| *resolved);
        if let Some(resolved) = with_it {
            return Some((resolved, Vec::new()));
        }
        let sale = &self.books.get(&sale)?.sale;
        let versions = self.case.settings.policy_of(self.store)?;
        Some(match governing(versions, Some(sale.sold_at), self.case.now)? {
            Governing::One(version) => self.charge_alone(version, sale),
            Governing::Better { at_sale, at_return } => {
                self.two_versions.set(true);
                let then = || self.charge_alone(at_sale, sale);
                let now = || self.charge_alone(at_return, sale);
                match self.choice {
                    Choice::AtSale => then(),
                    Choice::AtReturn => now(),
                    Choice::EachLine => {
                        let (then, now) = (then(), now());
                        if worst(&now.1) < worst(&then.1) { now } else { then }
                    }
                }
            }
        })
    }

    /// What a version says of a charge that comes back without goods.
    fn charge_alone(&self, version: &'a Version, sale: &Sale) -> (Resolved<'a>, Vec<Finding>) {
        let Some(place) = sale.lines.iter().position(SaleLine::is_goods) else {
            return (self.resolve(version, None, None), Vec::new());
        };
        let (resolved, since) = self.resolve_line(version, sale, place, None);
        let outcome = self.outcome(&resolved, sale.lines[place].has_flag("final_sale"));
        let outcome = outcome
            .map(|finding| Finding { detail: format!("{WHY} {}", finding.detail), ..finding });
        let only = self.taken_for_exchange_only(version, &resolved, sale, place);
        let window = self.window(&resolved, since);
        (resolved, outcome.into_iter().chain(only).chain(window).collect())
    }
}

/// Why a charge, or so much of it, cannot go back (again).
fn exhausted(
    book: &ChargeBook,
    charge: &Charge,
    amount: Option<Minor>,
    currency: Currency,
) -> Option<Finding> {
    if book.is_refunded() {
        let detail = format!("The {} charge was already refunded.", charge.kind);
        return Some(Finding::refused(Code::AlreadyReturned, "service:charge", detail));
    }
    let asked = amount.filter(|amount| *amount > book.left())?;
    let detail = format!(
        "Only {} of the {} charge can still be refunded, not {}.",
        book.left().format(currency),
        charge.kind,
        asked.format(currency)
    );
    Some(Finding::refused(Code::PriceAbovePaid, "service:paid-cap", detail))
}

const WHY: &str = "A charge alone goes by the first item of its sale.";

fn worst(findings: &[Finding]) -> Verdict {
    findings.iter().map(|finding| finding.outcome).max().unwrap_or_default()
}
