//! `returndesk keys`: the keys that sign access tokens, and the public half of the key that signs
//! the log.

use super::failure::Failure;
use super::terminal::{print, tell};
use super::{Place, desk, people};
use crate::api::audit::LOG_NAME;
use crate::app;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::canonical::Json;
use crate::domain::entry::Event;
use crate::identity::keys::{KeyInfo, KeyStore};
use crate::identity::note::Signer;
use clap::Subcommand;

#[derive(Subcommand)]
pub enum KeysCommand {
    /// List all signing keys, and the verifier key of the audit log.
    List(Place),
    /// Make a new key, which signs from now on. Tokens signed before go on counting.
    Rotate(Place),
    /// Take a key out: what it signed is refused at once.
    Retire {
        /// The key's id, as `keys list` shows it
        kid: String,
        #[command(flatten)]
        place: Place,
    },
}

pub fn run(command: KeysCommand, config: Config, clock: Clock) -> Result<(), Failure> {
    match command {
        KeysCommand::List(place) => list(&KeyStore::open(&place.over(config).data_dir, &clock)?),
        KeysCommand::Rotate(place) => rotate(place.over(config), clock),
        KeysCommand::Retire { kid, place } => retire(&kid, place.over(config), clock),
    }
}

/// The signer of exports and checkpoints, the one that the API's exports are signed by.
pub fn signer(keys: &KeyStore) -> Result<Signer, Failure> {
    Ok(Signer::new(LOG_NAME, keys.log_key()?)?)
}

fn list(keys: &KeyStore) -> Result<(), Failure> {
    for key in keys.list()? {
        print(&line(&key));
    }
    print(&format!("log key (for audit verify --key): {}", signer(keys)?.vkey()));
    Ok(())
}

fn line(key: &KeyInfo) -> String {
    let state = match (key.active, key.retired_at) {
        (_, Some(at)) => format!("retired {at}"),
        (true, None) => "signs".to_owned(),
        (false, None) => "verifies".to_owned(),
    };
    format!("{}  made {}  {state}", key.kid, key.created_at)
}

fn rotate(config: Config, clock: Clock) -> Result<(), Failure> {
    let keys = KeyStore::open(&config.data_dir, &clock)?;
    let before = keys.list()?.into_iter().find(|key| key.active).map(|key| key.kid);
    let kid = keys.rotate()?;
    print(&kid);
    tell("The new key signs from now on; the others go on verifying until they are retired.");
    let data =
        Json::object([("kid", Json::from(kid.as_str())), ("before", before.as_deref().into())]);
    log(config, clock, (Event::KeyRotated, kid, data))
}

fn retire(kid: &str, config: Config, clock: Clock) -> Result<(), Failure> {
    let keys = KeyStore::open(&config.data_dir, &clock)?;
    let retired = keys.retire(kid)?;
    print(&format!("{kid} is retired; {} signs.", retired.active));
    let data =
        Json::object([("kid", Json::from(kid)), ("signs_now", retired.active.as_str().into())]);
    if retired.made_new {
        tell("It was the last one, so a new one was made.");
    }
    log(config, clock, (Event::KeyRetired, kid.to_owned(), data))
}

/// Tells the log, if there is a database. The keys are changed by then: a stolen key must not wait
/// for a database.
fn log(
    config: Config,
    clock: Clock,
    (event, kid, data): (Event, String, Json),
) -> Result<(), Failure> {
    if config.database.is_empty() && !config.data_dir.join(app::DATABASE_FILE).exists() {
        tell("There is no database yet, so no log to tell.");
        return Ok(());
    }
    let caller = people::machine(&config.tokens.issuer);
    // Opening tells of new keys; here is told what was done with them.
    let told = desk::with(config, clock, |app| desk::note(app, &caller, event, Some(kid), data));
    told.map_err(|why| {
        Failure::Trouble(format!("the keys are changed, but the log could not be told: {why}"))
    })
}
