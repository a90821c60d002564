//! Versions of a policy as they are listed and published (API §7). The document itself is read
//! elsewhere.

mod judged;

pub use judged::{ChangeWord, LintView, PolicyChangeView, PolicyFindingView, SeverityWord};

use crate::domain::policies::{PolicyRecord, PolicyStatus, PublishPolicy};
use crate::domain::refusal::Fault;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// One version of a policy.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = PolicyVersion)]
pub struct PolicyVersionView {
    /// The policy's name.
    #[schema(example = "standard")]
    pub name: String,
    /// The version's number, from 1.
    #[schema(example = 7)]
    pub version: u32,
    pub status: VersionStatus,
    /// Employee number of whoever drafted it.
    #[schema(example = "3001")]
    pub author: String,
    /// RFC 3339.
    #[schema(value_type = String, format = "date-time")]
    pub drafted_at: Timestamp,
    /// From when it governs; null for a draft.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub effective_from: Option<Timestamp>,
    /// When it was published; null for a draft.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub published_at: Option<Timestamp>,
    /// Employee number of whoever published it; null for a draft.
    pub publisher: Option<String>,
    /// The policy as drafted.
    #[schema(value_type = Object)]
    pub document: Value,
}

/// Where a version stands. A published one never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VersionStatus {
    Draft,
    Published,
}

/// Publishes a version; somebody other than its author does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"effective_from": "2026-05-01T00:00:00-04:00"}))]
pub struct PublishBody {
    /// From when it governs, RFC 3339; not in the past. Left out: at once.
    #[serde(default)]
    #[schema(format = "date-time", example = "2026-05-01T00:00:00-04:00")]
    pub effective_from: Option<String>,
}

impl PublishBody {
    /// Reads the body for the version that the address names.
    pub fn read(self, name: &str, number: u32) -> Result<PublishPolicy, Vec<Fault>> {
        let parse = |text: &String| {
            let exact = text.parse::<Timestamp>().ok()?;
            Timestamp::from_microsecond(exact.as_microsecond()).ok()
        };
        let effective_from = match &self.effective_from {
            None => None,
            Some(text) => Some(parse(text).ok_or_else(|| {
                vec![Fault::invalid(
                    "/effective_from",
                    "Say when with an offset, like \"2026-05-01T00:00:00-04:00\".",
                )]
            })?),
        };
        Ok(PublishPolicy { name: name.to_owned(), number, effective_from })
    }
}

impl From<&PolicyRecord> for PolicyVersionView {
    fn from(record: &PolicyRecord) -> PolicyVersionView {
        let (status, effective_from, published_at, publisher) = match &record.status {
            PolicyStatus::Draft => (VersionStatus::Draft, None, None, None),
            PolicyStatus::Published { effective_from, published_at, publisher } => (
                VersionStatus::Published,
                Some(*effective_from),
                Some(*published_at),
                Some(publisher.1.clone()),
            ),
        };
        PolicyVersionView {
            name: record.name.clone(),
            version: record.number,
            status,
            author: record.author.1.clone(),
            drafted_at: record.drafted_at,
            effective_from,
            published_at,
            publisher,
            document: serde_json::from_str(&record.document).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use serde_json::json;
    use std::sync::Arc;

    pub fn record(status: PolicyStatus) -> PolicyRecord {
        PolicyRecord {
            name: "standard".into(),
            number: 7,
            document: r#"{"rules":[]}"#.into(),
            compiled: Arc::default(),
            author: ("returndesk|3001".into(), "3001".into()),
            drafted_at: "2026-04-01T10:00:00Z".parse().unwrap(),
            status,
        }
    }

    #[test]
    fn versions_are_shown_in_their_envelope() {
        let draft = json!({"name": "standard", "version": 7, "status": "draft", "author": "3001",
            "drafted_at": "2026-04-01T10:00:00Z", "effective_from": null, "published_at": null, "publisher": null,
            "document": {"rules": []}});
        assert_eq!(
            serde_json::to_value(PolicyVersionView::from(&record(PolicyStatus::Draft))).unwrap(),
            draft
        );
        let published = record(PolicyStatus::Published {
            effective_from: "2026-05-01T04:00:00Z".parse().unwrap(),
            published_at: "2026-04-02T10:00:00Z".parse().unwrap(),
            publisher: ("returndesk|3002".into(), "3002".into()),
        });
        let mut expected = draft;
        expected["status"] = json!("published");
        expected["effective_from"] = json!("2026-05-01T04:00:00Z");
        expected["published_at"] = json!("2026-04-02T10:00:00Z");
        expected["publisher"] = json!("3002");
        assert_eq!(serde_json::to_value(PolicyVersionView::from(&published)).unwrap(), expected);
    }

    #[test]
    fn publishing_names_its_moment_or_none() {
        let read = |body| serde_json::from_value::<PublishBody>(body).unwrap().read("standard", 7);
        let at = |body| read(body).unwrap().effective_from;
        assert_eq!(at(json!({})), None);
        assert_eq!(
            at(json!({"effective_from": "2026-05-01T00:00:00-04:00"})),
            "2026-05-01T04:00:00Z".parse().ok()
        );
        assert_eq!(
            read(json!({"effective_from": "tomorrow"})).unwrap_err()[0].pointer,
            "/effective_from"
        );
    }
}
