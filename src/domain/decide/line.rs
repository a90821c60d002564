//! One line of a draft: what comes back of it, what that is worth, and what each rule says.

use super::super::book::{LineBook, Parts};
use super::super::decision::{Code, Finding, LineDecision, Verdict};
use super::super::draft::{Asked, DraftLine};
use super::super::money::Minor;
use super::super::policy::{
    Consequence, Facts, Governing, Outcome, PromotionTreatment, Resolved, Set, Version, WindowFrom,
    WindowState, days_since, governing, window_close, window_state,
};
use super::super::quantity::Quantity;
use super::super::refusal::Fault;
use super::super::sale::{LineKind, Sale, SaleLine};
use super::super::tender::TenderType;
use super::super::tie::Since;
use super::super::unit_price::UnitPrice;
use super::super::words::{Disposition, Reason};
use super::fee::{Before, Kept, Step};
use super::serial::serial_finding;
use super::taxes::give_taxes;
use super::{Choice, Deciding};
use std::sync::Arc;
use uuid::Uuid;

/// What was taken of one line of a sale.
pub(super) struct Taken {
    pub place: usize,
    pub before: LineBook,
    pub quantity: Quantity,
    pub parts: Option<Parts>,
    pub findings: Vec<Finding>,
    /// The number of the one unit that comes back.
    pub serial: Option<String>,
}

/// What one version of the policy says of a line.
pub(super) struct Judged<'a> {
    version: u32,
    pub resolved: Resolved<'a>,
    pub findings: Vec<Finding>,
    kept: Option<Kept>,
}

impl Judged<'_> {
    /// Better for the customer first: the milder verdict, then no repricing, then the lower fee.
    fn burden(&self) -> (Verdict, bool, Minor) {
        let verdict = self.findings.iter().map(|f| f.outcome).max().unwrap_or_default();
        let fee = self.kept.as_ref().map_or(Minor::ZERO, |kept| kept.fee);
        (verdict, *self.resolved.promotion.value == PromotionTreatment::Reprice, fee)
    }
}

impl<'a> Deciding<'a> {
    /// Decides line `index` of the draft, and the parts of the kit if it is one.
    pub(super) fn line(&mut self, index: usize) {
        let draft = self.draft;
        let asked = &draft.lines[index];
        let pointer = format!("/lines/{index}");
        let (Some(number), Some(reference)) =
            (asked.sale_line, asked.sale.as_ref().or(draft.sale.as_ref()))
        else {
            return self.without_receipt(index);
        };
        let sale_id = match self.open(reference, &pointer) {
            Ok(sale) => sale,
            Err(finding) => return self.unknown(index, finding),
        };
        let Some(book) = self.books.get(&sale_id) else { return };
        if let Some(finding) = self.voided(book) {
            return self.push_bare(index, finding);
        }
        let sale = Arc::clone(&book.sale);
        let Some(place) = book.position(number) else {
            let detail = format!("Receipt {} has no line {number}.", sale.receipt);
            return self.faults.push(Fault::invalid(format!("{pointer}/sale_line"), &detail));
        };
        if let Some(finding) = given_back(&sale.lines[place]) {
            return self.push_bare(index, finding);
        }
        let of_kit = match &asked.asked {
            Asked::Units(_) => false,
            Asked::Money(amount) => self.adjust_kit(index, &sale, place, *amount),
            Asked::Taxes(taxes) => self.taxes_of_kit(index, &sale, place, taxes),
        };
        if of_kit {
            return;
        }
        let taken = self.take(sale_id, place, asked);
        let (before, after) = (taken.before.returned, taken.before.returned.0 + taken.quantity.0);
        self.judge(index, sale_id, &sale, taken);
        if after > before.0 {
            let kits = self.kits_back(&sale, place, Quantity(after));
            self.kit_parts(index, sale_id, &sale, place, kits);
        }
    }

    /// Takes what is asked of a line out of its book, or finds why not.
    fn take(&mut self, sale: Uuid, place: usize, asked: &DraftLine) -> Taken {
        let before =
            self.books.get(&sale).map(|book| (book.lines[place].clone(), Arc::clone(&book.sale)));
        if let Some((before, known)) = before
            && let Some((quantity, parts, mut findings)) =
                self.take_card(&known, place, &asked.asked)
        {
            findings.extend(lower_for_card(asked, quantity, parts.as_ref()));
            return Taken {
                place,
                before,
                quantity,
                parts,
                findings,
                serial: asked.serial_number.clone(),
            };
        }
        let empty = self.is_empty_kit(sale, place);
        let Some(book) = self.books.get_mut(&sale) else {
            unreachable!("a line is taken only of a book that was opened");
        };
        let known = Arc::clone(&book.sale);
        let line = &mut book.lines[place];
        let before = line.clone();
        let mut findings = Vec::new();
        let (quantity, parts) = match &asked.asked {
            Asked::Taxes(taxes) => {
                let parts = give_taxes(line, taxes);
                if let Err(finding) = &parts {
                    findings.push(finding.clone());
                }
                (Quantity::ZERO, parts.ok())
            }
            &Asked::Money(amount) => {
                let parts = line.adjust(amount);
                if parts.is_none() {
                    findings.push(self.more_than_left(amount, before.adjustable()));
                }
                (Quantity::ZERO, parts)
            }
            Asked::Units(units) if empty && *units <= line.returnable() => {
                findings.push(nothing_in_it());
                (Quantity::ZERO, None)
            }
            &Asked::Units(units) => {
                let parts = match asked.unit_price {
                    Some(price) => line.take_at(units, price),
                    None => line.take(units),
                };
                if parts.is_none() {
                    findings.push(too_many(&before, units));
                } else {
                    let sold = &known.lines[place].serial_numbers;
                    let number = asked.serial_number.as_deref();
                    findings.extend(serial_finding(sold, &before, number, units));
                    line.serials_returned.extend(asked.serial_number.clone());
                }
                (if parts.is_some() { units } else { Quantity::ZERO }, parts)
            }
        };
        if let (Some(price), Some(parts), &Asked::Units(units)) =
            (asked.unit_price, &parts, &asked.asked)
        {
            findings.extend(self.price_finding(price, units, parts));
        }
        Taken { place, before, quantity, parts, findings, serial: asked.serial_number.clone() }
    }

    /// More money is asked back for goods that stay than is left of what was paid for them.
    pub(super) fn more_than_left(&self, asked: Minor, left: Minor) -> Finding {
        let (asked, left) = (asked.format(self.currency), left.format(self.currency));
        let detail = format!("{asked} is asked back on this line, but only {left} of it is left.");
        Finding::refused(Code::PriceAbovePaid, "service:paid-cap", detail)
    }

    /// The register's own idea of the price must not be above what was paid. It knows a price for
    /// each unit, rounded to the minor unit: three for 10.00 are 3.34 each, and no return is
    /// refused for that cent.
    fn price_finding(&self, price: UnitPrice, units: Quantity, parts: &Parts) -> Option<Finding> {
        let asked = price.times(units).unwrap_or(Minor::MAX).0;
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
    pub(super) fn judge(&mut self, index: usize, sale_id: Uuid, sale: &Arc<Sale>, taken: Taken) {
        let parts = parts_of(&taken);
        let Some(judged) = self.governing_judgement(index, sale, &taken, &parts) else {
            return self.no_policy();
        };
        self.enter(index, sale_id, sale, taken, judged);
    }

    /// Enters the decision of a line.
    pub(super) fn enter(
        &mut self,
        index: usize,
        sale_id: Uuid,
        sale: &Arc<Sale>,
        taken: Taken,
        judged: Judged<'a>,
    ) {
        let asked = &self.draft.lines[index];
        let line = &sale.lines[taken.place];
        let parts = parts_of(&taken);
        let kept = judged.kept.as_ref();
        let mut findings = taken.findings;
        findings.extend(judged.findings);
        self.lines.push(LineDecision {
            index,
            sale: Some(sale_id),
            sale_line: Some(line.line),
            sku: line.sku.clone(),
            returnable: taken.before.returnable(),
            quantity: taken.quantity,
            reason: asked.reason.clone(),
            condition: asked.condition,
            disposition: asked.disposition.unwrap_or(Disposition::Undecided),
            serial_number: taken.serial,
            note: asked.note.clone(),
            policy_version: judged.version,
            verdict: Verdict::Allowed,
            net: parts.net,
            taxes: taken.before.with_codes(&parts.taxes),
            discount_shares: parts.discount_shares.clone(),
            gross: parts.gross,
            withheld: parts.withheld.first().copied().unwrap_or_default(),
            forgone: parts.forgone.first().copied().unwrap_or_default(),
            tax_only: asked.asked.tax_only(),
            fee: kept.map_or(Minor::ZERO, |kept| kept.fee),
            fee_taxes: kept.map_or(Vec::new(), |kept| taken.before.with_codes(&kept.taxes)),
            refund: Minor(parts.gross.0 - kept.map_or(0, |kept| kept.in_all(&taken.before))),
            findings,
        });
        self.parts.push(taken.parts);
        self.resolved.push(Some(judged.resolved));
    }

    /// What the version that governs says; of two, what the better one for the customer says.
    pub(super) fn governing_judgement(
        &self,
        index: usize,
        sale: &Sale,
        taken: &Taken,
        parts: &Parts,
    ) -> Option<Judged<'a>> {
        let versions = self.case.settings.policy_of(self.store)?;
        Some(match governing(versions, Some(sale.sold_at), self.case.now)? {
            Governing::One(version) => self.judgement(version, index, sale, taken, parts),
            Governing::Better { at_sale, at_return } => {
                self.two_versions.set(true);
                let by = |version| self.judgement(version, index, sale, taken, parts);
                match self.choice {
                    Choice::AtSale => by(at_sale),
                    Choice::AtReturn => by(at_return),
                    Choice::EachLine => {
                        let (then, now) = (by(at_sale), by(at_return));
                        if now.burden() < then.burden() { now } else { then }
                    }
                }
            }
        })
    }

    fn judgement(
        &self,
        version: &'a Version,
        index: usize,
        sale: &Sale,
        taken: &Taken,
        parts: &Parts,
    ) -> Judged<'a> {
        let asked = &self.draft.lines[index];
        let (resolved, since) = self.resolve_line(version, sale, taken.place, Some(asked));
        let mut findings = Vec::new();
        findings.extend(self.outcome(&resolved, sale.lines[taken.place].has_flag("final_sale")));
        findings.extend(self.taken_for_exchange_only(version, &resolved, sale, taken.place));
        findings.extend(self.window(&resolved, since));
        findings.extend(self.reason(version, &resolved, &asked.reason));
        if matches!(asked.asked, Asked::Units(_)) {
            findings.extend(condition(&resolved, asked));
            let broken = if self.evenly(index) {
                None
            } else {
                self.broken_promotion(&resolved, sale, taken.place)
            };
            findings.extend(broken);
        }
        findings.extend(self.identity(&resolved));
        let before = Before::of(&taken.before);
        let step = Step {
            sale,
            place: taken.place,
            line: &taken.before,
            before,
            quantity: taken.quantity,
            parts,
        };
        let kept = if self.evenly(index) { None } else { self.fee(&resolved, asked, &step) };
        findings.extend(kept.as_ref().map(|kept| kept.told.clone()));
        Judged { version: version.number, resolved, findings, kept }
    }

    /// Asks a version of the policy about a line of a sale, or about goods without one.
    pub(super) fn resolve(
        &self,
        version: &'a Version,
        of: Option<(&Sale, usize, Since)>,
        asked: Option<&DraftLine>,
    ) -> Resolved<'a> {
        let line = of.map(|(sale, place, _)| &sale.lines[place]);
        let category: Vec<&str> =
            line.iter().flat_map(|l| &l.category).map(String::as_str).collect();
        let flags: Vec<&str> = line.iter().flat_map(|l| &l.flags).map(String::as_str).collect();
        let mut promotions: Vec<&str> = line.iter().flat_map(|l| l.promotions()).collect();
        let of_sale = of.iter().flat_map(|(sale, ..)| &sale.discounts);
        promotions.extend(of_sale.filter_map(|d| d.promotion.as_deref()));
        let tenders: Vec<TenderType> =
            of.iter().flat_map(|(sale, ..)| sale.payments()).map(|t| t.kind).collect();
        let age = of.map_or(i64::MAX, |(.., since)| days_since(since.bought_on, self.today));
        let mut resolved = version.policy.resolve(&Facts {
            category: &category,
            sku: line.and_then(|l| l.sku.as_deref()).or(asked.and_then(|a| a.sku.as_deref())),
            brand: line.and_then(|l| l.brand.as_deref()),
            store: Some(&self.store.store),
            region: Some(&self.store.region),
            channel: of.map(|(sale, ..)| sale.channel.as_str()),
            customer_class: of.and_then(|(sale, ..)| sale.customer_class.as_deref()),
            tenders: &tenders,
            reason: asked.map(|a| &a.reason),
            condition: asked.map(|a| a.condition),
            promotions: &promotions,
            flags: &flags,
            receipt: of.is_some(),
            gift_receipt: of.is_some_and(|(sale, ..)| self.gifts.contains(&sale.id)),
            serialised: line.is_some_and(|l| !l.serial_numbers.is_empty()),
            price: line
                .map(SaleLine::price)
                .or(asked.and_then(|a| a.unit_price).map(UnitPrice::rounded)),
            bought: of.map(|(_, _, since)| since.bought_on),
        });
        resolved.refund_to.value = resolved.refund_to.value.at(age);
        resolved
    }

    pub(super) fn identity(&self, resolved: &Resolved<'_>) -> Option<Finding> {
        (*resolved.id_required.value && self.draft.id_hash.is_none()).then(|| {
            let detail = "The policy asks for an identity document; enter its number.".to_owned();
            Finding::refused(Code::IdRequired, resolved.id_required.rule, detail)
        })
    }

    pub(super) fn outcome(&self, resolved: &Resolved<'_>, final_sale: bool) -> Option<Finding> {
        let Set { value, rule } = resolved.outcome;
        let code = if final_sale { Code::FinalSale } else { Code::NotReturnable };
        let what = if final_sale {
            "This was a final sale"
        } else {
            "The policy does not take this item back"
        };
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

    pub(super) fn window(&self, resolved: &Resolved<'_>, since: Since) -> Option<Finding> {
        let Set { value: window, rule } = resolved.window;
        let Since { bought_on: sold, delivered_on: delivered } = since;
        let extension = resolved.extension.map(|extension| *extension.value);
        let (what, start) = match delivered.filter(|_| window.from == WindowFrom::Delivery) {
            Some(delivered) => ("Delivered", delivered),
            None => ("Bought", sold),
        };
        let extended =
            if extension.is_some_and(|until| until > window_close(sold, delivered, window, None)) {
                ", extended,"
            } else {
                ""
            };
        let told = |closes| {
            let (ago, days) =
                (spoken_days(days_since(start, self.today)), spoken_days(i64::from(window.days)));
            format!(
                "{what} {ago} ago on {start}; the window of {days}{extended} closed on {closes}."
            )
        };
        match window_state(self.today, sold, delivered, window, extension) {
            WindowState::Open { .. } => None,
            WindowState::Closed { closes } => {
                Some(Finding::refused(Code::WindowExpired, rule, told(closes)))
            }
            WindowState::NeedsApproval { closes, role, refused_after } => {
                let until = refused_after.map_or(String::new(), |last| {
                    format!(" A {} may approve until {last}.", spoken(role.as_str()))
                });
                Some(Finding::needs(Code::WindowExpired, rule, role, 1, told(closes) + &until))
            }
        }
    }

    pub(super) fn reason(
        &self,
        version: &Version,
        resolved: &Resolved<'_>,
        reason: &Reason,
    ) -> Option<Finding> {
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
                None => format!(
                    "\"{}\" is not a reason that the policy knows.",
                    spoken(reason.as_str())
                ),
            };
            Finding::refused(Code::ReasonNotAccepted, rule, detail)
        })
    }

    /// A line whose sale was not found: the finding stands where the line would.
    fn unknown(&mut self, index: usize, finding: Option<Finding>) {
        let Some(finding) = finding else { return };
        self.push_bare(index, finding);
    }

    pub(super) fn push_bare(&mut self, index: usize, finding: Finding) {
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
            note: asked.note.clone(),
            policy_version: 0,
            verdict: Verdict::Refused,
            net: Minor::ZERO,
            taxes: Vec::new(),
            discount_shares: Vec::new(),
            gross: Minor::ZERO,
            withheld: Minor::ZERO,
            forgone: Minor::ZERO,
            tax_only: asked.asked.tax_only(),
            fee: Minor::ZERO,
            fee_taxes: Vec::new(),
            refund: Minor::ZERO,
            findings: vec![finding],
        });
        self.parts.push(None);
        self.resolved.push(None);
    }
}

/// What was taken; nothing of anything where it could not be.
fn parts_of(taken: &Taken) -> Parts {
    let taxes = vec![Minor::ZERO; taken.before.taxes().len()];
    let nothing = || Parts { taxes, ..Parts::default() };
    taken.parts.clone().unwrap_or_else(nothing)
}

pub(super) fn condition(resolved: &Resolved<'_>, asked: &DraftLine) -> Option<Finding> {
    let Set { value: accepted, rule } = resolved.conditions;
    (!accepted.contains(&asked.condition)).then(|| {
        let names = spoken_list(accepted.iter().map(|c| c.as_str()));
        let names = if names.is_empty() { "none".to_owned() } else { names };
        let detail = format!("The item is {}; accepted: {names}.", asked.condition.as_str());
        Finding::refused(Code::ConditionNotAccepted, rule, detail)
    })
}

/// A gift card comes back for what is left of it, never for a price.
fn lower_for_card(asked: &DraftLine, units: Quantity, parts: Option<&Parts>) -> Option<Finding> {
    let lower = asked.unit_price?.times(units)? < parts?.net;
    lower.then(|| {
        let detail = "A gift card comes back for what is left of it. Leave the price out.";
        Finding::refused(Code::NotReturnable, "service:gift-card", detail.to_owned())
    })
}

/// What the customer gave back with the receipt was never sold on it: nobody can let it come back.
fn given_back(line: &SaleLine) -> Option<Finding> {
    let what = match line.kind {
        LineKind::Goods => return None,
        LineKind::DepositReturn => "a deposit that was paid out",
        LineKind::UnlinkedReturn => "goods that were given back",
    };
    let detail = format!("Line {} of the receipt is {what}; it cannot come back.", line.line);
    Some(Finding::refused(Code::NotReturnable, "service:given-back", detail))
}

fn nothing_in_it() -> Finding {
    let detail = "All parts of this kit have come back already; the kit itself has no price.";
    Finding::refused(Code::AlreadyReturned, "service:quantity", detail.to_owned())
}

pub(super) fn too_many(line: &LineBook, asked: Quantity) -> Finding {
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
        false => format!(
            "{to_come} to come back, but of {sold} sold only {} left.",
            number(left, "is", "are")
        ),
    };
    Finding::refused(Code::QuantityExceeded, "service:quantity", detail)
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

/// The role a consequence asks for; none where it refuses.
pub(super) fn consequence(outcome: Consequence, code: Code, rule: &str, detail: String) -> Finding {
    match outcome {
        Consequence::Refuse => Finding::refused(code, rule, detail),
        Consequence::NeedsApproval(role) => Finding::needs(code, rule, role, 1, detail),
    }
}
