//! Lists: pages by keyset position, so that they stay stable while rows are added (STANDARDS 22).

use super::error::ApiError;
use super::query;
use crate::wire::problem::Fault;
use actix_web::body::BoxBody;
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::future::{Ready, ready};
use utoipa::{IntoParams, ToSchema};

/// Entries on a page if the caller does not say.
pub const DEFAULT_LIMIT: usize = 50;
/// Entries on a page at most.
pub const MAX_LIMIT: usize = 500;
/// What a cursor's text begins with; another version of the service may write positions otherwise.
const CURSOR_VERSION: &str = "1:";

/// Which part of a list is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    pub limit: usize,
    /// The position after which the page begins: what the previous page's last row gave to
    /// [`Page::list`].
    pub after: Option<String>,
}

/// For the documentation: `params(PageParams, …)` of a route that takes a [`Listing`].
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)]
pub struct PageParams {
    /// Entries on the page.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the previous page.
    cursor: Option<String>,
}

/// The query of a list: a filter of the route's own, and the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing<T> {
    pub filter: T,
    pub page: Page,
}

/// A filter for lists that have none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoFilter {}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct List<T> {
    pub items: Vec<T>,
    /// For the next page; null on the last one.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}

impl<T: DeserializeOwned + ToSchema + 'static> FromRequest for Listing<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(query::pairs(req).and_then(listing))
    }
}

fn listing<T: DeserializeOwned + ToSchema + 'static>(
    pairs: Vec<(String, String)>,
) -> Result<Listing<T>, ApiError> {
    let (own, filter): (Vec<_>, Vec<_>) =
        pairs.into_iter().partition(|(name, _)| name == "limit" || name == "cursor");
    let mut faults = Vec::new();
    let limit =
        single(&own, "limit", &mut faults).map_or(DEFAULT_LIMIT, |text| limit(text, &mut faults));
    let cursor = single(&own, "cursor", &mut faults).map(str::to_owned);
    let filter = query::read(filter, faults)?;
    let after = cursor.as_deref().map(read_cursor).transpose()?;
    Ok(Listing { filter, page: Page { limit, after } })
}

fn single<'a>(
    pairs: &'a [(String, String)],
    name: &str,
    faults: &mut Vec<Fault>,
) -> Option<&'a str> {
    let mut values =
        pairs.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str());
    let first = values.next();
    if values.next().is_some() {
        faults.push(query::fault(name, "is there twice."));
    }
    first
}

fn limit(text: &str, faults: &mut Vec<Fault>) -> usize {
    let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
    limit.unwrap_or_else(|| {
        faults
            .push(query::fault("limit", &format!("must be a whole number from 1 to {MAX_LIMIT}.")));
        DEFAULT_LIMIT
    })
}

fn write_cursor(position: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{CURSOR_VERSION}{position}"))
}

fn read_cursor(cursor: &str) -> Result<String, ApiError> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| bad_cursor())?;
    let text = String::from_utf8(bytes).map_err(|_| bad_cursor())?;
    text.strip_prefix(CURSOR_VERSION).map(str::to_owned).ok_or_else(bad_cursor)
}

/// The answer to a cursor that is none of ours; also where a handler cannot read [`Page::after`].
pub fn bad_cursor() -> ApiError {
    ApiError::new("invalid_cursor", "The cursor is not one that an earlier page gave.")
}

impl Page {
    /// How many rows to load: one more than are shown, to know whether there is a next page.
    pub fn rows(&self) -> usize {
        self.limit + 1
    }

    /// The page of up to [`Page::rows`] loaded rows; `position` names a row's place in the order.
    pub fn list<R, T>(
        &self,
        mut rows: Vec<R>,
        position: impl Fn(&R) -> String,
        show: impl FnMut(R) -> T,
    ) -> List<T> {
        let more = rows.len() > self.limit;
        rows.truncate(self.limit);
        let next_cursor = rows.last().filter(|_| more).map(|row| write_cursor(&position(row)));
        List { items: rows.into_iter().map(show).collect(), next_cursor }
    }
}

impl<T: Serialize> Responder for List<T> {
    type Body = BoxBody;

    fn respond_to(self, req: &HttpRequest) -> HttpResponse {
        let mut answer = HttpResponse::Ok();
        if let Some(cursor) = &self.next_cursor {
            answer.insert_header((header::LINK, next_link(req.path(), req.query_string(), cursor)));
        }
        answer.json(self)
    }
}

/// The same request with the next cursor (RFC 8288); the other parameters stay as the caller wrote
/// them.
fn next_link(path: &str, query: &str, cursor: &str) -> String {
    let others = query
        .split('&')
        .filter(|pair| !pair.is_empty() && *pair != "cursor" && !pair.starts_with("cursor="));
    let cursor = format!("cursor={cursor}");
    let query: Vec<&str> = others.chain([cursor.as_str()]).collect();
    let target = format!("{path}?{}", query.join("&")).replace('<', "%3C").replace('>', "%3E");
    format!("<{target}>; rel=\"next\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_come_back_as_they_went_and_others_are_refused() {
        for position in ["", "0190d3a0-0000-7000-8000-000000000000", "2026-03-01|日本"] {
            assert_eq!(read_cursor(&write_cursor(position)), Ok(position.to_owned()));
        }
        let other_version = URL_SAFE_NO_PAD.encode("2:x");
        for bad in ["x", "!!!", "MQ", &other_version, &URL_SAFE_NO_PAD.encode([0x31, 0x3a, 0xff])] {
            assert_eq!(read_cursor(bad), Err(bad_cursor()), "{bad}");
        }
    }

    #[test]
    fn a_page_shows_its_limit_and_says_whether_there_is_more() {
        let page = Page { limit: 2, after: None };
        let list = |rows: Vec<u8>| page.list(rows, |row| row.to_string(), |row| row * 10);
        assert_eq!(
            list(vec![1, 2, 3]),
            List { items: vec![10, 20], next_cursor: Some(write_cursor("2")) }
        );
        assert_eq!(list(vec![1, 2]), List { items: vec![10, 20], next_cursor: None });
        assert_eq!(list(vec![]), List { items: vec![], next_cursor: None });
    }

    #[test]
    fn the_link_keeps_the_other_parameters() {
        assert_eq!(
            next_link("/v1/sales", "store=00%2042&cursor=old&limit=2", "new"),
            "</v1/sales?store=00%2042&limit=2&cursor=new>; rel=\"next\""
        );
        assert_eq!(next_link("/v1/sales", "", "new"), "</v1/sales?cursor=new>; rel=\"next\"");
    }
}
