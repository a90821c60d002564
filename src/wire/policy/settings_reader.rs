//! Reading what a rule sets.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::document::{
    PolicyApproval, PolicyFee, PolicyRefundTo, PolicySettings, PolicyTenderOrder, PolicyVelocity,
    PolicyWindow,
};
use super::read::{Reader, limits};
use crate::domain::caller::Role;
use crate::domain::money::parse_scaled;
use crate::domain::policy::{
    AmountLimit, ApprovalTier, CashLimit, Consequence, DEFAULT_APPROVER, ExchangeWindow, Fee,
    FeeAmount, Outcome, PromotionTreatment, RefundMeans, RefundRoutes, Settings, TenderOrder,
    VelocityLimit, Window, WindowFrom,
};
use crate::domain::tender::TenderType;
use crate::wire::fault::{Written, below};

const APPROVERS: [&str; 3] = ["supervisor", "manager", "district_manager"];
/// Decimals of a percentage.
const PERCENT_DIGITS: u32 = 4;

impl Reader {
    pub(super) fn settings(&mut self, at: &str, set: &PolicySettings) -> Settings {
        let to = |attribute: &str| format!("{at}/{attribute}");
        Settings {
            outcome: self.outcome(at, set),
            window: set.window.as_ref().and_then(|window| self.window(&to("window"), window)),
            extension: set
                .extension
                .as_ref()
                .and_then(|e| self.date(&to("extension/until"), &e.until)),
            conditions: set
                .conditions
                .as_ref()
                .map(|l| self.members(&to("conditions"), l, Reader::condition)),
            reasons: set
                .reasons
                .as_ref()
                .map(|list| self.members(&to("reasons"), list, Reader::reason)),
            receipt_required: set.receipt_required,
            id_required: set.id_required,
            refund_to: set.refund_to.as_ref().map(|to_| self.refund_to(&to("refund_to"), to_)),
            tender_order: set
                .tender_order
                .as_ref()
                .and_then(|order| self.order(&to("tender_order"), order)),
            cash_limit: set.cash_limit.as_ref().and_then(|limit| {
                let amount = self.amount(&to("cash_limit/amount"), &limit.amount);
                let beyond = self.beyond(&to("cash_limit/beyond"), &limit.beyond);
                Some(CashLimit { amount: amount?, beyond: beyond? })
            }),
            amount_limit: set.amount_limit.as_ref().and_then(|limit| {
                let amount = self.amount(&to("amount_limit/amount"), &limit.amount);
                let role = limit.approval_role.as_deref();
                let outcome =
                    self.consequence(&to("amount_limit"), "outcome", &limit.outcome, role);
                Some(AmountLimit { amount: amount?, outcome: outcome? })
            }),
            fee: set.fee.as_ref().and_then(|fee| self.fee(&to("fee"), fee)),
            check_clears_days: set
                .check_clears_days
                .and_then(|days| self.number(&to("check_clears_days"), days, 0, limits::DAYS)),
            approval: set
                .approval
                .as_ref()
                .map(|tiers| self.shapes(&to("approval"), tiers, Reader::tier)),
            velocity: set
                .velocity
                .as_ref()
                .map(|list| self.shapes(&to("velocity"), list, Reader::velocity)),
            lowest_in_days: set.price_basis.as_ref().and_then(|basis| {
                self.number(
                    &to("price_basis/lowest_in_days"),
                    basis.lowest_in_days,
                    1,
                    limits::DAYS,
                )
            }),
            exchange_window: set.exchange_window.as_deref().and_then(|word| {
                let known = ExchangeWindow::ALL.iter().map(|w| w.as_str());
                self.word(&to("exchange_window"), word, ExchangeWindow::parse, known)
            }),
            promotion: set.promotion.as_deref().and_then(|word| {
                let known = PromotionTreatment::ALL.iter().map(|w| w.as_str());
                self.word(&to("promotion"), word, PromotionTreatment::parse, known)
            }),
            quote_required: set.quote_required,
        }
    }

    fn outcome(&mut self, at: &str, set: &PolicySettings) -> Option<Outcome> {
        let role = set.approval_role.as_deref();
        match set.outcome.as_deref() {
            Some("needs_approval") => {
                self.approver(&format!("{at}/approval_role"), role).map(Outcome::NeedsApproval)
            }
            other => {
                self.no_approver(at, role);
                let known = ["allow", "needs_approval", "exchange_only", "refuse"];
                let parse = |text: &str| match text {
                    "allow" => Some(Outcome::Allow),
                    "exchange_only" => Some(Outcome::ExchangeOnly),
                    "refuse" => Some(Outcome::Refuse),
                    _ => None,
                };
                other.and_then(|text| {
                    self.word(&format!("{at}/outcome"), text, parse, known.into_iter())
                })
            }
        }
    }

    /// `refuse` or `needs_approval`, and with the latter who approves.
    fn consequence(
        &mut self,
        at: &str,
        key: &str,
        text: &str,
        role: Option<&str>,
    ) -> Option<Consequence> {
        if text == "needs_approval" {
            return self
                .approver(&format!("{at}/approval_role"), role)
                .map(Consequence::NeedsApproval);
        }
        let parse = |text: &str| (text == "refuse").then_some(Consequence::Refuse);
        self.word(&format!("{at}/{key}"), text, parse, ["needs_approval", "refuse"].into_iter())
    }

    fn approver(&mut self, at: &str, role: Option<&str>) -> Option<Role> {
        let Some(role) = role else {
            return Some(DEFAULT_APPROVER);
        };
        let parse = |text: &str| Role::parse(text).filter(|role| role.approver_rank().is_some());
        self.word(at, role, parse, APPROVERS.into_iter())
    }

    fn no_approver(&mut self, at: &str, role: Option<&str>) {
        if role.is_some() {
            let detail = "A role is named, but nothing here needs approval.";
            self.fault(format!("{at}/approval_role"), "approval_role_unused", detail);
        }
    }

    fn window(&mut self, at: &str, window: &PolicyWindow) -> Option<Window> {
        let days = self.number(&format!("{at}/days"), window.days, 0, limits::DAYS);
        let from = match window.from.as_deref() {
            None => Some(WindowFrom::Sale),
            Some(from) => {
                let known = WindowFrom::ALL.iter().map(|w| w.as_str());
                self.word(&format!("{at}/from"), from, WindowFrom::parse, known)
            }
        };
        let role = window.approval_role.as_deref();
        let after =
            self.consequence(at, "after", window.after.as_deref().unwrap_or("refuse"), role);
        let refuse_after_days = window
            .refuse_after_days
            .map(|days| self.number(&format!("{at}/refuse_after_days"), days, 0, limits::DAYS));
        if after == Some(Consequence::Refuse) && refuse_after_days.is_some() {
            let detail =
                "The window's end refuses already; this goes with \"after\": \"needs_approval\".";
            self.fault(format!("{at}/refuse_after_days"), "refuse_after_days_unused", detail);
        }
        Some(Window {
            days: days?,
            from: from?,
            after: after?,
            refuse_after_days: refuse_after_days.flatten(),
        })
    }

    fn refund_to(&mut self, at: &str, refund_to: &PolicyRefundTo) -> RefundRoutes {
        let steps = match refund_to {
            PolicyRefundTo::Always(routes) => return self.routes(at, routes),
            PolicyRefundTo::ByAge(steps) => steps,
        };
        let mut read: Vec<RefundRoutes> = Vec::new();
        for (number, step) in steps.iter().enumerate() {
            let pointer = |member: &str| format!("{at}/{number}/{member}");
            let routes = self.routes(&pointer("to"), &step.to);
            let within_days = step
                .within_days
                .and_then(|days| self.number(&pointer("within_days"), days, 0, limits::DAYS));
            let last = number + 1 == steps.len();
            let rising = match (within_days, read.last().and_then(|before| before.within_days)) {
                (Some(days), Some(before)) => days > before,
                (None, _) => last || step.within_days.is_some(),
                _ => true,
            };
            if !rising {
                let detail = "Steps go from young to old sales: each has more days than the one \
                              before, and only the last may have none.";
                self.fault(pointer("within_days"), "steps_not_ascending", detail);
            }
            read.push(RefundRoutes { within_days, ..routes });
        }
        let Some(oldest) = read.pop() else {
            self.fault(at, "empty_list", "Name at least one step.");
            return RefundRoutes::default();
        };
        RefundRoutes { younger: read, ..oldest }
    }

    fn routes(&mut self, at: &str, routes: &BTreeMap<String, Vec<String>>) -> RefundRoutes {
        if routes.is_empty() {
            self.fault(at, "empty_list", "Name at least one tender, or \"*\" for every other.");
        }
        let mut read = RefundRoutes::default();
        for (paid_with, means) in routes {
            let at = below(at, paid_with);
            let means = self.members(&at, means, Reader::means);
            match TenderType::parse(paid_with) {
                Some(tender) => drop(read.by_tender.insert(tender, means)),
                None if paid_with == "*" => read.otherwise = Some(means),
                None => self.fault(
                    at,
                    "unknown_value",
                    "The key is neither a type of tender nor \"*\".",
                ),
            }
        }
        read
    }

    fn means(&mut self, at: &str, text: &str) -> Option<RefundMeans> {
        let known =
            ["original"].into_iter().chain(TenderType::ALL.iter().map(|tender| tender.as_str()));
        let parse = |text: &str| match text {
            "original" => Some(RefundMeans::Original),
            tender => TenderType::parse(tender).map(RefundMeans::Tender),
        };
        self.word(at, text, parse, known)
    }

    fn order(&mut self, at: &str, order: &PolicyTenderOrder) -> Option<TenderOrder> {
        let parse = |text: &str| match text {
            "first" => Some(TenderOrder::First),
            "last" => Some(TenderOrder::Last),
            "proportional" => Some(TenderOrder::Proportional),
            _ => None,
        };
        match order {
            PolicyTenderOrder::Listed(list) => {
                Some(TenderOrder::Listed(self.members(at, list, Reader::tender)))
            }
            PolicyTenderOrder::Named(name) => {
                self.word(at, name, parse, ["first", "last", "proportional"].into_iter())
            }
        }
    }

    fn beyond(&mut self, at: &str, text: &str) -> Option<TenderType> {
        let parse =
            |text: &str| TenderType::parse(text).filter(|tender| *tender != TenderType::Cash);
        let known = TenderType::ALL
            .iter()
            .filter(|tender| **tender != TenderType::Cash)
            .map(|tender| tender.as_str());
        self.word(at, text, parse, known)
    }

    fn fee(&mut self, at: &str, fee: &PolicyFee) -> Option<Fee> {
        let amount = match (&fee.percent, &fee.fixed) {
            (Some(percent), None) => {
                self.percent(&format!("{at}/percent"), percent).map(FeeAmount::Percent)
            }
            (None, Some(fixed)) => self.amount(&format!("{at}/fixed"), fixed).map(FeeAmount::Fixed),
            _ => {
                self.fault(at, "percent_or_fixed", "A fee has either \"percent\" or \"fixed\".");
                None
            }
        };
        let conditions = fee.conditions.as_ref();
        let conditions = conditions
            .map(|list| self.members(&format!("{at}/conditions"), list, Reader::condition));
        let reasons = fee.except_reasons.as_ref();
        let reasons =
            reasons.map(|list| self.members(&format!("{at}/except_reasons"), list, Reader::reason));
        let (conditions, except_reasons) =
            (conditions.unwrap_or_default(), reasons.unwrap_or_default());
        Some(Fee { amount: amount?, conditions, except_reasons })
    }

    fn percent(&mut self, at: &str, written: &Written) -> Option<Decimal> {
        let percent = written.text().filter(|text| parse_scaled(text, PERCENT_DIGITS).is_some());
        let percent = percent
            .and_then(|text| Decimal::from_str_exact(text).ok())
            .filter(|p| *p <= Decimal::ONE_HUNDRED);
        if percent.is_none() {
            self.fault(
                at,
                "invalid_percent",
                "Percent is text such as \"12.5\", from 0 to 100, up to four decimals.",
            );
        }
        percent
    }

    fn tier(&mut self, at: &str, tier: &PolicyApproval) -> Option<ApprovalTier> {
        let over = self.amount(&format!("{at}/over"), &tier.over);
        let role = self.approver(&format!("{at}/role"), Some(&tier.role));
        let approvers = tier
            .approvers
            .map_or(Some(1), |n| self.number(&format!("{at}/approvers"), n, 1, limits::APPROVERS));
        Some(ApprovalTier { over: over?, role: role?, approvers: approvers? })
    }

    fn velocity(&mut self, at: &str, limit: &PolicyVelocity) -> Option<VelocityLimit> {
        let days = self.number(&format!("{at}/days"), limit.days, 1, limits::DAYS);
        let count =
            limit.count.map(|count| self.number(&format!("{at}/count"), count, 0, limits::COUNT));
        let amount =
            limit.amount.as_ref().map(|amount| self.amount(&format!("{at}/amount"), amount));
        if count.is_none() && amount.is_none() {
            self.fault(
                at,
                "count_or_amount",
                "A velocity limit needs \"count\", \"amount\" or both.",
            );
        }
        let outcome =
            self.consequence(at, "outcome", &limit.outcome, limit.approval_role.as_deref());
        Some(VelocityLimit {
            days: days?,
            count: count.flatten(),
            amount: amount.flatten(),
            outcome: outcome?,
        })
    }
}
