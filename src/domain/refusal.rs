//! Why a command is not carried out. A refusal is a value: it is recorded, committed and answered.

use super::decision::Decision;
use super::money::{Currency, Minor};
use super::sale::Sale;
use jiff::civil::Date;
use uuid::Uuid;

/// One thing wrong with what was sent, and where (a JSON Pointer into the body).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub pointer: String,
    /// Stable, snake_case.
    pub code: &'static str,
    /// For the person at the register.
    pub detail: String,
    /// The sales that a receipt number may mean; empty for every other fault.
    pub candidates: Vec<Candidate>,
}

/// One of several sales that bear the same receipt number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub sale: Uuid,
    pub store: String,
    pub register: String,
    pub business_date: Date,
    pub total: Minor,
    pub currency: Currency,
}

impl Candidate {
    pub fn of(sale: &Sale) -> Candidate {
        Candidate {
            sale: sale.id,
            store: sale.store.clone(),
            register: sale.register.clone(),
            business_date: sale.business_date,
            total: sale.total,
            currency: sale.currency,
        }
    }
}

impl Fault {
    pub fn new(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Fault {
        Fault { pointer: pointer.into(), code, detail: detail.into(), candidates: Vec::new() }
    }

    pub fn invalid(pointer: impl Into<String>, detail: &str) -> Fault {
        Fault::new(pointer, "invalid_value", detail)
    }

    pub fn unknown_store(store: &str) -> Fault {
        Fault::new(
            "/store",
            "unknown_store",
            format!("Store {store} is not known here; an admin adds it first."),
        )
    }

    pub fn currency(pointer: &str, theirs: Currency) -> Fault {
        let detail = format!("Currencies never mix: the store or sale uses {}.", theirs.code());
        Fault::new(pointer, "currency_mismatch", detail)
    }

    /// A receipt number that several sales bear. `pointer` leads to the reference.
    pub fn ambiguous_receipt(pointer: String, candidates: Vec<Candidate>) -> Fault {
        let detail = "Several sales have this receipt number. Choose the sale by the register and date on the receipt.";
        Fault { candidates, ..Fault::new(pointer, "receipt_ambiguous", detail) }
    }
}

/// Every way to be refused, in order of precedence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The body cannot be acted on as it stands.
    Invalid(Vec<Fault>),
    /// What it is about does not exist, or not for this caller.
    NotFound { what: &'static str },
    /// The register is not the token's, or not in service (403).
    Register { code: &'static str, detail: String },
    /// The receipt number is taken by another sale (409).
    ReceiptExists { sale: Uuid },
    /// An override cannot be used for this return.
    Override { id: Uuid, why: OverrideFault },
    /// Price, policy version or remaining quantity changed since the quote (409).
    QuoteDrifted(Vec<Drift>),
    /// The policy records only what was checked first (422).
    QuoteRequired { rule: String },
    /// The register expected another amount (409).
    AmountChanged { expected: String, decision: Box<Decision> },
    /// A rule refuses (422).
    ReturnRefused(Box<Decision>),
    /// Approvals are missing (403).
    ApprovalRequired(Box<Decision>),
    /// The return cannot be taken back as it stands (409).
    NotVoidable { detail: String },
    /// The sale cannot be taken back as it stands (409).
    SaleNotVoidable { detail: String },
    /// A gift card cannot be used so; with what is on it where that is the reason (404, 409, 422).
    Card { code: &'static str, detail: String, balance: Option<String> },
    /// The refund is not waiting for the terminal's word (409).
    RefundNotDue { status: &'static str },
    /// The day cannot be closed as it stands.
    DayEnd { code: &'static str, detail: String },
    /// A document changed since it was read (412).
    Stale,
    /// It exists already and must be changed with its ETag (428).
    MustMatch,
    /// The policy's rules forbid the publication.
    Policy { code: &'static str, detail: String },
}

impl Refusal {
    /// The stable code of the answer.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::Invalid(faults) => faults.first().map_or("invalid_body", |fault| fault.code),
            Refusal::NotFound { .. } => "not_found",
            Refusal::ReceiptExists { .. } => "receipt_exists",
            Refusal::Override { why, .. } => why.code(),
            Refusal::QuoteDrifted(_) => "quote_drifted",
            Refusal::QuoteRequired { .. } => "quote_required",
            Refusal::AmountChanged { .. } => "amount_changed",
            Refusal::ReturnRefused(_) => "return_refused",
            Refusal::ApprovalRequired(_) => "approval_required",
            Refusal::NotVoidable { .. } => "return_not_voidable",
            Refusal::SaleNotVoidable { .. } => "sale_not_voidable",
            Refusal::Card { code, .. } => code,
            Refusal::RefundNotDue { .. } => "refund_not_due",
            Refusal::Stale => "precondition_failed",
            Refusal::MustMatch => "precondition_required",
            Refusal::Register { code, .. }
            | Refusal::DayEnd { code, .. }
            | Refusal::Policy { code, .. } => code,
        }
    }

    /// The decision it rests on, if it got that far.
    pub fn decision(&self) -> Option<&Decision> {
        match self {
            Refusal::AmountChanged { decision, .. }
            | Refusal::ReturnRefused(decision)
            | Refusal::ApprovalRequired(decision) => Some(decision),
            _ => None,
        }
    }
}

/// What is wrong with an override (API §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverrideFault {
    /// Not a token of this service, or an altered one.
    Invalid,
    Expired,
    Used,
    Mismatch,
    ApproverIsOperator,
    ApproverLacksRole,
    ApproverOwnPurchase,
}

impl OverrideFault {
    pub fn code(self) -> &'static str {
        match self {
            OverrideFault::Invalid => "override_invalid",
            OverrideFault::Expired => "override_expired",
            OverrideFault::Used => "override_used",
            OverrideFault::Mismatch => "override_mismatch",
            OverrideFault::ApproverIsOperator => "approver_is_operator",
            OverrideFault::ApproverLacksRole => "approver_lacks_role",
            OverrideFault::ApproverOwnPurchase => "approver_own_purchase",
        }
    }
}

/// One difference between a quote and now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    pub what: &'static str,
    pub quoted: String,
    pub now: String,
}
