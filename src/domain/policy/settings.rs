//! What a rule may set. Each attribute is taken whole from one rule; nothing is merged.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::domain::caller::Role;
use crate::domain::money::Minor;
use crate::domain::tender::TenderType;
use crate::domain::words::{Condition, Reason, vocabulary};

/// Who approves where a rule asks for approval and names no role: an override is a manager's
/// authorization.
pub const DEFAULT_APPROVER: Role = Role::Manager;

/// What one rule sets; `None` leaves the attribute to the rules after it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    pub outcome: Option<Outcome>,
    pub window: Option<Window>,
    /// Returnable until this date at least, however short the window.
    pub extension: Option<Date>,
    /// Conditions accepted.
    pub conditions: Option<Vec<Condition>>,
    /// Reasons accepted; unset accepts every reason the policy knows.
    pub reasons: Option<Vec<Reason>>,
    pub receipt_required: Option<bool>,
    pub id_required: Option<bool>,
    pub refund_to: Option<RefundRoutes>,
    pub tender_order: Option<TenderOrder>,
    pub cash_limit: Option<CashLimit>,
    pub amount_limit: Option<AmountLimit>,
    pub fee: Option<Fee>,
    /// Calendar days after the sale before money paid by check is given back.
    pub check_clears_days: Option<u32>,
    /// Tiers by amount; the highest that the refund is over decides.
    pub approval: Option<Vec<ApprovalTier>>,
    pub velocity: Option<Vec<VelocityLimit>>,
    /// Without receipt: the lowest price of the item in this many days before the return.
    pub lowest_in_days: Option<u32>,
    pub exchange_window: Option<ExchangeWindow>,
    pub promotion: Option<PromotionTreatment>,
    /// Recording needs a quote of an earlier check.
    pub quote_required: Option<bool>,
}

vocabulary! {
    /// The names of what a rule may set.
    Attribute {
        Outcome = "outcome",
        Window = "window",
        Extension = "extension",
        Conditions = "conditions",
        Reasons = "reasons",
        ReceiptRequired = "receipt_required",
        IdRequired = "id_required",
        RefundTo = "refund_to",
        TenderOrder = "tender_order",
        CashLimit = "cash_limit",
        AmountLimit = "amount_limit",
        Fee = "fee",
        CheckClearsDays = "check_clears_days",
        Approval = "approval",
        Velocity = "velocity",
        PriceBasis = "price_basis",
        ExchangeWindow = "exchange_window",
        Promotion = "promotion",
        QuoteRequired = "quote_required",
    }
}

impl Settings {
    /// Whether the attribute is set here.
    pub fn sets(&self, attribute: Attribute) -> bool {
        match attribute {
            Attribute::Outcome => self.outcome.is_some(),
            Attribute::Window => self.window.is_some(),
            Attribute::Extension => self.extension.is_some(),
            Attribute::Conditions => self.conditions.is_some(),
            Attribute::Reasons => self.reasons.is_some(),
            Attribute::ReceiptRequired => self.receipt_required.is_some(),
            Attribute::IdRequired => self.id_required.is_some(),
            Attribute::RefundTo => self.refund_to.is_some(),
            Attribute::TenderOrder => self.tender_order.is_some(),
            Attribute::CashLimit => self.cash_limit.is_some(),
            Attribute::AmountLimit => self.amount_limit.is_some(),
            Attribute::Fee => self.fee.is_some(),
            Attribute::CheckClearsDays => self.check_clears_days.is_some(),
            Attribute::Approval => self.approval.is_some(),
            Attribute::Velocity => self.velocity.is_some(),
            Attribute::PriceBasis => self.lowest_in_days.is_some(),
            Attribute::ExchangeWindow => self.exchange_window.is_some(),
            Attribute::Promotion => self.promotion.is_some(),
            Attribute::QuoteRequired => self.quote_required.is_some(),
        }
    }
}

/// What becomes of the line as such, before windows and limits are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Not refused by this attribute; how a statutory rule lifts a final sale.
    Allow,
    NeedsApproval(Role),
    ExchangeOnly,
    Refuse,
}

/// What follows when a limit is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consequence {
    NeedsApproval(Role),
    Refuse,
}

/// Calendar days in the store's zone, the last one included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub days: u32,
    pub from: WindowFrom,
    pub after: Consequence,
    /// Days from the same start after which approval no longer helps. Only with
    /// [`Consequence::NeedsApproval`].
    pub refuse_after_days: Option<u32>,
}

vocabulary! {
    /// The day a window is counted from.
    WindowFrom {
        Sale = "sale",
        /// The day the goods were delivered; the day of sale where they were handed over at once.
        Delivery = "delivery",
    }
}

/// Where the money of one original tender may go, best first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefundRoutes {
    pub by_tender: BTreeMap<TenderType, Vec<RefundMeans>>,
    /// `*`: for every tender not named. Without it such a tender goes back to itself alone.
    pub otherwise: Option<Vec<RefundMeans>>,
    /// The age of the sale, in calendar days, up to which these routes were written for.
    pub within_days: Option<u32>,
    /// Routes for younger sales, the youngest first; each has its `within_days`.
    pub younger: Vec<RefundRoutes>,
}

impl RefundRoutes {
    /// The routes for a sale of this age, in calendar days. A sale older than all steps goes by the
    /// last.
    pub fn at(&self, days: i64) -> &RefundRoutes {
        let covers =
            |step: &&RefundRoutes| step.within_days.is_some_and(|most| days <= most.into());
        self.younger.iter().find(covers).unwrap_or(self)
    }

    /// All steps, the youngest sales first.
    pub fn steps(&self) -> impl Iterator<Item = &RefundRoutes> {
        self.younger.iter().chain([self])
    }

    /// Returns true if some tender is covered by no key.
    pub fn is_partial(&self) -> bool {
        self.steps().any(|step| {
            step.otherwise.is_none()
                && TenderType::ALL.iter().any(|tender| !step.by_tender.contains_key(tender))
        })
    }

    /// The means allowed for what was paid with `original`, best first, `original` spelled out.
    pub fn allowed(&self, original: TenderType) -> impl Iterator<Item = TenderType> + '_ {
        const ITSELF: &[RefundMeans] = &[RefundMeans::Original];
        let means =
            self.by_tender.get(&original).or(self.otherwise.as_ref()).map_or(ITSELF, Vec::as_slice);
        means.iter().map(move |means| match means {
            RefundMeans::Original => original,
            RefundMeans::Tender(tender) => *tender,
        })
    }
}

/// A means of refund as a policy names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RefundMeans {
    /// The very tender of the sale.
    Original,
    Tender(TenderType),
}

/// The order in which the tenders of a sale are paid back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TenderOrder {
    /// As the sale listed them.
    First,
    /// The sale's last tender first.
    Last,
    /// Each in proportion to what it paid.
    Proportional,
    /// By type; types not listed come last, as the sale listed them.
    Listed(Vec<TenderType>),
}

/// The most one return pays in cash, and what pays the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CashLimit {
    pub amount: Minor,
    /// Never cash.
    pub beyond: TenderType,
}

/// The most one return pays back in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AmountLimit {
    pub amount: Minor,
    pub outcome: Consequence,
}

/// A restocking fee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fee {
    pub amount: FeeAmount,
    /// Only goods in one of these conditions; empty: in any.
    pub conditions: Vec<Condition>,
    pub except_reasons: Vec<Reason>,
}

impl Fee {
    /// Whether goods in this condition, back for this reason, bear the fee.
    pub fn applies(&self, condition: Option<Condition>, reason: Option<&Reason>) -> bool {
        let by_condition =
            self.conditions.is_empty() || condition.is_some_and(|c| self.conditions.contains(&c));
        by_condition && !reason.is_some_and(|reason| self.except_reasons.contains(reason))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeeAmount {
    /// Percent of the line's refund before tax, 0 to 100: `12.5` is an eighth.
    Percent(Decimal),
    /// For each unit that comes back.
    Fixed(Minor),
}

/// A refund of more than `over` needs this many different approvers of this role or above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApprovalTier {
    pub over: Minor,
    pub role: Role,
    pub approvers: u32,
}

/// The most returns, or the most money back, of one customer within so many days; at least one of
/// the two is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VelocityLimit {
    pub days: u32,
    pub count: Option<u32>,
    pub amount: Option<Minor>,
    pub outcome: Consequence,
}

vocabulary! {
    /// The day from which the window of goods taken in an exchange is counted.
    ExchangeWindow {
        /// For an even exchange the day of what was exchanged; for other goods the exchange.
        Inherit = "inherit",
        /// The first sale of the chain, for all goods.
        InheritAll = "inherit_all",
        /// The exchange.
        Restart = "restart",
    }
}

vocabulary! {
    /// What a partial return does to a promotion over several items.
    PromotionTreatment {
        /// The discount comes back in proportion.
        Prorate = "prorate",
        /// The items kept are priced as if bought alone.
        Reprice = "reprice",
        /// The items come back together or not at all.
        Refuse = "refuse",
    }
}
