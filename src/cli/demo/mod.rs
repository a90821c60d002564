//! `returndesk demo`: a made-up shop to try the service on, the main job walked through with real
//! requests, and then the service, left running to play with.
//!
//! Every step knows what the answer has to be; one that is not ends the demo with trouble. So it is
//! a test as well.

pub mod shop;

mod handover;
mod home;
mod http;
mod opening;
mod proof;
mod running;
mod script;
mod shown;
mod walk;

use super::failure::Failure;
use super::people;
use super::terminal::print;
use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::caller::{Role, Stores};
use crate::identity::token::AccessGrant;
use clap::Args;
use home::Home;
use http::Client;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use running::Running;
use script::Script;
use shop::Shop;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// The shop is the same on every machine; only its dates move with the day.
const SEED: u64 = 7;

#[derive(Args)]
pub struct DemoArgs {
    /// Address and port to serve on; a free port if it is taken [default: 127.0.0.1:8080] [env:
    /// RETURNDESK_BIND]
    #[arg(long)]
    bind: Option<SocketAddr>,
    /// Folder of the demo, emptied at each start; one with anything else in it is refused
    #[arg(
        long,
        value_name = "DIR",
        env = "RETURNDESK_DEMO_DATA_DIR",
        default_value = "./returndesk-demo"
    )]
    data_dir: PathBuf,
    /// How many sales the shop has
    #[arg(long, env = "RETURNDESK_DEMO_SALES", default_value_t = 3_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    sales: u32,
    /// Stop after the walk; status 0 says that every step gave what it should
    #[arg(long)]
    exit: bool,
}

/// Opens the shop, walks, hands over.
pub fn run(args: DemoArgs, config: Config, clock: Clock) -> Result<(), Failure> {
    let began = Instant::now();
    let shop = shop(&args, &clock)?;
    let home = Home::open(&args.data_dir)?;
    let bind = running::free(args.bind.unwrap_or(config.bind))?;
    // Always a database of its own: a demo must not open the one that the environment names.
    let config =
        Config { bind, database: String::new(), data_dir: home.path().to_owned(), ..config };
    let app = Arc::new(App::build(config, clock)?);
    let running = Running::start(Arc::clone(&app))?;
    print(&format!(
        "returndesk serves on http://{}, with its data in {}.",
        running.address(),
        home.path().display()
    ));
    let told = tell(&shop, &app, &running, &home);
    if told.is_ok() {
        let verdict = "Every step gave what it should";
        print(&format!(
            "\n{verdict}; all of it took {} seconds.",
            began.elapsed().as_secs().max(1)
        ));
    }
    match (&told, args.exit) {
        (Ok(()), false) => {
            handover::print_tokens(&app, &shop, running.address())?;
            running.wait()
        }
        _ => running.stop().and(told),
    }
}

/// The shop as of today, the day at its stores.
fn shop(args: &DemoArgs, clock: &Clock) -> Result<Shop, Failure> {
    let zone =
        TimeZone::get(shop::TIME_ZONE).map_err(|fault| Failure::Trouble(fault.to_string()))?;
    let today = clock.now().to_zoned(zone).date();
    Ok(Shop::with_sales(SEED, today, usize::try_from(args.sales).unwrap_or(usize::MAX)))
}

fn tell(shop: &Shop, app: &App, running: &Running, home: &Home) -> Result<(), Failure> {
    let client = Client::new(running.address());
    opening::open(&client, app, shop)?;
    let mut script = Script::new(client);
    walk::walk(&mut script, &shop.walk())?;
    proof::prove(&mut script, app, home.path())
}

/// A token of eight hours, as `returndesk token` makes it; of all stores if none is named.
fn token(
    app: &App,
    role: Role,
    operator: &str,
    store: Option<&str>,
    register: Option<&str>,
) -> Result<String, Failure> {
    let grant = AccessGrant {
        operator: operator.to_owned(),
        client_id: people::CLIENT.into(),
        roles: vec![role],
        stores: store.map_or(Stores::All, |store| Stores::Listed(vec![store.to_owned()])),
        register: register.map(str::to_owned),
        lifetime: SignedDuration::from_hours(8),
    };
    Ok(app.service.minter.mint(&grant, app.service.clock.now())?.token)
}
