//! One line of a draft: what comes back of it, what that is worth, and what each rule says.

use super::super::allocate::{cumulative, half_up};
use super::super::book::{LineBook, Parts};
use super::super::decision::{Code, Finding, LineDecision, Verdict};
use super::super::draft::{Asked, DraftLine};
use super::super::money::Minor;
use super::super::policy::{
    Consequence, Facts, Fee, FeeAmount, Governing, Outcome, PromotionTreatment, Resolved, Set, Version, WindowFrom,
    WindowState, days_since, governing, window_close, window_state,
};
use super::super::quantity::Quantity;
use super::super::refusal::Fault;
use super::super::sale::{Sale, SaleLine};
use super::super::tender::TenderType;
use super::super::words::{Disposition, Reason};
use super::{Deciding, Found, tax_pairs};
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use std::sync::Arc;
use uuid::Uuid;

/// What was taken of one line of a sale.
struct Taken {
    place: usize,
    before: LineBook,
    quantity: Quantity,
    parts: Option<Parts>,
    findings: Vec<Finding>,
}

/// What one version of the policy says of a line.
struct Judged<'a> {
    version: u32,
    resolved: Resolved<'a>,
    findings: Vec<Finding>,
    fee: Minor,
}

impl Judged<'_> {
    /// Better for the customer first: the milder verdict, then the lower fee.
    fn burden(&self) -> (Verdict, Minor) {
        (self.findings.iter().map(|f| f.outcome).max().unwrap_or_default(), self.fee)
    }
}

impl<'a> Deciding<'a> {
    /// Decides line `index` of the draft, and the parts of the kit if it is one.
    pub(super) fn line(&mut self, index: usize) {
        let draft = self.draft;
        let asked = &draft.lines[index];
        let pointer = format!("/lines/{index}");
        let (Some(number), Some(reference)) = (asked.sale_line, asked.sale.as_ref().or(draft.sale.as_ref())) else {
            return self.without_receipt(index);
        };
        let sale_id = match self.open(reference, &pointer) {
            Ok(sale) => sale,
            Err(finding) => return self.unknown(index, finding),
        };
        let Some(book) = self.books.get(&sale_id) else { return };
        let sale = Arc::clone(&book.sale);
        let Some(place) = book.position(number) else {
            let detail = format!("Receipt {} has no line {number}.", sale.receipt);
            return self.faults.push(Fault::invalid(format!("{pointer}/sale_line"), &detail));
        };
        let taken = self.take(sale_id, place, asked);
        let (before, after) = (taken.before.returned, taken.before.returned.0 + taken.quantity.0);
        self.judge(index, sale_id, &sale, taken);
        if after > before.0 {
            self.kit_parts(index, sale_id, &sale, place, Quantity(after));
        }
    }

    /// Takes what is asked of a line out of its book, or finds why not.
    fn take(&mut self, sale: Uuid, place: usize, asked: &DraftLine) -> Taken {
        let Some(book) = self.books.get_mut(&sale) else {
            unreachable!("a line is taken only of a book that was opened");
        };
        let known = Arc::clone(&book.sale);
        let line = &mut book.lines[place];
        let before = line.clone();
        let mut findings = Vec::new();
        let (quantity, parts) = match asked.asked {
            Asked::Money(amount) => {
                let parts = line.adjust(amount);
                if parts.is_none() {
                    let left = Minor(line.value().0 - line.refunded().0).format(self.currency);
                    let asked = amount.format(self.currency);
                    let detail = format!("{asked} is asked back on this line, but only {left} of it is left.");
                    findings.push(Finding::refused(Code::PriceAbovePaid, "service:paid-cap", detail));
                }
                (Quantity::ZERO, parts)
            }
            Asked::Units(units) => {
                let parts = line.take(units);
                if parts.is_none() {
                    findings.push(too_many(&before, units));
                } else {
                    findings.extend(serial_finding(&known, place, line, asked.serial_number.as_deref(), units));
                    line.serials_returned.extend(asked.serial_number.clone());
                }
                (if parts.is_some() { units } else { Quantity::ZERO }, parts)
            }
        };
        if let (Some(price), Some(parts), Asked::Units(units)) = (asked.unit_price, &parts, asked.asked) {
            findings.extend(self.price_finding(price, units, parts));
        }
        Taken { place, before, quantity, parts, findings }
    }

    /// The register's own idea of the price must not be above what was paid. It knows a price for each unit, rounded to
    /// the minor unit: three for 10.00 are 3.34 each, and no return is refused for that cent.
    fn price_finding(&self, price: Minor, units: Quantity, parts: &Parts) -> Option<Finding> {
        let asked = half_up(i128::from(price.0) * i128::from(units.0), 1_000);
        let paid = parts.net.0;
        let rounded = (units.0 + 999) / 1_000;
        (asked > paid + rounded).then(|| {
            let detail = format!(
                "{} is asked for {units}, but {} was paid.",
                Minor(asked).format(self.currency),
                Minor(paid).format(self.currency)
            );
            Finding::refused(Code::PriceAbovePaid, "service:paid-cap", detail)
        })
    }

    /// Asks the policy of the line, and enters the decision.
    fn judge(&mut self, index: usize, sale_id: Uuid, sale: &Arc<Sale>, taken: Taken) {
        let asked = &self.draft.lines[index];
        let line = &sale.lines[taken.place];
        let parts = taken
            .parts
            .clone()
            .unwrap_or_else(|| Parts { taxes: vec![Minor::ZERO; line.taxes.len()], ..Parts::default() });
        let Some(judged) = self.governing_judgement(index, sale, &taken, &parts) else {
            return self.no_policy();
        };
        let mut findings = taken.findings;
        findings.extend(judged.findings);
        self.lines.push(LineDecision {
            index,
            sale: Some(sale_id),
            sale_line: Some(line.line),
            sku: Some(line.sku.clone()),
            returnable: taken.before.returnable(),
            quantity: taken.quantity,
            reason: asked.reason.clone(),
            condition: asked.condition,
            disposition: asked.disposition.unwrap_or(Disposition::Undecided),
            // A part of a kit does not have the kit's number.
            serial_number: asked.serial_number.clone().filter(|_| asked.sale_line == Some(line.line)),
            policy_version: judged.version,
            verdict: Verdict::Allowed,
            net: parts.net,
            taxes: tax_pairs(sale, taken.place, &parts),
            discount_shares: parts.discount_shares.clone(),
            gross: parts.gross,
            fee: judged.fee,
            refund: Minor(parts.gross.0 - judged.fee.0),
            findings,
        });
        self.parts.push(taken.parts);
        self.resolved.push(Some(judged.resolved));
    }

    /// What the version that governs says; of two, what the better one for the customer says.
    fn governing_judgement(&self, index: usize, sale: &Sale, taken: &Taken, parts: &Parts) -> Option<Judged<'a>> {
        let versions = self.case.settings.policy_of(self.store)?;
        Some(match governing(versions, Some(sale.sold_at), self.case.now)? {
            Governing::One(version) => self.judgement(version, index, sale, taken, parts),
            Governing::Better { at_sale, at_return } => {
                let then = self.judgement(at_sale, index, sale, taken, parts);
                let now = self.judgement(at_return, index, sale, taken, parts);
                if now.burden() < then.burden() { now } else { then }
            }
        })
    }

    fn judgement(&self, version: &'a Version, index: usize, sale: &Sale, taken: &Taken, parts: &Parts) -> Judged<'a> {
        let asked = &self.draft.lines[index];
        let resolved = self.resolve(version, Some((sale, taken.place)), Some(asked));
        let mut findings = Vec::new();
        findings.extend(self.outcome(&resolved, sale, taken.place));
        findings.extend(self.window(&resolved, sale, taken.place));
        findings.extend(self.reason(version, &resolved, &asked.reason));
        if matches!(asked.asked, Asked::Units(_)) {
            findings.extend(condition(&resolved, asked));
            findings.extend(self.promotion(&resolved, sale, taken.place));
        }
        if *resolved.id_required.value && self.draft.id_hash.is_none() {
            let detail = "The policy asks for an identity document; enter its number.".to_owned();
            findings.push(Finding::refused(Code::IdRequired, resolved.id_required.rule, detail));
        }
        let (fee, told) = self.fee(&resolved, sale, asked, taken, parts).unzip();
        findings.extend(told);
        Judged { version: version.number, resolved, findings, fee: fee.unwrap_or_default() }
    }

    /// Asks a version of the policy about a line of a sale, or about goods without one.
    pub(super) fn resolve(
        &self,
        version: &'a Version,
        of: Option<(&Sale, usize)>,
        asked: Option<&DraftLine>,
    ) -> Resolved<'a> {
        let line = of.map(|(sale, place)| &sale.lines[place]);
        let category: Vec<&str> = line.iter().flat_map(|l| &l.category).map(String::as_str).collect();
        let flags: Vec<&str> = line.iter().flat_map(|l| &l.flags).map(String::as_str).collect();
        let mut promotions: Vec<&str> = line.iter().flat_map(|l| l.promotions()).collect();
        let of_sale = of.iter().flat_map(|(sale, _)| &sale.discounts);
        promotions.extend(of_sale.filter_map(|d| d.promotion.as_deref()));
        let tenders: Vec<TenderType> = of.iter().flat_map(|(sale, _)| &sale.tenders).map(|t| t.kind).collect();
        version.policy.resolve(&Facts {
            category: &category,
            sku: line.map(|l| l.sku.as_str()).or(asked.and_then(|a| a.sku.as_deref())),
            brand: line.and_then(|l| l.brand.as_deref()),
            store: Some(&self.store.store),
            region: Some(&self.store.region),
            channel: of.map(|(sale, _)| sale.channel.as_str()),
            customer_class: of.and_then(|(sale, _)| sale.customer_class.as_deref()),
            tenders: &tenders,
            reason: asked.map(|a| &a.reason),
            condition: asked.map(|a| a.condition),
            promotions: &promotions,
            flags: &flags,
            receipt: of.is_some(),
            gift_receipt: false,
            serialised: line.is_some_and(|l| !l.serial_numbers.is_empty()),
            price: line.map(|l| l.unit_price).or(asked.and_then(|a| a.unit_price)),
            bought: of.map(|(sale, _)| sale.business_date),
        })
    }

    fn outcome(&self, resolved: &Resolved<'_>, sale: &Sale, place: usize) -> Option<Finding> {
        let Set { value, rule } = resolved.outcome;
        let final_sale = sale.lines[place].has_flag("final_sale");
        let code = if final_sale { Code::FinalSale } else { Code::NotReturnable };
        let what = if final_sale { "This was a final sale" } else { "The policy does not take this item back" };
        match value {
            Outcome::Allow => None,
            Outcome::Refuse => Some(Finding::refused(code, rule, format!("{what}."))),
            Outcome::NeedsApproval(role) => {
                let may = if final_sale { "may take it back" } else { "may" };
                let detail = format!("{what}; a {} {may}.", spoken(role.as_str()));
                Some(Finding::needs(code, rule, *role, 1, detail))
            }
            Outcome::ExchangeOnly => {
                let detail = "This item can be exchanged, but not refunded.".to_owned();
                Some(Finding::refused(Code::ExchangeOnly, rule, detail))
            }
        }
    }

    fn window(&self, resolved: &Resolved<'_>, sale: &Sale, place: usize) -> Option<Finding> {
        let Set { value: window, rule } = resolved.window;
        let (sold, delivered) = (sale.business_date, sale.lines[place].delivered_on);
        let extension = resolved.extension.map(|extension| *extension.value);
        let (what, start) = match delivered.filter(|_| window.from == WindowFrom::Delivery) {
            Some(delivered) => ("Delivered", delivered),
            None => ("Bought", sold),
        };
        let extended = if extension.is_some_and(|until| until > window_close(sold, delivered, window, None)) {
            ", extended,"
        } else {
            ""
        };
        let told = |closes| {
            let (ago, days) = (spoken_days(days_since(start, self.today)), spoken_days(i64::from(window.days)));
            format!("{what} {ago} ago on {start}; the window of {days}{extended} closed on {closes}.")
        };
        match window_state(self.today, sold, delivered, window, extension) {
            WindowState::Open { .. } => None,
            WindowState::Closed { closes } => Some(Finding::refused(Code::WindowExpired, rule, told(closes))),
            WindowState::NeedsApproval { closes, role, refused_after } => {
                let until = refused_after
                    .map_or(String::new(), |last| format!(" A {} may approve until {last}.", spoken(role.as_str())));
                Some(Finding::needs(Code::WindowExpired, rule, role, 1, told(closes) + &until))
            }
        }
    }

    fn reason(&self, version: &Version, resolved: &Resolved<'_>, reason: &Reason) -> Option<Finding> {
        let (accepted, rule) = match resolved.reasons {
            Some(Set { value, rule }) => (value.contains(reason), rule),
            None => (version.policy.policy().knows(reason), "service:reasons"),
        };
        (!accepted).then(|| {
            let detail = match resolved.reasons {
                Some(Set { value, .. }) => {
                    let names = spoken_list(value.iter().map(Reason::as_str));
                    format!(
                        "\"{}\" is not a reason for which this is taken back; accepted: {names}.",
                        spoken(reason.as_str())
                    )
                }
                None => format!("\"{}\" is not a reason that the policy knows.", spoken(reason.as_str())),
            };
            Finding::refused(Code::ReasonNotAccepted, rule, detail)
        })
    }

    /// Items of one promotion come back together or not at all, where the policy says so.
    fn promotion(&self, resolved: &Resolved<'_>, sale: &Sale, place: usize) -> Option<Finding> {
        if *resolved.promotion.value != PromotionTreatment::Refuse {
            return None;
        }
        let mine: Vec<&str> = sale.lines[place].promotions().collect();
        let of_sale = |line: &DraftLine| {
            let reference = line.sale.as_ref().or(self.draft.sale.as_ref());
            reference.is_some_and(|reference| self.case.books.find(reference, &self.draft.store) == Found::One(sale.id))
        };
        let asked_units = |number: u32| -> i64 {
            let units = |line: &DraftLine| match line.asked {
                Asked::Units(units) if line.sale_line == Some(number) && of_sale(line) => units.0,
                _ => 0,
            };
            self.draft.lines.iter().map(units).sum()
        };
        let book = self.case.books.book(sale.id)?;
        let kept = (sale.lines.iter().zip(&book.lines))
            .filter(|(line, _)| line.promotions().any(|p| mine.contains(&p)))
            .any(|(line, state)| state.returnable().0 > asked_units(line.line));
        kept.then(|| {
            let detail =
                format!("Bought under promotion {}: all of its items come back together, or none.", mine.join(", "));
            Finding::refused(Code::NotReturnable, resolved.promotion.rule, detail)
        })
    }

    /// The restocking fee, by the cumulative net or quantity of the line, so that splitting a return does not change it.
    fn fee(
        &self,
        resolved: &Resolved<'_>,
        known: &Sale,
        asked: &DraftLine,
        taken: &Taken,
        parts: &Parts,
    ) -> Option<(Minor, Finding)> {
        let Set { value: fee, rule } = resolved.fee?;
        if taken.quantity == Quantity::ZERO || !bears_fee(fee, &known.lines[taken.place], asked) {
            return None;
        }
        let (amount, told) = match fee.amount {
            FeeAmount::Percent(percent) => {
                let before = taken.before.net_given();
                let upto = |net: i64| percent_of(percent, net);
                (upto(before.0 + parts.net.0) - upto(before.0), format!("{percent} %"))
            }
            FeeAmount::Fixed(each) => {
                let before = taken.before.returned;
                let upto = |units: i64| half_up(i128::from(each.0) * i128::from(units), 1_000);
                (upto(before.0 + taken.quantity.0) - upto(before.0), format!("{} each", each.format(self.currency)))
            }
        };
        let amount = Minor(amount.clamp(0, parts.net.0));
        let detail = format!("A restocking fee of {} ({told}) is kept.", amount.format(self.currency));
        amount.is_positive().then(|| (amount, Finding::noted(Code::FeeApplied, rule, detail)))
    }

    /// Parts of a kit come back with it in proportion; whole units only, all of them with the last of the kit.
    fn kit_parts(&mut self, index: usize, sale_id: Uuid, sale: &Arc<Sale>, kit: usize, returned: Quantity) {
        let (kit_line, sold) = (sale.lines[kit].line, sale.lines[kit].quantity);
        for place in 0..sale.lines.len() {
            if sale.lines[place].parent_line != Some(kit_line) {
                continue;
            }
            let Some(book) = self.books.get_mut(&sale_id) else { return };
            let line = &mut book.lines[place];
            let share = kit_share(line.sold, returned, sold);
            let quantity = Quantity((share.0 - line.returned.0).max(0));
            if quantity == Quantity::ZERO {
                continue;
            }
            let before = line.clone();
            let parts = line.take(quantity);
            let after = line.returned;
            let taken = Taken { place, before, quantity, parts, findings: Vec::new() };
            self.judge(index, sale_id, sale, taken);
            self.kit_parts(index, sale_id, sale, place, after);
        }
    }

    /// A line whose sale was not found: the finding stands where the line would.
    fn unknown(&mut self, index: usize, finding: Option<Finding>) {
        let Some(finding) = finding else { return };
        self.push_bare(index, finding);
    }

    /// Goods without a receipt.
    fn without_receipt(&mut self, index: usize) {
        let asked = &self.draft.lines[index];
        if asked.sku.is_none() {
            let detail = "Name the sale_line of a sale, or the sku of an item without a receipt.";
            return self.faults.push(Fault::invalid(format!("/lines/{index}"), detail));
        }
        let Some(version) = self.version_at(self.case.now) else { return self.no_policy() };
        let rule = self.resolve(version, None, Some(asked)).receipt_required.rule.to_owned();
        let detail = "Without a receipt this cannot be taken back; look the sale up by card or by customer.".to_owned();
        self.push_bare(index, Finding::refused(Code::ReceiptMissing, rule, detail));
    }

    fn push_bare(&mut self, index: usize, finding: Finding) {
        let asked = &self.draft.lines[index];
        self.lines.push(LineDecision {
            index,
            sale: None,
            sale_line: asked.sale_line,
            sku: asked.sku.clone(),
            returnable: Quantity::ZERO,
            quantity: Quantity::ZERO,
            reason: asked.reason.clone(),
            condition: asked.condition,
            disposition: asked.disposition.unwrap_or(Disposition::Undecided),
            serial_number: asked.serial_number.clone(),
            policy_version: 0,
            verdict: Verdict::Refused,
            net: Minor::ZERO,
            taxes: Vec::new(),
            discount_shares: Vec::new(),
            gross: Minor::ZERO,
            fee: Minor::ZERO,
            refund: Minor::ZERO,
            findings: vec![finding],
        });
        self.parts.push(None);
        self.resolved.push(None);
    }
}

fn condition(resolved: &Resolved<'_>, asked: &DraftLine) -> Option<Finding> {
    let Set { value: accepted, rule } = resolved.conditions;
    (!accepted.contains(&asked.condition)).then(|| {
        let names = spoken_list(accepted.iter().map(|c| c.as_str()));
        let names = if names.is_empty() { "none".to_owned() } else { names };
        let detail = format!("The item is {}; accepted: {names}.", asked.condition.as_str());
        Finding::refused(Code::ConditionNotAccepted, rule, detail)
    })
}

fn too_many(line: &LineBook, asked: Quantity) -> Finding {
    let (left, sold) = (line.returnable(), line.sold);
    if left == Quantity::ZERO {
        let detail = match sold {
            Quantity::ONE => "The one unit of this line has come back already.".to_owned(),
            _ => format!("All {sold} of this line have come back already."),
        };
        return Finding::refused(Code::AlreadyReturned, "service:quantity", detail);
    }
    let number = |quantity: Quantity, one: &str, more: &str| {
        format!("{quantity} {}", if quantity == Quantity::ONE { one } else { more })
    };
    let to_come = number(asked, "is", "are");
    let detail = match left == sold {
        true => format!("{to_come} to come back, but only {} sold.", number(sold, "was", "were")),
        false => format!("{to_come} to come back, but of {sold} sold only {} left.", number(left, "is", "are")),
    };
    Finding::refused(Code::QuantityExceeded, "service:quantity", detail)
}

/// What is sold by serial number comes back by it, each with its own.
fn serial_finding(
    sale: &Sale,
    place: usize,
    line: &LineBook,
    serial: Option<&str>,
    units: Quantity,
) -> Option<Finding> {
    let sold = &sale.lines[place].serial_numbers;
    let mismatch = |detail: String| Some(Finding::refused(Code::SerialMismatch, "service:serial", detail));
    let Some(serial) = serial else {
        let detail = "This item is sold by serial number; scan the number of the one coming back.".to_owned();
        return if sold.is_empty() { None } else { mismatch(detail) };
    };
    if line.serials_returned.iter().any(|returned| returned == serial) {
        let detail = format!("The item with serial number {serial} has come back already.");
        return Some(Finding::refused(Code::AlreadyReturned, "service:serial", detail));
    }
    if sold.is_empty() {
        return None;
    }
    if !sold.iter().any(|known| known == serial) {
        return mismatch(format!("Serial number {serial} was not sold on this line; sold: {}.", sold.join(", ")));
    }
    if units != Quantity::ONE {
        return mismatch("One serial number is one unit; enter a line for each that comes back.".to_owned());
    }
    None
}

/// Nothing is kept of what is defective, nor of the value on a gift card, whatever the policy says of fees.
fn bears_fee(fee: &Fee, line: &SaleLine, asked: &DraftLine) -> bool {
    let spared = asked.reason.as_str() == Reason::DEFECTIVE || line.has_flag("gift_card");
    !spared && fee.applies(Some(asked.condition), Some(&asked.reason))
}

fn spoken(word: &str) -> String {
    word.replace('_', " ")
}

fn spoken_list<'w>(words: impl Iterator<Item = &'w str>) -> String {
    words.map(spoken).collect::<Vec<_>>().join(", ")
}

pub(super) fn spoken_days(days: i64) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

/// What of a part is back once `returned` of `kits` are: whole units are never split.
fn kit_share(part: Quantity, returned: Quantity, kits: Quantity) -> Quantity {
    if returned >= kits {
        return part;
    }
    let exact = cumulative(Minor(part.0), returned, kits).0;
    Quantity(if part.is_whole() { exact - exact.rem_euclid(1_000) } else { exact })
}

/// Percent of a net amount, half up.
fn percent_of(percent: Decimal, net: i64) -> i64 {
    (Decimal::from(net) * percent / Decimal::ONE_HUNDRED)
        .round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero)
        .to_i64()
        .unwrap_or(i64::MAX)
}

/// The role a consequence asks for; none where it refuses.
pub(super) fn consequence(outcome: Consequence, code: Code, rule: &str, detail: String) -> Finding {
    match outcome {
        Consequence::Refuse => Finding::refused(code, rule, detail),
        Consequence::NeedsApproval(role) => Finding::needs(code, rule, role, 1, detail),
    }
}
