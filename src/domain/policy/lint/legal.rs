//! Limits below law, as far as a document shows them: EU withdrawal from distance sales (2011/83)
//! and fees on defective goods (2019/771). Where the rule names the region it is a fault; where it
//! only may reach there, a warning.

use super::{Severity, Subject, decided_before};
use crate::domain::policy::law::{DISTANCE_CHANNELS, EU_WITHDRAWAL_DAYS, is_eu, is_eu_currency};
use crate::domain::policy::rule::{Policy, When};
use crate::domain::policy::settings::{Attribute, FeeAmount, WindowFrom};
use crate::domain::words::Reason;

pub(super) fn look(subject: &mut Subject<'_>) {
    withdrawal(subject);
    fee_on_defective(subject);
}

/// A window shorter than 14 days from delivery for what was sold at a distance in the EU.
fn withdrawal(subject: &mut Subject<'_>) {
    let Some(window) = subject.rule.set.window else { return };
    let Some((severity, reached)) = distance_sales_in_eu(subject.policy, &subject.rule.when) else {
        return;
    };
    // Another rule asked earlier may grant what this one does not.
    let granted = DISTANCE_CHANNELS.iter().all(|channel| {
        let sale = When { channel: vec![(*channel).to_owned()], ..reached.clone() };
        !subject.rule.when.covers(&sale)
            || decided_before(subject.before, &sale, Attribute::Window).is_some()
    });
    if granted {
        return;
    }
    if window.days < EU_WITHDRAWAL_DAYS {
        let detail = format!(
            "Online buyers in the EU may withdraw for {EU_WITHDRAWAL_DAYS} days from delivery; this window has {}.",
            window.days
        );
        subject.say(severity, "set/window/days", "window_below_law", detail);
    } else if window.from == WindowFrom::Sale && severity == Severity::Fault {
        let detail = format!(
            "The EU's {EU_WITHDRAWAL_DAYS} days for distance sales run from delivery, not from the sale."
        );
        subject.warn("set/window", "window_not_from_delivery", detail);
    }
}

/// The distance sales in the EU that a rule reaches, and how certain that is. None if it reaches
/// none.
fn distance_sales_in_eu(policy: &Policy, when: &When) -> Option<(Severity, When)> {
    let channel = when.channel.is_empty()
        || when.channel.iter().any(|c| DISTANCE_CHANNELS.contains(&c.as_str()));
    let regions: Vec<String> = when.region.iter().filter(|region| is_eu(region)).cloned().collect();
    if !channel || when.receipt == Some(false) {
        return None;
    }
    if !regions.is_empty() {
        return Some((
            Severity::Fault,
            When { region: regions, receipt: Some(true), ..when.clone() },
        ));
    }
    let sells_in_eu = is_eu_currency(policy.currency.code())
        || policy
            .rules
            .iter()
            .filter(|rule| !rule.statutory)
            .flat_map(|rule| &rule.when.region)
            .any(|region| is_eu(region));
    let everywhere = When { region: vec!["EU".to_owned()], receipt: Some(true), ..when.clone() };
    (when.region.is_empty() && sells_in_eu).then_some((Severity::Warning, everywhere))
}

/// A restocking fee that would be kept when defective goods come back.
fn fee_on_defective(subject: &mut Subject<'_>) {
    let rule = subject.rule;
    let Some(fee) = &rule.set.fee else { return };
    let nothing = match fee.amount {
        FeeAmount::Percent(percent) => percent.is_zero(),
        FeeAmount::Fixed(amount) => amount.is_zero(),
    };
    let is_defective = |reason: &Reason| reason.as_str() == Reason::DEFECTIVE;
    let reached = rule.when.reason.is_empty() || rule.when.reason.iter().any(is_defective);
    if nothing || !reached || fee.except_reasons.iter().any(is_defective) {
        return;
    }
    let detail = "No fee is kept on defective goods, whatever the rule says; name \"defective\" in except_reasons.";
    subject.warn("set/fee/except_reasons", "fee_on_defective", detail);
}
