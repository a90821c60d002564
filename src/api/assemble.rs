//! The last steps of every app: the document, the answers to what no route takes, and the
//! middleware around it all.

use super::openapi::Document;
use super::request;
use super::unmatched::unmatched;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::{App, Error, web};

/// Completes an app whose routes are registered. `document` comes from what `split_for_parts` gave
/// beside the app.
pub fn assemble<T, B>(
    app: App<T>,
    document: Document,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = Error,
        InitError = (),
    >,
>
where
    T: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<B>,
            Error = Error,
            InitError = (),
        >,
    T: 'static,
    B: MessageBody + 'static,
{
    app.configure(|config| document.serve(config))
        .app_data(document.routes.clone())
        .default_service(web::to(unmatched))
        .wrap(from_fn(request::around))
}
