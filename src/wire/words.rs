//! The domain's closed lists of words as JSON strings and as enums of the OpenAPI document; each
//! list is kept once, in the domain.

use crate::domain::caller::Role;
use crate::domain::chargebacks::Ending;
use crate::domain::decision::{Code, Verdict};
use crate::domain::gift_cards::of_sales::CardSale;
use crate::domain::gift_cards::{CardKind, CardMove, CardStatus};
use crate::domain::returns::{RefundStatus, ReturnStatus};
use crate::domain::sale::{LineKind, SaleStatus};
use crate::domain::tender::TenderType;
use crate::domain::words::{Condition, Disposition, RefundTo};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

macro_rules! words {
    ($($name:ident($word:ty) from $all:expr, $about:literal;)+) => {$(
        #[doc = $about]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub $word);

        impl $name {
            fn all() -> impl Iterator<Item = $word> {
                $all.into_iter()
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.0.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<str>::deserialize(deserializer)?;
                let found = Self::all().find(|word| word.as_str() == text);
                found.map($name).ok_or_else(|| D::Error::custom(format!("{text:?} is not a word of this list")))
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let names: Vec<&str> = Self::all().map(|word| word.as_str()).collect();
                let schema = ObjectBuilder::new().schema_type(Type::String).description(Some($about));
                schema.examples(names.first().copied()).enum_values(Some(names)).into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }

        impl From<$word> for $name {
            fn from(word: $word) -> $name {
                $name(word)
            }
        }
    )+};
}

const VERDICTS: [Verdict; 3] = [Verdict::Allowed, Verdict::NeedsApproval, Verdict::Refused];

words! {
    VerdictWord(Verdict) from VERDICTS, "What may be done; the worst of all findings decides.";
    FindingCode(Code) from Code::ALL, "What a rule found. `quantity_exceeded`, `already_returned`, `tender_exhausted` and `price_above_paid` can never be approved.";
    RoleWord(Role) from Role::ALL, "A role. Approvers rank supervisor < manager < district_manager.";
    TenderWord(TenderType) from TenderType::ALL.iter().copied(), "A means of payment.";
    ConditionWord(Condition) from Condition::ALL.iter().copied(), "The state in which the goods came back.";
    DispositionWord(Disposition) from Disposition::ALL.iter().copied(), "What happens to the goods (POSLog).";
    RefundToWord(RefundTo) from RefundTo::ALL.iter().copied(), "Where the customer would like the money; the policy decides whether it may go there.";
    ReturnStatusWord(ReturnStatus) from ReturnStatus::ALL.iter().copied(), "Where a return stands.";
    SaleStatusWord(SaleStatus) from SaleStatus::ALL.iter().copied(), "What has become of a sale.";
    CardKindWord(CardKind) from CardKind::ALL.iter().copied(), "A gift card that was bought, or credit that the shop gave.";
    CardStatusWord(CardStatus) from CardStatus::ALL.iter().copied(), "Where a card stands: inactive until it is sold.";
    CardMoveWord(CardMove) from CardMove::ALL.iter().copied(), "Why a balance moved.";
    CardSaleWord(CardSale) from CardSale::ALL.iter().copied(), "What a line of a sale does with a card.";
    LineKindWord(LineKind) from LineKind::ALL.iter().copied(), "What a line is: goods that were sold; bottles whose deposit was paid out; or goods given back on a mixed receipt, without their sale.";
    EndingWord(Ending) from Ending::ALL.iter().copied(), "How a dispute ended: won, the shop has the money again; lost, the customer keeps it.";
    RefundStatusWord(RefundStatus) from RefundStatus::ALL.iter().copied(), "Where a refund stands: due, then settled or failed; voided with its return.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::strict::Shape;
    use serde_json::{Value, json};

    #[test]
    fn words_read_back_as_written_and_others_are_refused_with_the_list() {
        let read: Vec<FindingCode> =
            serde_json::from_value(json!(["window_expired", "final_sale"])).unwrap();
        assert_eq!(read, [FindingCode(Code::WindowExpired), FindingCode(Code::FinalSale)]);
        assert_eq!(serde_json::to_value(&read).unwrap(), json!(["window_expired", "final_sale"]));
        assert!(serde_json::from_value::<VerdictWord>(json!("perhaps")).is_err());
        let faults = Shape::of::<VerdictWord>().check(&json!("perhaps"));
        assert_eq!(faults[0].detail, "The body must be one of: allowed, needs_approval, refused.");
        assert_eq!(Shape::of::<TenderWord>().check(&Value::from("mobile_wallet")), []);
    }
}
