//! What holds where no rule of a policy says otherwise.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::settings::{
    ApprovalTier, Consequence, DEFAULT_APPROVER, ExchangeWindow, Outcome, PromotionTreatment,
    RefundMeans, RefundRoutes, TenderOrder, VelocityLimit, Window, WindowFrom,
};
use crate::domain::tender::TenderType;
use crate::domain::words::Condition;

/// The name findings give for a rule where the built-in default decided. No rule of a policy may
/// take it.
pub const BUILT_IN: &str = "built-in";

/// A value for every attribute that has one where no rule sets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defaults {
    pub outcome: Outcome,
    pub window: Window,
    pub conditions: Vec<Condition>,
    pub id_required: bool,
    pub refund_to: RefundRoutes,
    pub tender_order: TenderOrder,
    pub check_clears_days: u32,
    pub approval: Vec<ApprovalTier>,
    pub velocity: Vec<VelocityLimit>,
    pub exchange_window: ExchangeWindow,
    pub promotion: PromotionTreatment,
    pub quote_required: bool,
}

/// The built-in defaults, chosen so that a forgotten attribute asks a person rather than pays:
/// allowed; 30 days from the sale and a manager after that; every condition; no ID; back to the
/// tender that paid; gift cards and store credit first, then cards, then the rest, cash last;
/// checks clear in 10 days; no tiers and no velocity limits; an exchange inherits its window;
/// promotions are prorated; no quote. No extension, fee, cash limit, amount limit, list of reasons
/// or price basis. A receipt is required exactly where no price basis is set: without either,
/// nothing says what the item is worth.
pub fn built_in() -> &'static Defaults {
    static DEFAULTS: LazyLock<Defaults> = LazyLock::new(|| Defaults {
        outcome: Outcome::Allow,
        window: Window {
            days: 30,
            from: WindowFrom::Sale,
            after: Consequence::NeedsApproval(DEFAULT_APPROVER),
            refuse_after_days: None,
        },
        conditions: Condition::ALL.to_vec(),
        id_required: false,
        refund_to: RefundRoutes {
            by_tender: BTreeMap::new(),
            otherwise: Some(vec![RefundMeans::Original]),
            within_days: None,
            younger: Vec::new(),
        },
        tender_order: TenderOrder::Listed(cards_before_cash()),
        check_clears_days: 10,
        approval: Vec::new(),
        velocity: Vec::new(),
        exchange_window: ExchangeWindow::Inherit,
        promotion: PromotionTreatment::Prorate,
        quote_required: false,
    });
    &DEFAULTS
}

fn cards_before_cash() -> Vec<TenderType> {
    let first = [
        TenderType::GiftCard,
        TenderType::StoreCredit,
        TenderType::CreditCard,
        TenderType::DebitCard,
    ];
    let last = [TenderType::Check, TenderType::Cash];
    let between = TenderType::ALL
        .iter()
        .copied()
        .filter(|tender| !first.contains(tender) && !last.contains(tender));
    first.into_iter().chain(between).chain(last).collect()
}
