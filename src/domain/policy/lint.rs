//! What is wrong or doubtful about a policy that can be read: rules that never apply,
//! contradictions, gaps, and limits below law. Judged from the document alone.

use super::defaults::BUILT_IN;
use super::rule::{Policy, Rule};
use super::settings::Attribute;
use super::shadow::decided_before;

mod contradictions;
mod gaps;
mod legal;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Probably not meant; may be published.
    Warning,
    /// Cannot be meant; publishing is refused.
    Fault,
}

/// One thing said about a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub severity: Severity,
    /// The rule's id, or [`BUILT_IN`] for the policy as a whole.
    pub rule: String,
    /// JSON Pointer into the document.
    pub pointer: String,
    /// Stable, snake_case.
    pub code: &'static str,
    /// A sentence for the author.
    pub detail: String,
}

/// Everything to be said about a policy, in the order of its rules; nothing said is a clean bill.
pub fn lint(policy: &Policy) -> Vec<Finding> {
    let order = policy.precedence();
    let asked: Vec<&Rule> = order.iter().map(|number| &policy.rules[*number]).collect();
    let mut findings = Vec::new();
    for (number, rule) in policy.rules.iter().enumerate() {
        let place = order.iter().position(|n| *n == number).unwrap_or(number);
        let mut subject =
            Subject { policy, number, rule, before: &asked[..place], findings: &mut findings };
        never_applies(&mut subject);
        contradictions::look(&mut subject);
        legal::look(&mut subject);
    }
    gaps::look(policy, &mut findings);
    findings
}

/// One rule under examination.
struct Subject<'a> {
    policy: &'a Policy,
    number: usize,
    rule: &'a Rule,
    /// The rules that are asked before it.
    before: &'a [&'a Rule],
    findings: &'a mut Vec<Finding>,
}

impl Subject<'_> {
    /// Notes a finding at a place below the rule, such as `set/window`.
    fn say(&mut self, severity: Severity, below: &str, code: &'static str, detail: String) {
        let pointer = format!("/rules/{}/{below}", self.number);
        self.findings.push(Finding { severity, rule: self.rule.id.clone(), pointer, code, detail });
    }

    fn fault(&mut self, below: &str, code: &'static str, detail: impl Into<String>) {
        self.say(Severity::Fault, below, code, detail.into());
    }

    fn warn(&mut self, below: &str, code: &'static str, detail: impl Into<String>) {
        self.say(Severity::Warning, below, code, detail.into());
    }
}

/// Empty ranges, keys that exclude each other, and rules of which every attribute is decided by
/// earlier ones.
fn never_applies(subject: &mut Subject<'_>) {
    let when = &subject.rule.when;
    if when.price.is_some_and(|range| range.is_empty()) {
        subject.fault(
            "when/price",
            "empty_range",
            "No price is at least \"min\" and at most \"max\": the rule never applies.",
        );
        return;
    }
    if when.bought.is_some_and(|range| range.is_empty()) {
        subject.fault(
            "when/bought",
            "empty_range",
            "\"from\" is later than \"to\": the rule never applies.",
        );
        return;
    }
    if when.receipt == Some(false) {
        let needs_sale = [
            ("bought", when.bought.is_some()),
            ("tender", !when.tender.is_empty()),
            ("promotion", !when.promotion.is_empty()),
            ("gift_receipt", when.gift_receipt == Some(true)),
        ];
        for (key, _) in needs_sale.into_iter().filter(|(_, asked)| *asked) {
            let detail =
                format!("Without receipt nothing is known of \"{key}\": the rule never applies.");
            subject.fault(&format!("when/{key}"), "impossible_combination", detail);
        }
    }
    shadowed(subject);
}

fn shadowed(subject: &mut Subject<'_>) {
    let rule = subject.rule;
    let set: Vec<Attribute> =
        Attribute::ALL.iter().copied().filter(|attribute| rule.set.sets(*attribute)).collect();
    if set.is_empty() {
        if !rule.when.is_always() {
            subject.warn("set", "sets_nothing", "The rule sets nothing, so it changes nothing.");
        }
        return;
    }
    let by = |attribute: &Attribute| {
        decided_before(subject.before, &rule.when, *attribute).map(|by| (*attribute, by))
    };
    let decided: Vec<(Attribute, &Rule)> = set.iter().filter_map(by).collect();
    if decided.len() == set.len() {
        let mut names: Vec<&str> = decided.iter().map(|(_, by)| by.id.as_str()).collect();
        names.dedup();
        let detail = format!(
            "Wherever this rule holds, what it sets is decided already by {}.",
            names.join(", ")
        );
        subject.fault("when", "never_applies", detail);
        return;
    }
    for (attribute, by) in decided {
        let detail = format!(
            "Wherever this rule holds, {} is decided already by {}.",
            attribute.as_str(),
            by.id
        );
        subject.warn(&format!("set/{}", attribute.as_str()), "shadowed", detail);
    }
}

#[cfg(test)]
mod tests;
