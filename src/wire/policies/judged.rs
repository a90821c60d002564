//! What is said of a policy: findings of the linter, and differences between versions.

use crate::domain::policy::{Change, Finding, Severity, What};
use serde::Serialize;
use utoipa::ToSchema;

/// Everything there is to say about a policy; no findings are a clean bill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PolicyLint)]
pub struct LintView {
    pub findings: Vec<PolicyFindingView>,
}

/// One thing said about a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PolicyFinding)]
pub struct PolicyFindingView {
    pub severity: SeverityWord,
    /// The rule's id.
    #[schema(example = "electronics")]
    pub rule: String,
    /// JSON Pointer (RFC 6901) into the document.
    #[schema(example = "/rules/1/set/window")]
    pub pointer: String,
    /// Stable, snake_case.
    pub code: String,
    /// A sentence for the author.
    pub detail: String,
}

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SeverityWord {
    /// Probably not meant.
    Warning,
    /// Cannot be meant.
    Fault,
}

/// One difference between two versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PolicyChange)]
pub struct PolicyChangeView {
    pub what: ChangeWord,
    /// The rule's id; null for the policy as a whole.
    #[schema(example = "electronics")]
    pub rule: Option<String>,
    /// What changed, such as `set.window`; null where the rule as a whole was added, removed or
    /// moved.
    #[schema(example = "set.window")]
    pub member: Option<String>,
    /// What it was, in words; null where it was not set.
    pub from: Option<String>,
    /// What it is, in words; null where it is not set any more.
    pub to: Option<String>,
    /// The difference in a line, for people.
    #[schema(example = "rule electronics: set.window from 15 days to 30 days")]
    pub detail: String,
}

/// What happened to a rule or a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeWord {
    Added,
    Removed,
    /// Stands elsewhere among the rules that stayed.
    Moved,
    Changed,
}

impl From<&Finding> for PolicyFindingView {
    fn from(finding: &Finding) -> PolicyFindingView {
        PolicyFindingView {
            severity: match finding.severity {
                Severity::Warning => SeverityWord::Warning,
                Severity::Fault => SeverityWord::Fault,
            },
            rule: finding.rule.clone(),
            pointer: finding.pointer.clone(),
            code: finding.code.to_owned(),
            detail: finding.detail.clone(),
        }
    }
}

impl From<&Change> for PolicyChangeView {
    fn from(change: &Change) -> PolicyChangeView {
        let (what, member) = match &change.what {
            What::Added => (ChangeWord::Added, None),
            What::Removed => (ChangeWord::Removed, None),
            What::Moved => (ChangeWord::Moved, None),
            What::Changed(member) => (ChangeWord::Changed, Some(member.clone())),
        };
        PolicyChangeView {
            what,
            rule: change.rule.clone(),
            member,
            from: change.from.clone(),
            to: change.to.clone(),
            detail: change.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn findings_and_changes_are_shown_in_words() {
        let finding = Finding {
            severity: Severity::Fault,
            rule: "late".into(),
            pointer: "/rules/1".into(),
            code: "never_applies",
            detail: "Rule all decides first.".into(),
        };
        let expected = json!({"findings": [{"severity": "fault", "rule": "late", "pointer": "/rules/1",
            "code": "never_applies", "detail": "Rule all decides first."}]});
        let lint = LintView { findings: vec![PolicyFindingView::from(&finding)] };
        assert_eq!(serde_json::to_value(lint).unwrap(), expected);

        let change = Change {
            rule: Some("all".into()),
            what: What::Changed("set.window".into()),
            from: None,
            to: Some("30 days".into()),
        };
        let expected = json!({"what": "changed", "rule": "all", "member": "set.window", "from": null, "to": "30 days",
            "detail": "rule all: set.window from not set to 30 days"});
        assert_eq!(serde_json::to_value(PolicyChangeView::from(&change)).unwrap(), expected);
    }
}
