//! The closed vocabularies of the policy document, for its description in OpenAPI alone: the
//! document keeps text, and reading it reports every unknown word. A test holds these words equal
//! to the domain's.

use serde::Serialize;
use utoipa::ToSchema;

/// Declares an enum whose schema lists its words.
macro_rules! described {
    ($($(#[$about:meta])* $name:ident { $($word:ident),+ $(,)? })+) => { $(
        $(#[$about])*
        #[derive(Serialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($word),+ }
    )+ };
}

described! {
    /// Which version of a policy governs.
    GovernedByWord { Sale, Return, Better }
    /// What becomes of the line as such.
    OutcomeWord { Allow, NeedsApproval, ExchangeOnly, Refuse }
    /// What follows when a limit is passed.
    ConsequenceWord { NeedsApproval, Refuse }
    /// A role that approves, each above the one before.
    ApproverWord { Supervisor, Manager, DistrictManager }
    /// The day a window is counted from.
    WindowFromWord { Sale, Delivery }
    /// What the window of an exchanged item is counted from.
    ExchangeWindowWord { Inherit, InheritAll, Restart }
    /// What a partial return does to a promotion over several items.
    PromotionWord { Prorate, Reprice, Refuse }
    /// A named order of tenders.
    TenderOrderWord { First, Last, Proportional }
    /// The state in which goods come back.
    ConditionWord { Unopened, Opened, Used, Damaged, Incomplete }
    /// A kind of tender.
    TenderTypeWord {
        Cash, CreditCard, DebitCard, Check, GiftCard, StoreCredit, Voucher, StoreAccount, Ebt, Bnpl, MobileWallet,
        Loyalty, Other,
    }
}

/// A named order, or types of tender in their order; those not listed come last.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum TenderOrderForm {
    Named(TenderOrderWord),
    Listed(Vec<TenderTypeWord>),
}

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema;

    use super::*;
    use crate::domain::policy::{ExchangeWindow, GovernedBy, PromotionTreatment, WindowFrom};
    use crate::domain::tender::TenderType;
    use crate::domain::words::Condition;

    fn described<T: PartialSchema>() -> Vec<String> {
        let schema = serde_json::to_value(T::schema()).unwrap();
        schema["enum"]
            .as_array()
            .unwrap()
            .iter()
            .map(|word| word.as_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn the_description_has_the_words_of_the_domain() {
        fn words<T: Copy>(all: &[T], word: fn(T) -> &'static str) -> Vec<&'static str> {
            all.iter().map(|w| word(*w)).collect()
        }
        assert_eq!(described::<GovernedByWord>(), words(GovernedBy::ALL, GovernedBy::as_str));
        assert_eq!(described::<WindowFromWord>(), words(WindowFrom::ALL, WindowFrom::as_str));
        assert_eq!(
            described::<ExchangeWindowWord>(),
            words(ExchangeWindow::ALL, ExchangeWindow::as_str)
        );
        assert_eq!(
            described::<PromotionWord>(),
            words(PromotionTreatment::ALL, PromotionTreatment::as_str)
        );
        assert_eq!(described::<ConditionWord>(), words(Condition::ALL, Condition::as_str));
        assert_eq!(described::<TenderTypeWord>(), words(TenderType::ALL, TenderType::as_str));
    }
}
