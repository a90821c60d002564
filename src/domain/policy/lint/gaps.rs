//! What a policy leaves unsaid.

use super::{BUILT_IN, Finding, Severity};
use crate::domain::policy::rule::Policy;
use crate::domain::policy::settings::{Attribute, RefundRoutes, TenderOrder};
use crate::domain::tender::TenderType;

/// What the default rule should settle, and what holds if it does not.
const EXPECTED: [(Attribute, &str); 4] = [
    (Attribute::Window, "30 days from the sale, then a manager's approval"),
    (Attribute::Conditions, "every condition is accepted"),
    (Attribute::RefundTo, "refunds go back to the tender that paid"),
    (Attribute::TenderOrder, "gift cards, store credit and cards first, cash last"),
];

pub(super) fn look(policy: &Policy, findings: &mut Vec<Finding>) {
    let number = policy.rules.len().saturating_sub(1);
    let default = policy.rules.last().filter(|last| last.when.is_always() && !last.statutory);
    let Some(default) = default else {
        findings.push(Finding {
            severity: Severity::Fault,
            rule: policy.rules.last().map_or(BUILT_IN, |last| last.id.as_str()).to_owned(),
            pointer: "/rules".to_owned(),
            code: "no_default_rule",
            detail: "The last rule must hold always and not be statutory, so that every return finds an answer."
                .to_owned(),
        });
        return;
    };
    for (attribute, otherwise) in
        EXPECTED.into_iter().filter(|(attribute, _)| !default.set.sets(*attribute))
    {
        findings.push(Finding {
            severity: Severity::Warning,
            rule: default.id.clone(),
            pointer: format!("/rules/{number}/set"),
            code: "default_incomplete",
            detail: format!("The default rule does not set {}: {otherwise}.", attribute.as_str()),
        });
    }
    for (number, rule) in policy.rules.iter().enumerate() {
        if let Some(TenderOrder::Listed(listed)) = &rule.set.tender_order {
            findings.extend(left_out(listed).map(|detail| Finding {
                severity: Severity::Warning,
                rule: rule.id.clone(),
                pointer: format!("/rules/{number}/set/tender_order"),
                code: "tenders_not_ordered",
                detail,
            }));
        }
        if rule.set.refund_to.as_ref().is_some_and(RefundRoutes::is_partial) {
            findings.push(Finding {
                severity: Severity::Warning,
                rule: rule.id.clone(),
                pointer: format!("/rules/{number}/set/refund_to"),
                code: "tenders_not_covered",
                detail: "Without \"*\", a tender that is not named can only go back to itself."
                    .to_owned(),
            });
        }
    }
}

/// Tenders that a list leaves out are paid back last, after cash: money that is still owed on an
/// account would be handed out.
fn left_out(listed: &[TenderType]) -> Option<String> {
    let missing: Vec<&str> = TenderType::ALL
        .iter()
        .filter(|tender| !listed.contains(tender))
        .map(|tender| tender.as_str())
        .collect();
    (!missing.is_empty()).then(|| {
        format!(
            "The list leaves out {}: they are paid back after all others, cash included. Name \
             them; store_account, bnpl and ebt before cash.",
            missing.join(", ")
        )
    })
}
