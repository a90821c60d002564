//! Findings about the return as a whole: whose purchase it is, how much, how often.

use super::super::book::Book;
use super::super::caller::Role;
use super::super::decision::{Code, Finding};
use super::super::money::Minor;
use super::super::policy::{ApprovalTier, Resolved, Set, VelocityLimit};
use super::Deciding;
use super::line::{consequence, spoken_days};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

impl<'a> Deciding<'a> {
    /// Nobody takes back their own purchase alone (STANDARDS 27).
    pub(super) fn own_purchase(&mut self) {
        let operator = &self.draft.operator;
        let buyers = self.books.values().map(|book| book.sale.customer.as_deref());
        let mut customers = buyers.chain([self.draft.customer.as_deref()]);
        if customers.any(|customer| self.case.settings.is_customer(operator, customer)) {
            let detail =
                format!("Operator {operator} is the customer here; a manager has to approve.");
            self.findings.push(Finding::needs(
                Code::OwnPurchase,
                "service:own-purchase",
                Role::Manager,
                1,
                detail,
            ));
        }
    }

    /// The limit by amount, and the tiers of approval: of what this return gives back, and of all
    /// that its sale has given back so far, so that splitting a return changes nothing.
    pub(super) fn limits(&mut self, refund: Minor) {
        let mut findings = Vec::new();
        for (sale, resolved) in self.rules() {
            let (counted, told) = self.counted(sale, refund);
            if let Some(Set { value: limit, rule }) = resolved.amount_limit
                && counted > limit.amount
            {
                let detail =
                    format!("{told}; the limit is {}.", limit.amount.format(self.currency));
                findings.push(consequence(limit.outcome, Code::AmountOverLimit, rule, detail));
            }
            let Set { value: tiers, rule } = resolved.approval;
            if let Some(tier) = highest_tier(tiers, counted) {
                let role = tier.role.as_str().replace('_', " ");
                let detail = format!(
                    "{told}; above {} it takes {}.",
                    tier.over.format(self.currency),
                    if tier.approvers > 1 {
                        format!("{} {role}s", tier.approvers)
                    } else {
                        format!("a {role}")
                    }
                );
                findings.push(Finding::needs(
                    Code::AmountOverLimit,
                    rule,
                    tier.role,
                    tier.approvers,
                    detail,
                ));
            }
        }
        self.add_once(findings);
    }

    /// The amount that limits look at, and how it is told: what this return gives back, or what a
    /// sale of it has given back with all its returns, whichever is more.
    fn counted(&self, sale: Option<Uuid>, refund: Minor) -> (Minor, String) {
        let told = |amount: Minor| amount.format(self.currency);
        let of_sale = sale.and_then(|sale| self.before(sale).zip(self.books.get(&sale)));
        let (before, after) = of_sale
            .map_or_else(Default::default, |(then, now)| (then.given_back(), now.given_back()));
        if after <= refund {
            return (refund, format!("{} goes back in all", told(refund)));
        }
        let now = told(Minor(after.0 - before.0));
        let detail = format!(
            "{now} goes back now and {} before, {} for this sale",
            told(before),
            told(after)
        );
        (after, detail)
    }

    /// How often and how much the customer has brought back.
    pub(super) fn velocity(&mut self, refund: Minor) {
        let mut findings = Vec::new();
        for (line, resolved) in self.lines.iter().zip(&self.resolved) {
            let Some(Set { value: limits, rule }) =
                resolved.as_ref().map(|resolved| resolved.velocity)
            else {
                continue;
            };
            let without = line.sale.is_none() && self.is_for_no_receipt(rule);
            let back = if without { self.refund_without_receipt() } else { refund };
            findings.extend(
                limits.iter().filter_map(|limit| self.velocity_finding(limit, rule, back, without)),
            );
        }
        for Resolved { velocity: Set { value: limits, rule }, .. } in &self.charge_rules {
            findings.extend(
                limits.iter().filter_map(|limit| self.velocity_finding(limit, rule, refund, false)),
            );
        }
        self.add_once(findings);
    }

    /// Whether a rule of the version in force speaks of goods without a receipt alone: then its
    /// limits count only those.
    fn is_for_no_receipt(&self, rule: &str) -> bool {
        let rules = self.version_at(self.case.now).map(|version| &version.policy.policy().rules);
        rules
            .into_iter()
            .flatten()
            .any(|known| known.id == rule && known.when.receipt == Some(false))
    }

    fn refund_without_receipt(&self) -> Minor {
        Minor(
            self.lines
                .iter()
                .filter(|line| line.is_without_receipt())
                .map(|line| line.refund.0)
                .sum(),
        )
    }

    /// Whether somebody is known to count for: named, by a document, or as the buyer of what comes
    /// back by receipt.
    fn is_identified(&self) -> bool {
        let buyer = |(sale, book): (&Uuid, &Book)| {
            !self.gifts.contains(sale) && book.sale.customer.is_some()
        };
        self.draft.customer.is_some()
            || self.draft.id_hash.is_some()
            || self.books.iter().any(buyer)
    }

    /// `without`: of the past, only what came back without a receipt counts.
    fn velocity_finding(
        &self,
        limit: &VelocityLimit,
        rule: &str,
        refund: Minor,
        without: bool,
    ) -> Option<Finding> {
        let period = SignedDuration::from_hours(24 * i64::from(limit.days));
        let since = self.case.now.checked_sub(period).unwrap_or(Timestamp::MIN);
        let past = self.case.history.iter().filter(|past| past.at > since);
        let amounts =
            past.filter_map(|past| if without { past.without_receipt } else { Some(past.amount) });
        let (count, amount) = amounts
            .fold((1_u32, refund), |(count, sum), amount| (count + 1, Minor(sum.0 + amount.0)));
        let by_count = limit.count.is_some_and(|most| count > most);
        let by_amount = limit.amount.is_some_and(|most| amount > most);
        (self.is_identified() && (by_count || by_amount)).then(|| {
            let detail = format!(
                "With this one the customer has made {}{}, {} in all, within {}; the limit is {}.",
                spoken_returns(count),
                if without { " without receipt" } else { "" },
                amount.format(self.currency),
                spoken_days(i64::from(limit.days)),
                self.spoken_limit(limit)
            );
            consequence(limit.outcome, Code::VelocityExceeded, rule, detail)
        })
    }

    fn spoken_limit(&self, limit: &VelocityLimit) -> String {
        let count = limit.count.map(spoken_returns);
        let amount = limit.amount.map(|amount| amount.format(self.currency));
        [count, amount].into_iter().flatten().collect::<Vec<_>>().join(" or ")
    }

    /// Lines under one rule say the same thing once.
    fn add_once(&mut self, findings: Vec<Finding>) {
        for finding in findings {
            if !self.findings.contains(&finding) {
                self.findings.push(finding);
            }
        }
    }

    /// The rules of every line and charge that comes back, each with its sale.
    fn rules(&self) -> impl Iterator<Item = (Option<Uuid>, &Resolved<'a>)> {
        let of_lines = self.lines.iter().zip(&self.resolved);
        let of_lines = of_lines.filter_map(|(line, rules)| Some((line.sale, rules.as_ref()?)));
        let charges = self.charges.iter().map(|charge| Some(charge.sale));
        of_lines.chain(charges.zip(&self.charge_rules))
    }

    /// The least that any of the rules allows in cash.
    pub(super) fn cash_limit(&self) -> Option<Minor> {
        self.rules()
            .filter_map(|(_, resolved)| resolved.cash_limit)
            .map(|limit| limit.value.amount)
            .min()
    }

    /// A rule that insists on a quote.
    pub(super) fn quote_required(&self) -> Option<String> {
        self.rules()
            .find(|(_, rules)| *rules.quote_required.value)
            .map(|(_, rules)| rules.quote_required.rule.to_owned())
    }
}

fn spoken_returns(count: u32) -> String {
    if count == 1 { "1 return".to_owned() } else { format!("{count} returns") }
}

/// The tier that a refund is over; of several the highest.
fn highest_tier(tiers: &[ApprovalTier], refund: Minor) -> Option<&ApprovalTier> {
    tiers.iter().filter(|tier| refund > tier.over).max_by_key(|tier| tier.over)
}
