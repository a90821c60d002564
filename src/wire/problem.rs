//! Problems: the one form in which the service says no (RFC 9457).
//!
//! Every problem is made from a code of [`codes::CODES`], so its status and title cannot drift from
//! the documentation. `detail` is written for the person at the register.

pub mod codes;

use crate::domain::refusal;
use crate::wire::texts::Id;
use codes::Meaning;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// The media type of every 4xx and 5xx answer.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// What `type` starts with; the code follows. A stable name, which need not be reachable.
pub const TYPE_BASE: &str = "https://returndesk.dev/problems/";

/// One fault of a request, and where it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"pointer": "/lines/0/quantity", "code": "invalid_quantity", "detail": "`quantity` must be more than zero."}))]
pub struct Fault {
    /// JSON Pointer (RFC 6901) into the body; `?name` for a query parameter.
    pub pointer: String,
    /// Stable, snake_case.
    pub code: String,
    /// For the person who reads it; may change between versions.
    pub detail: String,
}

impl From<&refusal::Fault> for Fault {
    fn from(found: &refusal::Fault) -> Fault {
        Fault {
            pointer: found.pointer.clone(),
            code: found.code.to_owned(),
            detail: found.detail.clone(),
        }
    }
}

impl Fault {
    /// `code` is one of [`codes::CODES`].
    pub fn new(code: &'static str, pointer: impl Into<String>, detail: impl Into<String>) -> Fault {
        Fault {
            pointer: pointer.into(),
            code: codes::meaning(code).code.into(),
            detail: detail.into(),
        }
    }
}

/// One of several sales that bear the same receipt number: a member of `sales` in
/// `receipt_ambiguous`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CandidateSale {
    /// Names the sale for sure.
    pub id: Id,
    #[schema(example = "0042")]
    pub store: String,
    #[schema(example = "3")]
    pub register: String,
    #[schema(format = "date", example = "2026-03-01")]
    pub business_date: String,
    #[schema(format = "amount", example = "24.50")]
    pub total: String,
    #[schema(example = "USD")]
    pub currency: String,
}

impl From<&refusal::Candidate> for CandidateSale {
    fn from(found: &refusal::Candidate) -> CandidateSale {
        CandidateSale {
            id: Id(found.sale),
            store: found.store.clone(),
            register: found.register.clone(),
            business_date: found.business_date.to_string(),
            total: found.total.format(found.currency),
            currency: found.currency.code().to_owned(),
        }
    }
}

/// An `application/problem+json` document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "type": "https://returndesk.dev/problems/not_found", "title": "Not found", "status": 404,
    "detail": "There is no such return in your stores.", "instance": "/v1/returns/0190d3a0-0000-7000-8000-000000000000",
    "code": "not_found", "errors": []
}))]
pub struct Problem {
    /// Identifies the kind of problem; one per code.
    #[serde(rename = "type")]
    #[schema(format = "uri")]
    pub kind: String,
    /// The kind of problem in a few words; the same for every problem of this code.
    pub title: String,
    /// The HTTP status, again.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// What happened this time, for the person at the register.
    pub detail: String,
    /// The path of the request that met the problem.
    #[schema(format = "uri-reference")]
    pub instance: String,
    /// Stable, snake_case: what programs look at.
    pub code: String,
    /// All faults found, each with its place; empty where the problem is not about single fields.
    pub errors: Vec<Fault>,
    /// Further members that some codes carry, such as `decision`.
    #[serde(flatten)]
    #[schema(ignore)]
    pub extensions: Map<String, Value>,
}

impl Problem {
    /// A problem of one of the codes of [`codes::CODES`].
    pub fn new(code: &'static str, detail: impl Into<String>) -> Problem {
        let Meaning { code, status, title, .. } = *codes::meaning(code);
        Problem {
            kind: format!("{TYPE_BASE}{code}"),
            title: title.into(),
            status,
            detail: detail.into(),
            instance: String::new(),
            code: code.into(),
            errors: Vec::new(),
            extensions: Map::new(),
        }
    }

    /// The problem of a body with these faults. Faults of one kind give the problem their code;
    /// mixed ones make it `invalid_body`. No faults at all are a bug of the caller and still a
    /// refusal.
    pub fn of_faults(faults: Vec<Fault>) -> Problem {
        let first = faults.first().map(|fault| (fault.code.clone(), fault.detail.clone()));
        let (code, detail) = match first {
            None => ("invalid_body", "The request could not be understood.".to_owned()),
            Some((code, detail)) if faults.len() == 1 => (codes::known(&code), detail),
            Some((code, detail)) => {
                let same = faults.iter().all(|fault| fault.code == code);
                let summary =
                    format!("The request has {} faults. The first: {detail}", faults.len());
                (if same { codes::known(&code) } else { "invalid_body" }, summary)
            }
        };
        Problem { errors: faults, ..Problem::new(code, detail) }
    }

    /// The same of faults that the domain or a reader found. Some of their codes say more than a
    /// problem can have: then the problem is `otherwise`, and `errors` keeps the faults' own.
    pub fn of_found(faults: &[refusal::Fault], otherwise: &'static str) -> Problem {
        let shown: Vec<Fault> = faults.iter().map(Fault::from).collect();
        if faults.iter().all(|fault| codes::is_listed(fault.code)) {
            return Problem::of_faults(shown).with_candidates(faults);
        }
        let detail = match faults {
            [one] => one.detail.clone(),
            several => format!(
                "The request has {} faults. The first: {}",
                several.len(),
                several[0].detail
            ),
        };
        Problem { errors: shown, ..Problem::new(otherwise, detail) }.with_candidates(faults)
    }

    /// Adds the sales that ambiguous receipt numbers may mean, as `sales`.
    fn with_candidates(self, faults: &[refusal::Fault]) -> Problem {
        let mut sales: Vec<CandidateSale> = Vec::new();
        for sale in faults.iter().flat_map(|fault| &fault.candidates) {
            if sales.iter().all(|known| known.id.0 != sale.sale) {
                sales.push(CandidateSale::from(sale));
            }
        }
        if sales.is_empty() {
            return self;
        }
        self.with("sales", serde_json::to_value(sales).unwrap_or_default())
    }

    /// Names the path of the request.
    pub fn at(mut self, path: &str) -> Problem {
        self.instance = path.to_owned();
        self
    }

    /// Adds an extension member, such as `decision`. Members of the standard are not overwritten.
    pub fn with(mut self, member: &str, value: Value) -> Problem {
        if !RESERVED.contains(&member) {
            self.extensions.insert(member.to_owned(), value);
        }
        self
    }

    /// The document as the bytes that are sent (and kept, for an idempotent replay).
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

const RESERVED: [&str; 7] = ["type", "title", "status", "detail", "instance", "code", "errors"];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_problem_carries_its_code_status_title_and_extensions() {
        let problem = Problem::new("return_refused", "Final sale.")
            .at("/v1/returns")
            .with("decision", json!({"decision": "refused"}))
            .with("status", json!(200));
        let sent: Value = serde_json::from_slice(&problem.to_bytes()).unwrap();
        assert_eq!(
            sent,
            json!({
                "type": "https://returndesk.dev/problems/return_refused", "title": "Return refused", "status": 422,
                "detail": "Final sale.", "instance": "/v1/returns", "code": "return_refused", "errors": [],
                "decision": {"decision": "refused"}
            })
        );
        assert_eq!(serde_json::from_value::<Problem>(sent).unwrap(), problem);
    }

    #[test]
    fn faults_of_one_kind_lend_their_code_and_mixed_ones_do_not() {
        let amount = || Fault::new("invalid_amount", "/a", "`a` is no amount.");
        let unknown = Fault::new("unknown_field", "/b", "`b` is not a field here.");
        let codes = |faults| {
            let problem = Problem::of_faults(faults);
            (problem.code, problem.status, problem.detail)
        };
        let two = "The request has 2 faults. The first: `a` is no amount.";
        assert_eq!(
            codes(vec![amount()]),
            ("invalid_amount".into(), 422, "`a` is no amount.".into())
        );
        assert_eq!(codes(vec![amount(), amount()]), ("invalid_amount".into(), 422, two.into()));
        assert_eq!(codes(vec![amount(), unknown]), ("invalid_body".into(), 422, two.into()));
        assert_eq!(
            codes(vec![]),
            ("invalid_body".into(), 422, "The request could not be understood.".into())
        );
    }
}
