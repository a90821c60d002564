//! Which version of the policy governs: of the sale, of the return, or the better of the two.

use crate::counter::{
    Counter, draft, line, noon, policy_in, published, sale, settings, tender, units,
};
use returndesk::domain::decision::{Alternative, PolicyRef, Verdict};
use returndesk::domain::tender::TenderType::CreditCard;

/// Thirty days and no fee, in force when the lamp was sold.
const THEN: &str =
    r#"[{"id": "default", "when": {}, "set": {"window": {"days": 30, "after": "refuse"}}}]"#;
/// A year, for a fee of a tenth.
const NOW: &str = r#"[{"id": "default", "when": {}, "set": {"window": {"days": 365, "after": "refuse"}, "fee": {"percent": "10"}}}]"#;

/// Case O04: what a version says of the whole counts as much as what it says of a line.
#[test]
fn the_verdict_counts_before_the_amount() {
    let fee = r#"[{"id": "default", "when": {}, "set": {"window": {"days": 30, "after": "refuse"}, "fee": {"percent": "15"}}}]"#;
    let asks = r#"[{"id": "default", "when": {}, "set": {"window": {"days": 30, "after": "refuse"},
        "approval": [{"over": "10.00", "role": "manager"}]}}]"#;
    // Then and now, in either order; and where approval is needed anyway, the amount counts.
    let both = r#"[{"id": "default", "when": {}, "set": {"window": {"days": 30, "after": "refuse"}, "fee": {"percent": "15"},
        "approval": [{"over": "10.00", "role": "manager"}]}}]"#;
    let table = [
        (fee, asks, (1, Verdict::Allowed, 1700), vec![(2, Verdict::NeedsApproval, 2000)]),
        (asks, fee, (2, Verdict::Allowed, 1700), vec![(1, Verdict::NeedsApproval, 2000)]),
        (both, asks, (2, Verdict::NeedsApproval, 2000), vec![]),
        (fee, fee, (1, Verdict::Allowed, 1700), vec![]),
    ];
    for (then, now, expected, others) in table {
        let mut settings = settings(policy_in("USD", "sale", then));
        settings.save_policy(published(2, noon("2026-03-05"), policy_in("USD", "better", now)));
        let lamp = sale(vec![line(1, 1, 2000)], vec![tender(1, CreditCard, 2000, 0)]);
        let mut counter = Counter::with_settings(settings, vec![lamp]);
        counter.now = noon("2026-03-10");
        let decision = counter.check(&draft(vec![units(1, 1)])).unwrap();
        let told = (decision.policy.version, decision.verdict, decision.totals.refund.0);
        assert_eq!(told, expected, "{then} and {now}");
        let version =
            |policy: &Option<PolicyRef>| policy.as_ref().map_or(0, |policy| policy.version);
        let other = |o: &Alternative| (version(&o.policy), o.verdict, o.refund.0);
        assert_eq!(decision.alternatives.iter().map(other).collect::<Vec<_>>(), others);
    }
}

#[test]
fn the_version_that_governs_is_told_and_asked() {
    let table = [
        ("sale", "2026-03-15", (1, Verdict::Allowed, 2000)),
        ("sale", "2026-04-15", (1, Verdict::Refused, 2000)),
        ("return", "2026-03-15", (2, Verdict::Allowed, 1800)),
        ("return", "2026-04-15", (2, Verdict::Allowed, 1800)),
        ("better", "2026-03-15", (1, Verdict::Allowed, 2000)),
        ("better", "2026-04-15", (2, Verdict::Allowed, 1800)),
        // Where both refuse, the one of the sale is told.
        ("better", "2027-06-01", (1, Verdict::Refused, 2000)),
    ];
    for (governed_by, on, expected) in table {
        let mut settings = settings(policy_in("USD", "sale", THEN));
        settings.save_policy(published(2, noon("2026-03-05"), policy_in("USD", governed_by, NOW)));
        let lamp = sale(vec![line(1, 1, 2000)], vec![tender(1, CreditCard, 2000, 0)]);
        let mut counter = Counter::with_settings(settings, vec![lamp]);
        counter.now = noon(on);
        let decision = counter.check(&draft(vec![units(1, 1)])).unwrap();
        let told = (decision.policy.version, decision.verdict, decision.totals.refund.0);
        assert_eq!(told, expected, "{governed_by} on {on}");
    }
}
