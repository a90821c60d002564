//! The policy: an ordered list of rules that say what may come back, until when, for how much, and
//! who agrees.
//!
//! For each attribute the first rule that holds and sets it decides: statutory rules first, in
//! their order, then the shop's, of which the last is the default. [`Policy`] is the document as
//! published, [`CompiledPolicy`] what a decision asks; both resolve alike.
//!
//! How a statutory rule says "defective goods within the legal period are not refused by window,
//! final sale or packaging": it holds for the reason, and sets each attribute through which the
//! shop could refuse.
//! ```json
//! { "id": "eu-defective", "statutory": true,
//!   "when": { "region": ["EU"], "reason": ["defective", "not_as_described"] },
//!   "set": { "outcome": "allow", "fee": { "percent": "0" },
//!            "window": { "days": 730, "from": "delivery", "after": "needs_approval" },
//!            "conditions": ["unopened", "opened", "used", "damaged", "incomplete"] } }
//! ```
//! What it leaves out (refund tenders, approval tiers) stays the shop's to say.

mod defaults;
mod describe;
mod diff;
mod index;
mod law;
mod lint;
mod matching;
mod resolve;
mod rule;
mod settings;
mod shadow;
mod version;
mod window;

pub use defaults::{BUILT_IN, Defaults, built_in};
pub use diff::{Change, What, diff};
pub use index::CompiledPolicy;
pub use lint::{Finding, Severity, lint};
pub use matching::Facts;
pub use resolve::{Resolved, Set};
pub use rule::{DateRange, GovernedBy, Policy, PriceRange, Rule, When};
pub use settings::{
    AmountLimit, ApprovalTier, Attribute, CashLimit, Consequence, DEFAULT_APPROVER, ExchangeWindow,
    Fee, FeeAmount, Outcome, PromotionTreatment, RefundMeans, RefundRoutes, Settings, TenderOrder,
    VelocityLimit, Window, WindowFrom,
};
pub use version::{Governing, Version, governing, in_force};
pub use window::{WindowState, days_since, window_close, window_state};

#[cfg(test)]
pub(crate) mod samples;
