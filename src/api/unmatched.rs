//! What no route takes: 404, or 405 with `Allow` where the path exists under other methods.

use super::error::ApiError;
use actix_web::dev::ResourceDef;
use actix_web::http::header;
use actix_web::{Error, HttpRequest, HttpResponse};
use std::sync::Arc;

/// Every path of the service and the methods it takes, from the OpenAPI document: the two are equal
/// by construction.
#[derive(Clone)]
pub struct Routes(Arc<Vec<(ResourceDef, String)>>);

impl Routes {
    /// From pairs of path pattern and methods in capitals. HEAD goes wherever GET does.
    pub fn new(routes: impl IntoIterator<Item = (String, Vec<String>)>) -> Routes {
        let allow = |mut methods: Vec<String>| {
            if methods.iter().any(|method| method == "GET") {
                methods.push("HEAD".into());
            }
            methods.sort();
            methods.join(", ")
        };
        let routes =
            routes.into_iter().map(|(path, methods)| (ResourceDef::new(path), allow(methods)));
        Routes(Arc::new(routes.collect()))
    }

    /// The methods of the route of exactly this path, without parameters.
    fn allow_literal(&self, path: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(pattern, _)| pattern.pattern() == Some(path))
            .map(|(_, allow)| allow.as_str())
    }

    /// The methods a path takes, as `Allow` writes them.
    pub fn allow(&self, path: &str) -> Option<&str> {
        self.0.iter().find(|(pattern, _)| pattern.is_match(path)).map(|(_, allow)| allow.as_str())
    }
}

/// The answer to a path whose parameter is no id: `/v1/returns/check` is an address of its own,
/// under other methods, and anything else names nothing.
pub fn no_id(req: &HttpRequest) -> ApiError {
    match req.app_data::<Routes>().and_then(|routes| routes.allow_literal(req.path())) {
        Some(allow) => not_allowed(allow),
        None => ApiError::new("not_found", "There is nothing of this id in your stores."),
    }
}

fn not_allowed(allow: &str) -> ApiError {
    ApiError::new("method_not_allowed", format!("This address takes {allow}."))
        .header(header::ALLOW, allow)
}

/// The default service; [`Routes`] are in the app's data.
pub async fn unmatched(req: HttpRequest) -> Result<HttpResponse, Error> {
    let allow = req.app_data::<Routes>().and_then(|routes| routes.allow(req.path()));
    Err(match allow {
        Some(allow) => not_allowed(allow),
        None => ApiError::new("not_found", "There is nothing at this address."),
    }
    .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_find_their_methods() {
        let routes = Routes::new([
            ("/v1/returns".to_owned(), vec!["POST".to_owned(), "GET".to_owned()]),
            ("/v1/returns/{id}".to_owned(), vec!["GET".to_owned()]),
            ("/v1/returns/{id}/void".to_owned(), vec!["POST".to_owned()]),
        ]);
        let allow = |path| routes.allow(path);
        assert_eq!(allow("/v1/returns"), Some("GET, HEAD, POST"));
        assert_eq!(allow("/v1/returns/7"), Some("GET, HEAD"));
        assert_eq!(allow("/v1/returns/7/void"), Some("POST"));
        assert_eq!((allow("/v1/returns/7/x"), allow("/")), (None, None));
    }
}
