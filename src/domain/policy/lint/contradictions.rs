//! Settings that cannot both be meant.

use super::{Subject, decided_before};
use crate::domain::policy::built_in;
use crate::domain::policy::settings::{ApprovalTier, Attribute, Consequence, RefundRoutes};
use crate::domain::tender::TenderType;

pub(super) fn look(subject: &mut Subject<'_>) {
    window(subject);
    extension(subject);
    tiers(subject);
    cash_limit(subject);
    no_receipt(subject);
}

fn window(subject: &mut Subject<'_>) {
    let Some(window) = subject.rule.set.window else { return };
    let Some(last) = window.refuse_after_days else { return };
    if window.after == Consequence::Refuse {
        let detail = "The window refuses after its last day, so approval is never possible.";
        subject.warn("set/window/refuse_after_days", "refuse_after_days_unused", detail);
    } else if last < window.days {
        let detail = format!(
            "Refused after {last} days, before the window of {} days has closed.",
            window.days
        );
        subject.fault("set/window/refuse_after_days", "refused_within_window", detail);
    }
}

fn extension(subject: &mut Subject<'_>) {
    let Some(until) = subject.rule.set.extension else {
        return;
    };
    match subject.rule.when.bought.and_then(|range| range.to) {
        Some(to) if until < to => {
            let detail = format!("Returnable until {until}, yet for what is bought until {to}.");
            subject.fault("set/extension/until", "extension_before_purchase", detail);
        }
        Some(_) => {}
        None => {
            let detail = format!(
                "Without an end to \"bought\", what is bought up to {until} is all returnable until then."
            );
            subject.warn("set/extension", "extension_for_all", detail);
        }
    }
}

/// Tiers rise: a greater amount asks for a higher role, or for more people of the same.
fn tiers(subject: &mut Subject<'_>) {
    let rule = subject.rule;
    let tiers = rule.set.approval.as_deref().unwrap_or_default();
    for (n, pair) in tiers.windows(2).enumerate() {
        let [lower, upper] = pair else { continue };
        let at = format!("set/approval/{}", n + 1);
        let weight = |tier: &ApprovalTier| (tier.role.approver_rank(), tier.approvers);
        if upper.over <= lower.over {
            let (over, before) = (
                upper.over.format(subject.policy.currency),
                lower.over.format(subject.policy.currency),
            );
            let detail =
                format!("Over {over} comes after over {before}; tiers go from small to large.");
            subject.fault(&format!("{at}/over"), "tiers_not_ascending", detail);
        } else if weight(upper).0 < weight(lower).0 {
            let detail = format!(
                "A larger amount asks for a {}, a smaller one for a {}.",
                upper.role.as_str(),
                lower.role.as_str()
            );
            subject.fault(&format!("{at}/role"), "role_not_rising", detail);
        } else if weight(upper) <= weight(lower) {
            subject.warn(&at, "tier_adds_nothing", "The tier before asks for as much already.");
        }
    }
}

fn cash_limit(subject: &mut Subject<'_>) {
    let Some(limit) = subject.rule.set.cash_limit else {
        return;
    };
    let routes = routes_beside(subject);
    if routes.steps().all(|step| step.allowed(TenderType::Cash).any(|to| to == limit.beyond)) {
        return;
    }
    let beyond = limit.beyond.as_str();
    let detail = format!(
        "Beyond the limit {beyond} is paid, but refund_to does not allow {beyond} for what was paid in cash."
    );
    subject.fault("set/cash_limit/beyond", "beyond_not_allowed", detail);
}

/// The routes that hold where this rule does: an earlier rule's, its own, or the next that covers
/// it.
fn routes_beside<'a>(subject: &Subject<'a>) -> &'a RefundRoutes {
    let rule = subject.rule;
    let earlier = decided_before(subject.before, &rule.when, Attribute::RefundTo);
    let own = rule.set.refund_to.as_ref();
    let later = || {
        let rules =
            subject.policy.precedence().into_iter().map(|number| &subject.policy.rules[number]);
        rules
            .filter(|later| later.when.covers(&rule.when))
            .find_map(|later| later.set.refund_to.as_ref())
    };
    earlier
        .and_then(|rule| rule.set.refund_to.as_ref())
        .or(own)
        .or_else(later)
        .unwrap_or(&built_in().refund_to)
}

/// A rule for returns without receipt that still requires one.
fn no_receipt(subject: &mut Subject<'_>) {
    let rule = subject.rule;
    if rule.when.receipt == Some(false)
        && rule.set.receipt_required == Some(true)
        && rule.set.lowest_in_days.is_some()
    {
        let detail = "A receipt is required, so that a price basis without receipt is never used.";
        subject.warn("set/price_basis", "price_basis_unused", detail);
    }
}
