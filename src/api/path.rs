//! Ids in paths. What is no id names nothing, so it answers like an id that does not exist.

use super::error::ApiError;
use super::unmatched::no_id;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use std::future::{Ready, ready};
use uuid::Uuid;

/// The `{id}` of the path. Documented as `params(("id" = String, Path, format = "uuid"))`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathId(pub Uuid);

impl FromRequest for PathId {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = req
            .match_info()
            .get("id")
            .filter(|id| id.len() == 36)
            .and_then(|id| Uuid::try_parse(id).ok());
        ready(id.map(PathId).ok_or_else(|| no_id(req)))
    }
}
