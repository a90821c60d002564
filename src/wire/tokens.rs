//! Signing in at a register with a number and a PIN (API §2).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An operator signs in.
#[derive(Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"operator": "1042", "pin": "493817", "store": "0042", "register": "3"}))]
pub struct TokenRequest {
    /// Employee number.
    #[schema(format = "name", min_length = 1, max_length = 64, example = "1042")]
    pub operator: String,
    /// The operator's PIN. Whatever cannot be one is answered like a wrong one.
    #[schema(format = "password", min_length = 1, max_length = 64, example = "493817")]
    pub pin: String,
    /// The store where the token is to be good.
    #[schema(format = "store", min_length = 1, max_length = 32, example = "0042")]
    pub store: String,
    /// The register in front of the operator.
    #[serde(default)]
    #[schema(format = "name", min_length = 1, max_length = 64, example = "3")]
    pub register: Option<String>,
}

/// A PIN is never written anywhere, not even by mistake.
impl std::fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenRequest")
            .field("operator", &self.operator)
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

/// An access token (RFC 6749 §5.1).
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AccessToken {
    /// JWT of typ `at+jwt` (RFC 9068).
    #[schema(format = "jwt")]
    pub access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    pub token_type: &'static str,
    /// Seconds.
    #[schema(example = 28800)]
    pub expires_in: i64,
}

impl AccessToken {
    /// A bearer token good for so many seconds.
    pub fn bearer(access_token: String, expires_in: i64) -> AccessToken {
        AccessToken { access_token, token_type: "Bearer", expires_in }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::strict::Shape;
    use serde_json::json;

    #[test]
    fn the_body_and_the_answer_are_those_of_the_contract() {
        let body = json!({"operator": "1042", "pin": "493817", "store": "0042", "register": "3"});
        assert_eq!(Shape::of::<TokenRequest>().check(&body), []);
        let read: TokenRequest = serde_json::from_value(body).unwrap();
        assert_eq!(format!("{read:?}"), "TokenRequest { operator: \"1042\", store: \"0042\", .. }");
        let answer = serde_json::to_value(AccessToken::bearer("a.b.c".into(), 900)).unwrap();
        assert_eq!(
            answer,
            json!({"access_token": "a.b.c", "token_type": "Bearer", "expires_in": 900})
        );
    }
}
