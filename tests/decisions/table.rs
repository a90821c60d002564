//! A row of the table, and a decision written out so that a person can read it.

use crate::counter::{Counter, id, noon};
use returndesk::domain::caller::Role;
use returndesk::domain::decision::{Decision, Finding, Verdict};
use returndesk::domain::draft::Draft;
use returndesk::domain::money::{Currency, Minor};
use returndesk::domain::refusal::Refusal;
use returndesk::domain::sale::Sale;
use std::fmt::Write;

/// The rule behind all others: thirty days, everything back to where it came from.
pub const DEFAULT: &str = r#"{"id": "default", "when": {}, "set":
    {"window": {"days": 30, "after": "refuse"}, "refund_to": {"*": ["original"]}}}"#;

pub struct Row {
    pub name: &'static str,
    /// Rules that stand before the default one, each followed by a comma.
    pub rules: &'static str,
    pub sales: Vec<Sale>,
    /// Returns recorded on the day before.
    pub before: Vec<Draft>,
    /// The place of a tender of sale 1 that the bank disputes.
    pub disputed: Option<usize>,
    /// The day of the return.
    pub on: &'static str,
    pub draft: Draft,
    /// The answer in full.
    pub told: &'static str,
}

impl Row {
    /// A counter where the sales are known and the earlier returns were made.
    fn counter(&self) -> Counter {
        let mut counter = Counter::open(&format!("[{}{DEFAULT}]", self.rules), self.sales.clone());
        counter.now = noon(self.on) - jiff::SignedDuration::from_hours(24);
        for draft in &self.before {
            counter
                .record(draft.clone())
                .unwrap_or_else(|refusal| panic!("{}: before: {refusal:?}", self.name));
        }
        if let Some(place) = self.disputed {
            counter.state.with_book(id(1), |book| book.tenders[place].charged_back = true);
        }
        counter.now = noon(self.on);
        counter
    }

    /// What is told instead of what should be; nothing where they agree.
    pub fn difference(&self) -> Option<String> {
        let mut counter = self.counter();
        let checked = counter.check(&self.draft);
        let recorded = counter.record(self.draft.clone());
        match (&checked, &recorded) {
            (Ok(decision), Ok(_)) => {
                assert_eq!(decision.verdict, Verdict::Allowed, "{}", self.name)
            }
            (
                Ok(decision),
                Err(Refusal::ReturnRefused(again) | Refusal::ApprovalRequired(again)),
            ) => {
                assert_eq!(decision, &**again, "{}: check and record decide alike", self.name);
            }
            (Err(faults), Err(again)) => assert_eq!(faults, again, "{}", self.name),
            // Quotes are asked for by a record alone.
            (Ok(_), Err(Refusal::QuoteRequired { .. })) => {}
            _ => panic!("{}: {checked:?} and {recorded:?}", self.name),
        }
        let answer = match (checked, recorded) {
            (Ok(_), Err(Refusal::QuoteRequired { rule })) => format!("quote required by {rule}\n"),
            (Ok(decision), _) => written(&decision),
            (Err(Refusal::Invalid(faults)), _) => faults.iter().fold(String::new(), |all, f| {
                format!("{all}{} {}: {}\n", f.code, f.pointer, f.detail)
            }),
            (Err(refusal), _) => panic!("{}: {refusal:?}", self.name),
        };
        let told: Vec<&str> =
            self.told.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let now: Vec<&str> = answer.lines().map(str::trim).collect();
        (told != now).then(|| format!("== {}\n{answer}", self.name))
    }
}

/// The whole decision: verdict, lines and charges with their findings, findings of the whole,
/// refunds, alternatives.
fn written(decision: &Decision) -> String {
    let money = |amount: Minor| amount.format(decision.currency);
    let total = &decision.totals;
    let mut text = format!("{}: {} back\n", decision.verdict.as_str(), money(total.refund));
    assert_eq!(total.refund.0, total.returned.0 - total.fees.0 - total.fee_taxes.0);
    for line in &decision.lines {
        let number = line
            .sale_line
            .map_or_else(|| line.sku.clone().unwrap_or_default(), |number| number.to_string());
        let taxes: String =
            line.taxes.iter().map(|(code, amount)| format!(" {code} {}", money(*amount))).collect();
        let kept: String = line
            .fee_taxes
            .iter()
            .map(|(code, amount)| format!(" {code} {}", money(*amount)))
            .collect();
        let fee = if line.fee.is_zero() {
            String::new()
        } else {
            format!(" less {}{kept}", money(line.fee))
        };
        let (quantity, net, worth) = (line.quantity, money(line.net), money(line.gross));
        writeln!(text, "line {number}: {quantity} for {net}{taxes} = {worth}{fee}").unwrap();
        let contained =
            line.gross == line.net && line.taxes.iter().any(|(_, tax)| tax.is_positive());
        let kept: i64 =
            if contained { 0 } else { line.fee_taxes.iter().map(|(_, tax)| tax.0).sum() };
        let taxes: i64 = line.taxes.iter().map(|(_, tax)| tax.0).sum();
        let off = line.gross.0 - line.fee.0 - line.refund.0;
        if contained || line.gross.0 == line.net.0 + taxes {
            assert_eq!(off, kept);
        } else {
            // One tax is in the price and another on top: only the one on top is kept beside the fee.
            assert!(0 < off && off < kept, "{line:?}");
        }
        line.findings.iter().for_each(|finding| write_finding(&mut text, finding));
    }
    for charge in &decision.charges {
        writeln!(
            text,
            "charge {}: {} = {}",
            charge.charge,
            money(charge.amount),
            money(charge.refund)
        )
        .unwrap();
        charge.findings.iter().for_each(|finding| write_finding(&mut text, finding));
    }
    if !decision.findings.is_empty() {
        text.push_str("of the whole\n");
        decision.findings.iter().for_each(|finding| write_finding(&mut text, finding));
    }
    for plan in &decision.refunds {
        let (kind, tender) = (plan.kind.as_str(), plan.sale_tender.unwrap_or_default());
        let reference =
            plan.reference.as_deref().map_or(String::new(), |reference| format!(" ({reference})"));
        let rounded = rounding(plan.rounding, decision.currency);
        let fallbacks: String =
            plan.fallbacks.iter().map(|kind| format!(", else {}", kind.as_str())).collect();
        let amount = money(plan.amount);
        writeln!(
            text,
            "refund {}: {amount}{rounded} {kind} of tender {tender}{reference}{fallbacks}",
            plan.refund
        )
        .unwrap();
    }
    for other in &decision.alternatives {
        writeln!(
            text,
            "to {}: {} {}",
            other.refund_to.as_str(),
            other.verdict.as_str(),
            money(other.refund)
        )
        .unwrap();
    }
    text
}

fn rounding(amount: Minor, currency: Currency) -> String {
    match amount.0 {
        0 => String::new(),
        1.. => format!(" (rounded +{})", amount.format(currency)),
        _ => format!(" (rounded {})", amount.format(currency)),
    }
}

fn write_finding(text: &mut String, finding: &Finding) {
    let approval = finding.approval.map_or(String::new(), |needed| {
        format!(
            " {}{}",
            Role::as_str(needed.role),
            if needed.count > 1 { format!(" ×{}", needed.count) } else { String::new() }
        )
    });
    writeln!(
        text,
        "- {} by {}: {}{approval}",
        finding.code.as_str(),
        finding.rule,
        finding.outcome.as_str()
    )
    .unwrap();
    writeln!(text, "{}", finding.detail).unwrap();
}
