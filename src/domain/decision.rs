//! A decision and its findings: what each rule says, the worst of it, and what would change the
//! answer.

use super::caller::Role;
use super::changeover::Changeover;
use super::exchanges::Exchanged;
use super::money::{Currency, Minor};
use super::quantity::Quantity;
use super::sale::Tender;
use super::tender::TenderType;
use super::words::{Condition, Disposition, Reason, RefundTo};
use jiff::Timestamp;
use uuid::Uuid;

/// What may be done, from best to worst: the order is the precedence, refused > needs approval >
/// allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Verdict {
    #[default]
    Allowed,
    NeedsApproval,
    Refused,
}

impl Verdict {
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Allowed => "allowed",
            Verdict::NeedsApproval => "needs_approval",
            Verdict::Refused => "refused",
        }
    }
}

/// What a rule can find. The order is the one in which findings of equal weight are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    ReceiptNotFound,
    AlreadyReturned,
    QuantityExceeded,
    PriceAbovePaid,
    TenderExhausted,
    NotReturnable,
    FinalSale,
    ExchangeOnly,
    WindowExpired,
    ReceiptMissing,
    IdRequired,
    PriceUnknown,
    SerialMismatch,
    ConditionNotAccepted,
    ReasonNotAccepted,
    OwnPurchase,
    WatchListed,
    HighRisk,
    VelocityExceeded,
    AmountOverLimit,
    CashOverLimit,
    TenderNotAllowed,
    TenderNotCleared,
    FeeApplied,
    PromotionRepriced,
}

impl Code {
    pub const ALL: [Code; 25] = [
        Code::ReceiptNotFound,
        Code::AlreadyReturned,
        Code::QuantityExceeded,
        Code::PriceAbovePaid,
        Code::TenderExhausted,
        Code::NotReturnable,
        Code::FinalSale,
        Code::ExchangeOnly,
        Code::WindowExpired,
        Code::ReceiptMissing,
        Code::IdRequired,
        Code::PriceUnknown,
        Code::SerialMismatch,
        Code::ConditionNotAccepted,
        Code::ReasonNotAccepted,
        Code::OwnPurchase,
        Code::WatchListed,
        Code::HighRisk,
        Code::VelocityExceeded,
        Code::AmountOverLimit,
        Code::CashOverLimit,
        Code::TenderNotAllowed,
        Code::TenderNotCleared,
        Code::FeeApplied,
        Code::PromotionRepriced,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Code::ReceiptNotFound => "receipt_not_found",
            Code::AlreadyReturned => "already_returned",
            Code::QuantityExceeded => "quantity_exceeded",
            Code::PriceAbovePaid => "price_above_paid",
            Code::TenderExhausted => "tender_exhausted",
            Code::NotReturnable => "not_returnable",
            Code::FinalSale => "final_sale",
            Code::ExchangeOnly => "exchange_only",
            Code::WindowExpired => "window_expired",
            Code::ReceiptMissing => "receipt_missing",
            Code::IdRequired => "id_required",
            Code::PriceUnknown => "price_unknown",
            Code::SerialMismatch => "serial_mismatch",
            Code::ConditionNotAccepted => "condition_not_accepted",
            Code::ReasonNotAccepted => "reason_not_accepted",
            Code::OwnPurchase => "own_purchase",
            Code::WatchListed => "watch_listed",
            Code::HighRisk => "high_risk",
            Code::VelocityExceeded => "velocity_exceeded",
            Code::AmountOverLimit => "amount_over_limit",
            Code::CashOverLimit => "cash_over_limit",
            Code::TenderNotAllowed => "tender_not_allowed",
            Code::TenderNotCleared => "tender_not_cleared",
            Code::FeeApplied => "fee_applied",
            Code::PromotionRepriced => "promotion_repriced",
        }
    }

    pub fn parse(name: &str) -> Option<Code> {
        Code::ALL.into_iter().find(|code| code.as_str() == name)
    }

    /// Nobody can approve giving back more than was sold or paid.
    pub fn never_approvable(self) -> bool {
        matches!(
            self,
            Code::QuantityExceeded
                | Code::AlreadyReturned
                | Code::TenderExhausted
                | Code::PriceAbovePaid
        )
    }
}

/// What one rule says of one line or of the whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub code: Code,
    /// The rule of the policy that produced it, or a rule of the service, written `service:…`.
    pub rule: String,
    pub outcome: Verdict,
    /// Who may approve it; set exactly when the outcome is needs approval.
    pub approval: Option<Approval>,
    /// A sentence for the person at the register, with the numbers that were compared.
    pub detail: String,
    /// The overrides that cover it.
    pub approved_by: Vec<Uuid>,
}

/// The lowest role that may approve, and how many different people it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Approval {
    pub role: Role,
    pub count: u32,
}

impl Finding {
    pub fn refused(code: Code, rule: impl Into<String>, detail: String) -> Finding {
        Finding {
            code,
            rule: rule.into(),
            outcome: Verdict::Refused,
            approval: None,
            detail,
            approved_by: vec![],
        }
    }

    pub fn noted(code: Code, rule: impl Into<String>, detail: String) -> Finding {
        Finding {
            code,
            rule: rule.into(),
            outcome: Verdict::Allowed,
            approval: None,
            detail,
            approved_by: vec![],
        }
    }

    pub fn needs(
        code: Code,
        rule: impl Into<String>,
        role: Role,
        count: u32,
        detail: String,
    ) -> Finding {
        let approval = Some(Approval { role, count });
        Finding {
            code,
            rule: rule.into(),
            outcome: Verdict::NeedsApproval,
            approval,
            detail,
            approved_by: vec![],
        }
    }

    /// The outcome once approvals are counted.
    pub fn verdict(&self) -> Verdict {
        match self.approval {
            Some(approval) if self.approved_by.len() >= approval.count as usize => Verdict::Allowed,
            _ => self.outcome,
        }
    }
}

/// What is decided of one line of the draft, or of a part of a kit that comes back with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineDecision {
    /// The line of the draft, counted from 0.
    pub index: usize,
    pub sale: Option<Uuid>,
    pub sale_line: Option<u32>,
    pub sku: Option<String>,
    /// What may still come back of the line, before this return.
    pub returnable: Quantity,
    /// What comes back; zero for money back while the goods stay, and where an earlier return's
    /// withheld money is paid.
    pub quantity: Quantity,
    pub reason: Reason,
    pub condition: Condition,
    pub disposition: Disposition,
    pub serial_number: Option<String>,
    /// For people, as sent.
    pub note: Option<String>,
    /// The version of the policy that governs this line.
    pub policy_version: u32,
    pub verdict: Verdict,
    pub net: Minor,
    /// Code of each tax of the sale line and what is given back of it.
    pub taxes: Vec<(String, Minor)>,
    /// Shares of the sale's own discounts that the net is already less.
    pub discount_shares: Vec<Minor>,
    /// Net and taxes, as paid; the net alone where it contains the taxes.
    pub gross: Minor,
    /// What repricing withholds of the net (already off it); below nothing where it is paid after
    /// all.
    pub withheld: Minor,
    /// What is not given of the net (already off it) since a lower price was asked.
    pub forgone: Minor,
    /// The codes of the taxes that alone go back while the goods stay; empty where goods or money
    /// do.
    pub tax_only: Vec<String>,
    /// What the shop keeps. It contains its tax where the net does.
    pub fee: Minor,
    /// Of each tax, what is kept with the fee; empty where that is nothing.
    pub fee_taxes: Vec<(String, Minor)>,
    /// Gross less fee, and less the fee's taxes unless the fee contains them.
    pub refund: Minor,
    pub findings: Vec<Finding>,
}

/// A charge that comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChargeDecision {
    pub sale: Uuid,
    pub charge: u32,
    /// What goes back of the charge, and below of each tax; nothing of what cannot.
    pub amount: Minor,
    pub taxes: Vec<(String, Minor)>,
    pub refund: Minor,
    pub findings: Vec<Finding>,
}

/// Money that goes to one tender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundPlan {
    /// Counted from 1 within the return.
    pub refund: u32,
    pub kind: TenderType,
    /// The sale and the tender of it that the money was paid with, whose refundable rest it lowers.
    pub sale: Option<Uuid>,
    /// The sale's tender; [`Tender::IN_KIND`] for what none paid.
    pub sale_tender: Option<u32>,
    pub reference: Option<String>,
    /// What is paid out.
    pub amount: Minor,
    /// What cash rounding added to the exact amount (negative: kept). `amount − rounding` is exact.
    pub rounding: Minor,
    /// Other means that the policy allows should this one fail.
    pub fallbacks: Vec<TenderType>,
}

impl RefundPlan {
    /// The tender that paid the money, as registers know it; none for what no tender paid.
    pub fn paid_tender(&self) -> Option<u32> {
        self.sale_tender.filter(|tender| *tender != Tender::IN_KIND)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Worth of all that comes back, taxes included.
    pub returned: Minor,
    pub fees: Minor,
    /// Taxes kept with the fees, where they do not contain them.
    pub fee_taxes: Minor,
    pub exchanged: Minor,
    /// What the customer gets, exact, before cash rounding.
    pub refund: Minor,
    /// What the customer owes.
    pub due: Minor,
}

impl Totals {
    /// The same once new goods are taken: what comes back pays for them, and one amount is left,
    /// either way.
    pub fn with_exchange(self, exchanged: Option<Minor>) -> Totals {
        let Some(exchanged) = exchanged else { return self };
        let carried = self.refund.min(exchanged);
        Totals {
            exchanged,
            refund: Minor(self.refund.0 - carried.0),
            due: Minor(exchanged.0 - carried.0),
            ..self
        }
    }

    /// What the goods that come back are worth to the customer: paid out, or taken in new goods.
    pub fn credit(&self) -> Minor {
        Minor(self.refund.0 + self.exchanged.0 - self.due.0)
    }
}

/// The name and number of a policy's version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyRef {
    pub name: String,
    pub version: u32,
}

/// Approvals that are still missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalNeeded {
    pub role: Role,
    pub codes: Vec<Code>,
    /// How many more people.
    pub count: u32,
}

/// What the answer would be if the money went elsewhere, or under the other version of the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternative {
    pub refund_to: RefundTo,
    pub verdict: Verdict,
    pub refund: Minor,
    /// The other version, where that makes the difference (`governed_by: better`).
    pub policy: Option<PolicyRef>,
}

/// The answer to "may this come back, and for how much?".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub verdict: Verdict,
    pub policy: PolicyRef,
    pub evaluated_at: Timestamp,
    pub currency: Currency,
    pub lines: Vec<LineDecision>,
    pub charges: Vec<ChargeDecision>,
    /// Findings about the whole.
    pub findings: Vec<Finding>,
    pub totals: Totals,
    pub refunds: Vec<RefundPlan>,
    /// What the customer takes instead.
    pub exchange: Option<Box<Exchanged>>,
    pub alternatives: Vec<Alternative>,
    /// Sales presented by their gift receipts: their prices are not for the eyes of whoever holds
    /// those.
    pub gifts: Vec<Uuid>,
    /// What comes back of sales in a currency that was replaced.
    pub conversions: Vec<Conversion>,
}

/// What comes back of a sale that was rung up in a currency since replaced, in both currencies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conversion {
    pub sale: Uuid,
    pub by: Changeover,
    /// What it was worth when it was sold, taxes included, in the old currency.
    pub as_sold: Minor,
    /// What it is worth in the decision's currency, before fees.
    pub converted: Minor,
}

impl LineDecision {
    /// Whether the goods have no receipt, but an article and a price that was found for it.
    pub fn is_without_receipt(&self) -> bool {
        self.sale.is_none() && self.quantity > Quantity::ZERO
    }
}

impl Decision {
    /// Every finding, of the whole and of its parts.
    pub fn all_findings(&self) -> impl Iterator<Item = &Finding> {
        let of_lines = self.lines.iter().flat_map(|line| &line.findings);
        let of_charges = self.charges.iter().flat_map(|charge| &charge.findings);
        self.findings.iter().chain(of_lines).chain(of_charges)
    }

    pub fn all_findings_mut(&mut self) -> impl Iterator<Item = &mut Finding> {
        let of_lines = self.lines.iter_mut().flat_map(|line| &mut line.findings);
        let of_charges = self.charges.iter_mut().flat_map(|charge| &mut charge.findings);
        self.findings.iter_mut().chain(of_lines).chain(of_charges)
    }

    /// Sets each line's verdict and the whole one to the worst of their findings.
    pub fn weigh(&mut self) {
        let worst =
            |findings: &[Finding]| findings.iter().map(Finding::verdict).max().unwrap_or_default();
        for line in &mut self.lines {
            line.findings.sort_by_key(|f| (std::cmp::Reverse(f.outcome), f.code));
            line.verdict = worst(&line.findings);
        }
        self.findings.sort_by_key(|f| (std::cmp::Reverse(f.outcome), f.code));
        self.verdict = self.all_findings().map(Finding::verdict).max().unwrap_or_default();
    }

    /// The approvals that are missing, one entry for each role and number of people, lowest role
    /// first.
    pub fn approvals_needed(&self) -> Vec<ApprovalNeeded> {
        let mut needed: Vec<ApprovalNeeded> = Vec::new();
        for finding in self.all_findings().filter(|f| f.verdict() == Verdict::NeedsApproval) {
            let Some(approval) = finding.approval else { continue };
            let count = approval
                .count
                .saturating_sub(u32::try_from(finding.approved_by.len()).unwrap_or(u32::MAX));
            match needed.iter_mut().find(|n| n.role == approval.role && n.count == count) {
                Some(entry) if entry.codes.contains(&finding.code) => {}
                Some(entry) => entry.codes.push(finding.code),
                None => needed.push(ApprovalNeeded {
                    role: approval.role,
                    codes: vec![finding.code],
                    count,
                }),
            }
        }
        needed.iter_mut().for_each(|entry| entry.codes.sort());
        needed.sort_by_key(|entry| (entry.role.approver_rank(), entry.count));
        needed
    }
}
