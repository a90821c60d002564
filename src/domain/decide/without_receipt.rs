//! Goods without a receipt: the policy in force now, asked of what is known of the article, and the
//! lowest price that anybody paid for it (PRODUCT §9, docs/decisions/0014).

use super::super::book::{Book, LineBook, Parts};
use super::super::decision::{Code, Finding, LineDecision, Verdict};
use super::super::draft::{Asked, DraftLine};
use super::super::money::Minor;
use super::super::policy::{Facts, Resolved, Version};
use super::super::prices::{LowestPrice, Market, days_before, periods, share};
use super::super::quantity::Quantity;
use super::super::refusal::Fault;
use super::super::sale::Sale;
use super::super::unit_price::UnitPrice;
use super::super::words::Disposition;
use super::fee::{Before, Kept, Step};
use super::line::{condition, spoken_days};
use super::{Deciding, same_tender_rules};
use std::sync::Arc;

/// The purchase that a price is taken from.
struct Reference {
    price: LowestPrice,
    sale: Arc<Sale>,
    place: usize,
}

impl Reference {
    /// The line, as if nothing of it had come back.
    fn line(&self) -> LineBook {
        Book::new(Arc::clone(&self.sale)).lines.swap_remove(self.place)
    }
}

impl<'a> Deciding<'a> {
    /// Decides line `index`, which names an article and no line of a sale.
    pub(super) fn without_receipt(&mut self, index: usize) {
        let draft = self.draft;
        let asked = &draft.lines[index];
        let (Some(sku), &Asked::Units(units)) = (asked.sku.as_deref(), &asked.asked) else {
            let detail = "Name the sale_line of a sale, or the sku and quantity of an item without a receipt.";
            return self.faults.push(Fault::invalid(format!("/lines/{index}"), detail));
        };
        if self.evenly(index) {
            let detail = "Without a receipt there is no price paid that could be kept; give the new goods their price.";
            return self.faults.push(Fault::invalid(format!("/lines/{index}"), detail));
        }
        let Some(version) = self.version_at(self.case.now) else { return self.no_policy() };
        // What the article is, is known from its purchases: the cheapest of the longest period
        // speaks for it.
        let known = self.longest_period().and_then(|days| self.reference(sku, days));
        let resolved = self.resolve_without(version, asked, known.as_ref());
        if *resolved.receipt_required.value {
            let detail = "Without a receipt this cannot be taken back; look the sale up by card or by customer.";
            let rule = resolved.receipt_required.rule.to_owned();
            return self
                .push_bare(index, Finding::refused(Code::ReceiptMissing, rule, detail.to_owned()));
        }
        let period = resolved.lowest_in_days.map(|set| *set.value);
        let reference = period.and_then(|days| self.reference(sku, days));
        // Units are bounded far above what was sold at once: their worth must stay an amount, so
        // that sums cannot overflow.
        if reference
            .as_ref()
            .is_some_and(|r| share(r.price.value, units, r.price.sold) > Minor::MAX)
        {
            let detail = "So many units are worth more than any amount can be.";
            return self.faults.push(Fault::invalid(format!("/lines/{index}/quantity"), detail));
        }
        let moved = reference.as_ref().map(|r| r.price) != known.as_ref().map(|r| r.price);
        let resolved = match &reference {
            Some(cheapest) if moved => self.resolve_without(version, asked, Some(cheapest)),
            _ => resolved,
        };
        self.take_without(index, units, version, &resolved, period, reference.as_ref());
    }

    /// Enters the decision of a line whose rules and price are known.
    fn take_without(
        &mut self,
        index: usize,
        units: Quantity,
        version: &'a Version,
        resolved: &Resolved<'a>,
        period: Option<u32>,
        reference: Option<&Reference>,
    ) {
        let asked = &self.draft.lines[index];
        let sku = asked.sku.clone().unwrap_or_default();
        let mut findings = Vec::new();
        let final_sale = reference.is_some_and(|r| r.sale.lines[r.place].has_flag("final_sale"));
        findings.extend(self.outcome(resolved, final_sale));
        findings.extend(self.reason(version, resolved, &asked.reason));
        findings.extend(condition(resolved, asked));
        findings.extend(self.identity(resolved));
        findings.extend(self.unit_of_a_receipt(asked, units, reference));
        let worth = reference.map(|r| worth(&r.line(), units, asked.unit_price));
        let own = reference.zip(worth.as_ref()).and_then(|(r, parts)| {
            asked.unit_price.filter(|_| parts.net < self::worth(&r.line(), units, None).net)
        });
        findings.push(self.price_told(resolved, period, reference, own));
        let taxes = match (reference, &worth) {
            (Some(r), Some(parts)) => r.line().with_codes(&parts.taxes),
            _ => Vec::new(),
        };
        let kept = match (reference, &worth) {
            (Some(r), Some(parts)) => self.kept_without(resolved, r, asked, units, parts),
            _ => None,
        };
        let (fee, fee_taxes, off) =
            kept.zip(reference).map_or_else(Default::default, |((kept, off), r)| {
                findings.push(kept.told);
                (kept.fee, r.line().with_codes(&kept.taxes), off)
            });
        let parts = worth.clone().unwrap_or_default();
        let quantity = if worth.is_some() { units } else { Quantity::ZERO };
        if let Some(r) = reference {
            self.price_of.insert(self.lines.len(), (r.price.sale, r.price.line));
        }
        self.lines.push(LineDecision {
            index,
            sale: None,
            sale_line: None,
            sku: Some(sku),
            returnable: quantity,
            quantity,
            reason: asked.reason.clone(),
            condition: asked.condition,
            disposition: asked.disposition.unwrap_or(Disposition::Undecided),
            serial_number: asked.serial_number.clone(),
            note: asked.note.clone(),
            policy_version: version.number,
            verdict: Verdict::Allowed,
            net: parts.net,
            taxes,
            discount_shares: Vec::new(),
            gross: parts.gross,
            withheld: Minor::ZERO,
            forgone: Minor::ZERO,
            tax_only: Vec::new(),
            fee,
            fee_taxes,
            refund: Minor(parts.gross.0 - off),
            findings,
        });
        self.parts.push(worth);
        self.resolved.push(Some(*resolved));
    }

    /// The longest period that any version of the policy names: as far back as prices are loaded.
    fn longest_period(&self) -> Option<u32> {
        periods(self.case.settings.policy_of(self.store)?).last().copied()
    }

    /// The cheapest purchase of the last so many days.
    fn reference(&self, sku: &str, days: u32) -> Option<Reference> {
        let since = days_before(self.today, days);
        let price = self.case.prices.lowest(&Market::of(self.store), sku, since, self.today)?;
        let sale = Arc::clone(self.case.prices.sale(price.sale)?);
        let place = sale.lines.iter().position(|line| line.line == price.line)?;
        Some(Reference { price, sale, place })
    }

    /// Asks the policy about an article. Of its cheapest purchase only what is true of the article
    /// counts, and what makes a purchase final: who lost the receipt of a clearance sale gains
    /// nothing by it.
    fn resolve_without(
        &self,
        version: &'a Version,
        asked: &DraftLine,
        known: Option<&Reference>,
    ) -> Resolved<'a> {
        let line = known.map(|r| &r.sale.lines[r.place]);
        let category: Vec<&str> =
            line.iter().flat_map(|l| &l.category).map(String::as_str).collect();
        let flags: Vec<&str> = line.iter().flat_map(|l| &l.flags).map(String::as_str).collect();
        version.policy.resolve(&Facts {
            category: &category,
            sku: asked.sku.as_deref(),
            brand: line.and_then(|l| l.brand.as_deref()),
            store: Some(&self.store.store),
            region: Some(&self.store.region),
            reason: Some(&asked.reason),
            condition: Some(asked.condition),
            flags: &flags,
            serialised: line.is_some_and(|l| !l.serial_numbers.is_empty()),
            price: line.map(|l| l.price()).or(asked.unit_price.map(UnitPrice::rounded)),
            ..Facts::default()
        })
    }

    /// A unit that stands on a receipt comes back by that; what is sold by serial number shows its
    /// own.
    fn unit_of_a_receipt(
        &self,
        asked: &DraftLine,
        units: Quantity,
        known: Option<&Reference>,
    ) -> Option<Finding> {
        let refused =
            |detail| Some(Finding::refused(Code::SerialMismatch, "service:serial", detail));
        let serialised = known.is_some_and(|r| !r.sale.lines[r.place].serial_numbers.is_empty());
        let Some(serial) = asked.serial_number.as_deref() else {
            let detail =
                "This item is sold by serial number; scan the number of the one coming back."
                    .to_owned();
            return if serialised { refused(detail) } else { None };
        };
        if let Some(sold) = self.case.prices.unit(asked.sku.as_deref().unwrap_or_default(), serial)
        {
            let (receipt, store) = (&sold.receipt, &sold.store);
            return refused(format!(
                "Serial number {serial} was sold on receipt {receipt} of store {store} on {}; take it back by that receipt.",
                sold.business_date
            ));
        }
        if serialised && units != Quantity::ONE {
            return refused(
                "One serial number is one unit; enter a line for each that comes back.".to_owned(),
            );
        }
        None
    }

    /// What the price is, and of which day; or that there is none. `own` is the register's price
    /// where that is given.
    fn price_told(
        &self,
        resolved: &Resolved<'_>,
        period: Option<u32>,
        reference: Option<&Reference>,
        own: Option<UnitPrice>,
    ) -> Finding {
        let rule = resolved.lowest_in_days.map_or(resolved.receipt_required.rule, |set| set.rule);
        let (Some(days), Some(r)) = (period, reference) else {
            let detail = match period {
                Some(days) => format!(
                    "No sale of this item within the last {} is recorded, so its worth is unknown; look the sale up by card or \
                     customer.",
                    spoken_days(i64::from(days))
                ),
                None => {
                    "The policy does not say what an item without a receipt is worth.".to_owned()
                }
            };
            return Finding::refused(Code::PriceUnknown, rule, detail);
        };
        let money = |amount: Minor| amount.format(self.currency);
        let lowest = format!(
            "the lowest price of the last {}, {}{} on {}",
            spoken_days(i64::from(days)),
            money(r.price.of_one()),
            if r.line().taxes().is_empty() { "" } else { " with taxes" },
            r.price.day
        );
        let detail = match own {
            Some(own) => {
                let own = own.format(self.currency);
                format!("Without a receipt: {own} as the register says, below {lowest}.")
            }
            None => format!("Without a receipt: {lowest}, is given."),
        };
        Finding::noted(Code::ReceiptMissing, rule, detail)
    }

    /// The fee by the price of the cheapest purchase, and what it and its taxes take off the
    /// refund.
    fn kept_without(
        &self,
        resolved: &Resolved<'_>,
        reference: &Reference,
        asked: &DraftLine,
        quantity: Quantity,
        parts: &Parts,
    ) -> Option<(Kept, i64)> {
        let (sale, place) = (&*reference.sale, reference.place);
        let line = reference.line();
        let step = Step { sale, place, line: &line, before: Before::of(&line), quantity, parts };
        let kept = self.fee(resolved, asked, &step)?;
        let off = kept.in_all(&line);
        Some((kept, off))
    }

    /// What goes back for goods without a receipt, summed where the same rules for tenders hold.
    pub(super) fn amounts_without_receipt(&self) -> Vec<(Resolved<'a>, Minor)> {
        let mut sums: Vec<(Resolved<'a>, Minor)> = Vec::new();
        let bare =
            self.lines.iter().zip(&self.resolved).filter(|(line, _)| line.is_without_receipt());
        for (line, resolved) in bare {
            let Some(resolved) = resolved else { continue };
            match sums.iter_mut().find(|(rules, _)| same_tender_rules(rules, resolved)) {
                Some((_, sum)) => sum.0 += line.refund.0,
                None => sums.push((*resolved, line.refund)),
            }
        }
        sums
    }
}

/// What units are worth at the price of a line, net and each tax by itself, and never more than the
/// register's own price comes to: then the taxes go down with the net.
fn worth(line: &LineBook, units: Quantity, own: Option<UnitPrice>) -> Parts {
    let full = share(line.net_value(), units, line.sold);
    let net = own.and_then(|own| own.times_down(units)).map_or(full, |own| full.min(own));
    let of_tax = |amount: Minor| {
        let tax = share(amount, units, line.sold);
        if net == full { tax } else { share(tax, Quantity(net.0), Quantity(full.0)) }
    };
    let taxes: Vec<Minor> = line.tax_values().iter().map(|tax| of_tax(*tax)).collect();
    Parts { net, gross: Minor(net.0 + line.added(&taxes).0), taxes, ..Parts::default() }
}
