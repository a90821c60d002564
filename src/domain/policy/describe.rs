//! Settings and conditions in words, as differences between versions show them.

use std::fmt::Display;

use super::matching::ListKey;
use super::rule::{DateRange, PriceRange, When};
use super::settings::{
    ApprovalTier, Attribute, Consequence, Fee, FeeAmount, Outcome, RefundMeans, RefundRoutes,
    Settings, TenderOrder, VelocityLimit, Window,
};
use crate::domain::caller::Role;
use crate::domain::money::{Currency, Minor};

impl Settings {
    /// The attribute's value in words; nothing where it is not set.
    pub fn describe(&self, attribute: Attribute, currency: Currency) -> Option<String> {
        let money = |amount: Minor| format!("{} {}", amount.format(currency), currency.code());
        match attribute {
            Attribute::Outcome => self.outcome.map(outcome),
            Attribute::Window => self.window.as_ref().map(window),
            Attribute::Extension => self.extension.map(|until| format!("returnable until {until}")),
            Attribute::Conditions => {
                self.conditions.as_ref().map(|list| join(list.iter().map(|c| c.as_str())))
            }
            Attribute::Reasons => self.reasons.as_ref().map(|list| join(list.iter())),
            Attribute::ReceiptRequired => self.receipt_required.map(yes_or_no),
            Attribute::IdRequired => self.id_required.map(yes_or_no),
            Attribute::RefundTo => self.refund_to.as_ref().map(routes),
            Attribute::TenderOrder => self.tender_order.as_ref().map(order),
            Attribute::CashLimit => self.cash_limit.map(|limit| {
                format!("{} in cash, beyond that {}", money(limit.amount), limit.beyond.as_str())
            }),
            Attribute::AmountLimit => self.amount_limit.map(|limit| {
                format!("{}, beyond that {}", money(limit.amount), consequence(limit.outcome))
            }),
            Attribute::Fee => self.fee.as_ref().map(|fee| describe_fee(fee, money)),
            Attribute::CheckClearsDays => self.check_clears_days.map(days),
            Attribute::Approval => self
                .approval
                .as_ref()
                .map(|tiers| join_or_none(tiers.iter().map(|tier| describe_tier(tier, money)))),
            Attribute::Velocity => self
                .velocity
                .as_ref()
                .map(|list| join_or_none(list.iter().map(|limit| describe_velocity(limit, money)))),
            Attribute::PriceBasis => {
                self.lowest_in_days.map(|period| format!("lowest price in {}", days(period)))
            }
            Attribute::ExchangeWindow => self.exchange_window.map(|word| word.as_str().to_owned()),
            Attribute::Promotion => self.promotion.map(|word| word.as_str().to_owned()),
            Attribute::QuoteRequired => self.quote_required.map(yes_or_no),
        }
    }
}

impl When {
    /// Each key asked for, with what it asks for in words.
    pub fn describe(&self, currency: Currency) -> Vec<(&'static str, String)> {
        let lists = ListKey::ALL.into_iter().map(|key| (key.as_str(), key.listed(self)));
        let lists =
            lists.filter(|(_, words)| !words.is_empty()).map(|(key, words)| (key, join(words)));
        let flags = [
            ("receipt", self.receipt),
            ("gift_receipt", self.gift_receipt),
            ("serialised", self.serialised),
        ];
        let flags =
            flags.into_iter().filter_map(|(key, flag)| flag.map(|flag| (key, yes_or_no(flag))));
        let price = self.price.map(|PriceRange { min, max }| {
            (
                "price",
                range(
                    min.map(|amount| amount.format(currency)),
                    max.map(|amount| amount.format(currency)),
                ),
            )
        });
        let bought = self.bought.map(|DateRange { from, to }| ("bought", range(from, to)));
        lists.chain(flags).chain(price).chain(bought).collect()
    }
}

fn join(words: impl IntoIterator<Item = impl Display>) -> String {
    words.into_iter().map(|word| word.to_string()).collect::<Vec<_>>().join(", ")
}

fn join_or_none(words: impl Iterator<Item = String>) -> String {
    let text = join(words);
    if text.is_empty() { "none".to_owned() } else { text }
}

fn yes_or_no(flag: bool) -> String {
    if flag { "yes" } else { "no" }.to_owned()
}

fn days(days: u32) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

fn range(from: Option<impl Display>, to: Option<impl Display>) -> String {
    let [from, to] = [from.map(|from| format!("from {from}")), to.map(|to| format!("to {to}"))];
    join_with_space(from.into_iter().chain(to))
}

fn join_with_space(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(" ")
}

fn approval(role: Role) -> String {
    format!("approval by {}", role.as_str())
}

fn consequence(consequence: Consequence) -> String {
    match consequence {
        Consequence::Refuse => "refused".to_owned(),
        Consequence::NeedsApproval(role) => approval(role),
    }
}

fn outcome(outcome: Outcome) -> String {
    match outcome {
        Outcome::Allow => "allowed".to_owned(),
        Outcome::ExchangeOnly => "exchange only".to_owned(),
        Outcome::Refuse => "refused".to_owned(),
        Outcome::NeedsApproval(role) => approval(role),
    }
}

fn window(window: &Window) -> String {
    let end =
        window.refuse_after_days.map_or(String::new(), |last| format!(" up to {}", days(last)));
    format!(
        "{} from {}, then {}{end}",
        days(window.days),
        window.from.as_str(),
        consequence(window.after)
    )
}

/// Step by step where the age of the sale counts.
fn routes(routes: &RefundRoutes) -> String {
    let step = |step: &RefundRoutes| match step.within_days {
        Some(days) => format!("within {days} days {}", of_one_age(step)),
        None if routes.younger.is_empty() => of_one_age(step),
        None => format!("later {}", of_one_age(step)),
    };
    routes.steps().map(step).collect::<Vec<_>>().join(" | ")
}

fn of_one_age(routes: &RefundRoutes) -> String {
    let means = |list: &[RefundMeans]| {
        join(list.iter().map(|means| match means {
            RefundMeans::Original => "original",
            RefundMeans::Tender(tender) => tender.as_str(),
        }))
    };
    let named = routes
        .by_tender
        .iter()
        .map(|(tender, list)| format!("{} to {}", tender.as_str(), means(list)));
    let otherwise = routes.otherwise.iter().map(|list| format!("any other to {}", means(list)));
    named.chain(otherwise).collect::<Vec<_>>().join("; ")
}

fn order(order: &TenderOrder) -> String {
    match order {
        TenderOrder::First => "as the sale listed them".to_owned(),
        TenderOrder::Last => "the sale's last tender first".to_owned(),
        TenderOrder::Proportional => "in proportion".to_owned(),
        TenderOrder::Listed(list) => join(list.iter().map(|tender| tender.as_str())),
    }
}

fn describe_fee(fee: &Fee, money: impl Fn(Minor) -> String) -> String {
    let amount = match fee.amount {
        FeeAmount::Percent(percent) => format!("{percent} %"),
        FeeAmount::Fixed(amount) => format!("{} per unit", money(amount)),
    };
    let conditions = join(fee.conditions.iter().map(|condition| condition.as_str()));
    let conditions = if conditions.is_empty() { conditions } else { format!(" when {conditions}") };
    let reasons = join(&fee.except_reasons);
    let reasons = if reasons.is_empty() { reasons } else { format!(" except for {reasons}") };
    format!("{amount}{conditions}{reasons}")
}

fn describe_tier(tier: &ApprovalTier, money: impl Fn(Minor) -> String) -> String {
    let times = if tier.approvers == 1 { String::new() } else { format!("{} × ", tier.approvers) };
    format!("over {} {times}{}", money(tier.over), tier.role.as_str())
}

fn describe_velocity(limit: &VelocityLimit, money: impl Fn(Minor) -> String) -> String {
    let count = limit.count.map(|count| format!("{count} returns"));
    let amount = limit.amount.map(money);
    let most = count.into_iter().chain(amount).collect::<Vec<_>>().join(" or ");
    format!("{most} in {}, beyond that {}", days(limit.days), consequence(limit.outcome))
}
