//! `returndesk serve`: the service, until it is told to stop.

use super::failure::Failure;
use super::terminal::tell;
use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use actix_web::rt::System;
use std::net::SocketAddr;

/// Serves until SIGINT or SIGTERM; requests that are under way are finished, and what waits is
/// written.
pub fn run(config: Config, clock: Clock) -> Result<(), Failure> {
    let app = App::build(config, clock)?;
    let served = System::new().block_on(async {
        let (server, addresses) = app.serve()?;
        greet(&app, &addresses);
        server.await.map_err(|fault| Failure::Trouble(format!("the server stopped: {fault}")))
    });
    app.stop();
    if served.is_ok() {
        tell("Stopped; everything that was answered is written.");
    }
    served
}

/// What whoever started the service wants to know, secrets left out.
fn greet(app: &App, addresses: &[SocketAddr]) {
    let service = &app.service;
    let directory = service.keys.directory().display();
    if service.keys.created() {
        tell(&format!(
            "Made the service's keys in {directory}. Keep a copy: they cannot be made again."
        ));
    } else {
        tell(&format!("Keys in {directory}."));
    }
    tell(&format!("Database {}.", service.desk.db()));
    for address in addresses {
        tell(&format!(
            "Listening on http://{address}; reference at http://{address}/docs, Ctrl-C stops."
        ));
    }
    let data_dir = service.config.data_dir.display();
    let is_new = service.desk.settings().stores.is_empty();
    if is_new {
        tell(&format!(
            "An administrator's token: returndesk token --role admin --store '*' --operator 1 --data-dir '{data_dir}'"
        ));
    } else {
        tell(&format!(
            "A token: returndesk token --role cashier --store 0042 --operator 1042 --data-dir '{data_dir}'"
        ));
    }
}
