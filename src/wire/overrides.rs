//! A manager's override: the body that asks for one, and the answer (API §5).

use super::reading::filled;
use super::returns::{ReadReturn, ReturnRequest};
use super::texts::Id;
use super::words::FindingCode;
use crate::domain::decision::Code;
use crate::domain::money::Currency;
use crate::domain::overrides::Override;
use crate::domain::refusal::Fault;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Asks for an override, with the approver's own token, or with the register's and the approver's
/// number and PIN.
#[derive(Clone, Debug, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "approver": {"operator": "2001", "pin": "493817"},
    "return": {"store": "0042", "register": "7", "sale": {"receipt": "0042-3-20260301-4711"},
               "lines": [{"sale_line": 1, "quantity": "1", "reason": "defective"}]},
    "codes": ["window_expired"], "reason": "goodwill", "note": "Good customer."
}))]
pub struct OverrideRequest {
    /// Who approves, where the token is the register's. Left out: whoever the token names.
    #[serde(default)]
    pub approver: Option<ApproverSignIn>,
    /// Employee number of the person at the register, where the token is the approver's own. The
    /// override is then good for this person only.
    #[serde(default)]
    #[schema(format = "name", min_length = 1, max_length = 64, example = "1042")]
    pub operator: Option<String>,
    /// The return to be approved, as it will be recorded: any difference is `override_mismatch`,
    /// but for `approvals`, `quote`, `expected_refund`, `on_approval_needed`, and how new goods are
    /// paid.
    #[serde(rename = "return")]
    pub the_return: ReturnRequest,
    /// The findings to approve. Empty: all that need an approval.
    #[serde(default)]
    #[schema(max_items = 24)]
    pub codes: Vec<FindingCode>,
    /// Why, in a word.
    #[schema(min_length = 1, max_length = 64, example = "goodwill")]
    pub reason: String,
    /// For people.
    #[serde(default)]
    #[schema(max_length = 500, example = "Good customer.")]
    pub note: Option<String>,
}

/// An approver's number and PIN, typed at the register.
#[derive(Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproverSignIn {
    /// Employee number.
    #[schema(format = "name", min_length = 1, max_length = 64, example = "2001")]
    pub operator: String,
    /// 4 to 12 digits.
    #[schema(format = "password", min_length = 1, max_length = 64, example = "493817")]
    pub pin: String,
}

/// A PIN is never written anywhere, not even by mistake.
impl std::fmt::Debug for ApproverSignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApproverSignIn").field("operator", &self.operator).finish_non_exhaustive()
    }
}

/// A body that asks for an override, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadOverride {
    pub approver: Option<ApproverSignIn>,
    /// As named by an approver who asks alone.
    pub operator: Option<String>,
    pub the_return: ReadReturn,
    pub codes: Vec<Code>,
    pub reason: String,
    pub note: Option<String>,
}

impl OverrideRequest {
    /// Reads the body, see [`ReturnRequest::read`]; pointers to faults of the return begin with
    /// `/return`.
    pub fn read(
        self,
        currency_of_store: Option<Currency>,
        operator: &str,
        hash_id: &dyn Fn(&str) -> [u8; 32],
    ) -> Result<ReadOverride, Vec<Fault>> {
        let within = |fault: Fault| Fault { pointer: format!("/return{}", fault.pointer), ..fault };
        let the_return = self.the_return.read(currency_of_store, operator, hash_id);
        let the_return =
            the_return.map_err(|faults| faults.into_iter().map(within).collect::<Vec<_>>())?;
        let codes = self.codes.into_iter().map(|code| code.0).collect();
        if let (Some(_), Some(named)) = (&self.approver, &self.operator)
            && named != operator
        {
            let detail = "Leave the operator out: the person at the register is the one signed in.";
            return Err(vec![Fault::invalid("/operator", detail)]);
        }
        Ok(ReadOverride {
            approver: self.approver,
            operator: self.operator,
            the_return,
            codes,
            reason: self.reason,
            note: filled(self.note),
        })
    }
}

/// An override: the token to send in `approvals`, and what it is good for.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Override)]
pub struct OverrideView {
    /// JWT of typ `override+jwt`; good once.
    #[schema(format = "jwt")]
    pub token: String,
    pub id: Id,
    /// The findings it approves.
    pub codes: Vec<FindingCode>,
    /// The most that may be refunded with it, or taken in new goods, in `currency`.
    #[schema(format = "amount", example = "12.25")]
    pub max_refund: String,
    /// ISO 4217.
    #[schema(example = "USD")]
    pub currency: String,
    /// RFC 3339; at most five minutes away.
    #[schema(value_type = String, format = "date-time")]
    pub expires_at: Timestamp,
}

impl OverrideView {
    pub fn new(issued: &Override, token: String) -> OverrideView {
        let grant = &issued.grant;
        OverrideView {
            token,
            id: Id(grant.id),
            codes: grant.codes.iter().copied().map(FindingCode).collect(),
            max_refund: grant.max_refund.format(grant.currency),
            currency: grant.currency.code().to_owned(),
            expires_at: grant.expires_at,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::domain::draft::{Approver, Grant};
    use crate::domain::money::Minor;
    use crate::wire::returns::samples::one_heart_back;
    use crate::wire::strict::Shape;
    use serde_json::{Value, json};
    use uuid::Uuid;

    fn body() -> Value {
        json!({"approver": {"operator": "2001", "pin": "4938"}, "return": one_heart_back(),
            "codes": ["window_expired"], "reason": "goodwill", "note": ""})
    }

    fn read(body: Value) -> Result<ReadOverride, Vec<Fault>> {
        let request: OverrideRequest = serde_json::from_value(body).unwrap();
        request.read(Currency::parse("USD"), "1042", &|_| [0; 32])
    }

    pub fn issued() -> Override {
        let issued_at = "2026-04-11T15:00:00Z".parse().unwrap();
        let approver =
            Approver { subject: "returndesk|2001".into(), operator: "2001".into(), rank: 2 };
        let grant = Grant {
            id: Uuid::from_u128(0x0190_d3a0_0000_7000_8000_0000_0000_0003),
            approver,
            store: "0042".into(),
            draft: [7; 32],
            operator: Some("1042".into()),
            sales: vec![],
            codes: vec![Code::WindowExpired],
            max_refund: Minor(1225),
            currency: Currency::parse("USD").unwrap(),
            issued_at,
            expires_at: "2026-04-11T15:05:00Z".parse().unwrap(),
        };
        Override { grant, reason: "goodwill".into(), note: None, used_for: None, used_at: None }
    }

    #[test]
    fn the_body_of_the_contract_is_read() {
        assert_eq!(Shape::of::<OverrideRequest>().check(&body()), []);
        let read = read(body()).unwrap();
        let request: ReturnRequest = serde_json::from_value(one_heart_back()).unwrap();
        assert_eq!(
            read.the_return,
            request.read(Currency::parse("USD"), "1042", &|_| [0; 32]).unwrap()
        );
        assert_eq!(
            (read.codes, read.reason.as_str(), read.note),
            (vec![Code::WindowExpired], "goodwill", None)
        );
        assert_eq!(
            format!("{:?}", read.approver),
            "Some(ApproverSignIn { operator: \"2001\", .. })"
        );
    }

    #[test]
    fn faults_of_the_return_are_placed_within_it() {
        let mut faulty = body();
        faulty["return"]["lines"] = json!([]);
        let found: Vec<_> =
            read(faulty).unwrap_err().into_iter().map(|fault| fault.pointer).collect();
        assert_eq!(found, ["/return/lines"]);
    }

    #[test]
    fn the_answer_has_the_shape_of_the_contract() {
        let answer = serde_json::to_value(OverrideView::new(&issued(), "a.b.c".into())).unwrap();
        let expected = json!({"token": "a.b.c", "id": "0190d3a0-0000-7000-8000-000000000003", "codes": ["window_expired"],
            "max_refund": "12.25", "currency": "USD", "expires_at": "2026-04-11T15:05:00Z"});
        assert_eq!(answer, expected);
    }
}
