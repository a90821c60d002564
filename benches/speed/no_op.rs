//! A server of routes that do nothing, with and without token: what HTTP, middleware and token cost
//! by themselves.

use actix_web::middleware::from_fn;
use actix_web::rt::System;
use actix_web::{App as Routes, HttpResponse, HttpServer, get};
use returndesk::api::caller::Counter;
use returndesk::api::request;
use returndesk::app::App;
use returndesk::clock::Clock;
use returndesk::config::Config;
use std::path::Path;

#[get("/no-op")]
async fn without_token() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body("{}")
}

#[get("/no-op/token")]
async fn with_token(_caller: Counter) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body("{}")
}

/// Serves until the process is ended; `home` has the keys of the service that is measured.
pub fn serve(address: &str, home: &Path) {
    let database = format!("sqlite://{}", home.join("no-op.db").display());
    let config = Config { database, data_dir: home.to_owned(), ..Config::default() };
    returndesk::telemetry::init(&config.log);
    let app = App::build(config, Clock::system()).expect("a service is put together");
    let service = app.service.clone();
    let routes = move || {
        Routes::new()
            .app_data(service.clone())
            .app_data(service.clock.clone())
            .service(without_token)
            .service(with_token)
            .wrap(from_fn(request::around))
    };
    let server = HttpServer::new(routes).bind(address).expect("a free address").run();
    System::new().block_on(server).expect("it serves");
    app.stop();
}
