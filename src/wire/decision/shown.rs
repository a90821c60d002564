//! From the domain's decision to the one that is shown.

use super::{
    AlternativeView, ApprovalNeededView, ChargeView, ConversionView, DecisionView, ExchangeView,
    FindingView, LineView, PolicyView, RefundView, TaxView, TotalsView,
};
use crate::domain::decision::{
    Alternative, ApprovalNeeded, ChargeDecision, Conversion, Decision, Finding, LineDecision,
    PolicyRef, RefundPlan, Totals,
};
use crate::domain::money::{Currency, Minor};
use crate::domain::returns::{Refund, RefundStatus};
use crate::wire::gift_cards::RefundCardView;
use crate::wire::texts::{Id, Label};
use crate::wire::words::{FindingCode, TenderWord};

impl From<&Decision> for DecisionView {
    fn from(decision: &Decision) -> DecisionView {
        let currency = decision.currency;
        DecisionView {
            decision: decision.verdict.into(),
            policy: (&decision.policy).into(),
            evaluated_at: decision.evaluated_at,
            currency: currency.code().to_owned(),
            lines: decision.lines.iter().map(|line| LineView::new(line, decision)).collect(),
            charges: decision
                .charges
                .iter()
                .map(|charge| ChargeView::new(charge, currency))
                .collect(),
            findings: findings(&decision.findings),
            totals: TotalsView::new(&decision.totals, currency),
            refunds: decision
                .refunds
                .iter()
                .map(|plan| RefundView::planned(plan, currency))
                .collect(),
            exchange: decision
                .exchange
                .as_deref()
                .map(|exchanged| ExchangeView::new(exchanged, currency)),
            approvals_needed: decision
                .approvals_needed()
                .into_iter()
                .map(ApprovalNeededView::from)
                .collect(),
            alternatives: decision
                .alternatives
                .iter()
                .map(|other| AlternativeView::new(other, currency))
                .collect(),
            conversions: decision
                .conversions
                .iter()
                .map(|of| ConversionView::new(of, currency))
                .collect(),
            gift_receipt: !decision.gifts.is_empty(),
            price_hidden: !decision.gifts.is_empty(),
        }
    }
}

impl From<&PolicyRef> for PolicyView {
    fn from(policy: &PolicyRef) -> PolicyView {
        PolicyView { name: policy.name.clone(), version: policy.version }
    }
}

impl LineView {
    fn new(line: &LineDecision, decision: &Decision) -> LineView {
        let currency = decision.currency;
        let gift = line.sale.is_some_and(|sale| decision.gifts.contains(&sale));
        LineView {
            index: line.index,
            sale: line.sale.map(Id),
            sale_line: line.sale_line,
            gift_receipt: gift,
            price_hidden: gift,
            sku: line.sku.clone(),
            quantity: line.quantity.to_string(),
            returnable_quantity: line.returnable.to_string(),
            reason: Label(line.reason.as_str().to_owned()),
            condition: line.condition.into(),
            disposition: line.disposition.into(),
            serial_number: line.serial_number.clone(),
            note: line.note.clone(),
            policy_version: line.policy_version,
            decision: line.verdict.into(),
            net: line.net.format(currency),
            taxes: taxes(&line.taxes, currency),
            withheld: unless_nothing(line.withheld, currency),
            forgone: unless_nothing(line.forgone, currency),
            tax_only: line.tax_only.iter().cloned().map(Label).collect(),
            fee: line.fee.format(currency),
            fee_taxes: taxes(&line.fee_taxes, currency),
            refund: line.refund.format(currency),
            findings: findings(&line.findings),
        }
    }
}

impl ConversionView {
    fn new(of: &Conversion, currency: Currency) -> ConversionView {
        let from = of.by.from().unwrap_or(currency);
        ConversionView {
            sale: Id(of.sale),
            currency: from.code().to_owned(),
            rate: of.by.rate().to_owned(),
            as_sold: of.as_sold.format(from),
            converted: of.converted.format(currency),
        }
    }
}

impl ChargeView {
    fn new(charge: &ChargeDecision, currency: Currency) -> ChargeView {
        ChargeView {
            sale: Id(charge.sale),
            charge: charge.charge,
            amount: charge.amount.format(currency),
            taxes: taxes(&charge.taxes, currency),
            refund: charge.refund.format(currency),
            findings: findings(&charge.findings),
        }
    }
}

impl From<&Finding> for FindingView {
    fn from(finding: &Finding) -> FindingView {
        FindingView {
            code: finding.code.into(),
            rule: finding.rule.clone(),
            outcome: finding.outcome.into(),
            approval_role: finding.approval.map(|approval| approval.role.into()),
            approvals: finding.approval.map(|approval| approval.count),
            approved_by: finding.approved_by.iter().copied().map(Id).collect(),
            detail: finding.detail.clone(),
        }
    }
}

impl TotalsView {
    fn new(totals: &Totals, currency: Currency) -> TotalsView {
        TotalsView {
            returned: totals.returned.format(currency),
            fees: totals.fees.format(currency),
            fee_taxes: unless_nothing(totals.fee_taxes, currency),
            exchanged: totals.exchanged.format(currency),
            refund: totals.refund.format(currency),
            due: totals.due.format(currency),
        }
    }
}

impl RefundView {
    /// A refund that is planned: due.
    pub fn planned(plan: &RefundPlan, currency: Currency) -> RefundView {
        RefundView {
            refund: plan.refund,
            kind: plan.kind.into(),
            sale: plan.sale.map(Id),
            sale_tender: plan.paid_tender(),
            reference: plan.reference.clone(),
            amount: plan.amount.format(currency),
            rounding: plan.rounding.format(currency),
            status: RefundStatus::Due.into(),
            fallbacks: plan.fallbacks.iter().copied().map(TenderWord).collect(),
            settled_at: None,
            settlement_reference: None,
            stands_in_for: None,
            card: None,
        }
    }

    /// A refund as it stands.
    pub fn recorded(refund: &Refund, currency: Currency) -> RefundView {
        RefundView {
            status: refund.status.into(),
            settled_at: refund.settled_at,
            settlement_reference: refund.settlement_reference.clone(),
            stands_in_for: refund.stands_in_for,
            card: refund.card.as_ref().map(|card| RefundCardView::new(card, currency)),
            ..RefundView::planned(&refund.plan, currency)
        }
    }
}

impl From<ApprovalNeeded> for ApprovalNeededView {
    fn from(needed: ApprovalNeeded) -> ApprovalNeededView {
        let codes = needed.codes.into_iter().map(FindingCode).collect();
        ApprovalNeededView { role: needed.role.into(), codes, count: needed.count }
    }
}

impl AlternativeView {
    fn new(other: &Alternative, currency: Currency) -> AlternativeView {
        let (refund_to, decision) = (other.refund_to.into(), other.verdict.into());
        AlternativeView {
            refund_to,
            decision,
            refund: other.refund.format(currency),
            policy: other.policy.as_ref().map(PolicyView::from),
        }
    }
}

fn findings(findings: &[Finding]) -> Vec<FindingView> {
    findings.iter().map(FindingView::from).collect()
}

fn unless_nothing(amount: Minor, currency: Currency) -> Option<String> {
    (!amount.is_zero()).then(|| amount.format(currency))
}

fn taxes(taxes: &[(String, Minor)], currency: Currency) -> Vec<TaxView> {
    taxes
        .iter()
        .map(|(code, amount)| TaxView { code: code.clone(), amount: amount.format(currency) })
        .collect()
}
