//! A recorded return as it is shown: what it is, and the decision it rests on.

use crate::domain::returns::{Recorded, Return};
use crate::wire::decision::{DecisionView, RefundView};
use crate::wire::texts::Id;
use crate::wire::words::ReturnStatusWord;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// A recorded return: its own members, and beside them those of the decision it rests on.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Return)]
pub struct ReturnView {
    #[serde(flatten)]
    pub head: ReturnHead,
    #[serde(flatten)]
    pub decision: DecisionView,
}

/// What happened to a return: its own members and its refunds, without the decision.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = ReturnState)]
pub struct ReturnStateView {
    #[serde(flatten)]
    pub head: ReturnHead,
    /// ISO 4217.
    #[schema(example = "USD")]
    pub currency: String,
    /// Where the money goes.
    pub refunds: Vec<RefundView>,
}

/// A return's own members.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ReturnHead {
    pub id: Id,
    /// Short, for people: store, day and eight letters.
    #[schema(example = "0042-260411-7KQ2M0XZ")]
    pub return_number: String,
    pub status: ReturnStatusWord,
    #[schema(example = "0042")]
    pub store: String,
    #[schema(example = "7")]
    pub register: String,
    /// Employee number of the person at the register.
    #[schema(example = "1042")]
    pub operator: String,
    pub customer: Option<ReturnCustomerView>,
    /// The store's calendar day, `YYYY-MM-DD`.
    #[schema(format = "date", example = "2026-04-11")]
    pub business_date: String,
    /// RFC 3339.
    #[schema(value_type = String, format = "date-time")]
    pub recorded_at: Timestamp,
    /// For practice: nothing was taken out of the sale, and no money moves.
    pub training: bool,
}

/// Who brought something back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ReturnCustomerRef)]
pub struct ReturnCustomerView {
    /// The customer number.
    #[schema(example = "C-77")]
    pub id: String,
}

impl From<&Return> for ReturnHead {
    fn from(the_return: &Return) -> ReturnHead {
        ReturnHead {
            id: Id(the_return.id),
            return_number: the_return.number(),
            status: the_return.status.into(),
            store: the_return.store.clone(),
            register: the_return.register.clone(),
            operator: the_return.operator.clone(),
            customer: the_return.customer.clone().map(|id| ReturnCustomerView { id }),
            business_date: the_return.business_date.to_string(),
            recorded_at: the_return.recorded_at,
            training: the_return.training,
        }
    }
}

impl From<&Recorded> for ReturnView {
    fn from(recorded: &Recorded) -> ReturnView {
        let head = ReturnHead::from(&recorded.the_return);
        let refunds = refunds(&recorded.the_return);
        ReturnView {
            head,
            decision: DecisionView { refunds, ..DecisionView::from(&*recorded.decision) },
        }
    }
}

impl From<&Return> for ReturnStateView {
    fn from(the_return: &Return) -> ReturnStateView {
        let currency = the_return.currency.code().to_owned();
        ReturnStateView {
            head: ReturnHead::from(the_return),
            currency,
            refunds: refunds(the_return),
        }
    }
}

fn refunds(the_return: &Return) -> Vec<RefundView> {
    the_return
        .refunds
        .iter()
        .map(|refund| RefundView::recorded(refund, the_return.currency))
        .collect()
}

/// The JSON of a [`ReturnView`] as it stands now: the first answer, kept as text, with status and
/// refunds of today. The error is for the service's log.
pub fn current(document: &str, the_return: &Return) -> Result<Value, String> {
    let mut shown: Value = serde_json::from_str(document).map_err(|error| error.to_string())?;
    let Value::Object(members) = &mut shown else {
        return Err("the return's document is not an object".into());
    };
    members.insert("status".into(), json!(the_return.status.as_str()));
    members.insert(
        "refunds".into(),
        serde_json::to_value(refunds(the_return)).map_err(|error| error.to_string())?,
    );
    Ok(shown)
}
