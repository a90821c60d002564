//! `returndesk token`: an access token for scripts, registers and a first administrator.
//!
//! It works before the first `serve`, too: whichever comes first makes the keys.

use super::failure::Failure;
use super::{Place, lasting, people, terminal};
use crate::app;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::caller::Role;
use crate::identity::token::{AccessGrant, Minter, OwnNames};
use clap::Args;
use jiff::SignedDuration;
use std::path::PathBuf;
use std::sync::Arc;

#[derive(Args)]
pub struct TokenArgs {
    /// What the bearer may do; may be given several times
    #[arg(long, required = true, env = "RETURNDESK_ROLE", value_delimiter = ',', value_parser = people::role)]
    role: Vec<Role>,
    /// A store the bearer may see, or '*' for all; may be given several times
    #[arg(long, required = true, env = "RETURNDESK_STORE", value_delimiter = ',', value_parser = people::stores)]
    store: Vec<String>,
    /// The bearer's employee number, or the register's name for a register's own token
    #[arg(long, env = "RETURNDESK_OPERATOR", value_parser = people::number)]
    operator: String,
    /// The register it is used at
    #[arg(long, env = "RETURNDESK_REGISTER", value_parser = people::number)]
    register: Option<String>,
    /// How long it counts: 30m, 8h, 1d
    #[arg(long, env = "RETURNDESK_TTL", default_value = "8h", value_parser = lasting::parse)]
    ttl: SignedDuration,
    /// Folder of the keys [default: ./returndesk-data] [env: RETURNDESK_DATA_DIR]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

/// Prints the token, and nothing else, on stdout.
pub fn run(args: TokenArgs, config: Config, clock: Clock) -> Result<(), Failure> {
    let place = Place { database: None, data_dir: args.data_dir };
    let config = place.over(config);
    let keys = Arc::new(app::open_keys(&config, &clock)?);
    if keys.created() {
        terminal::tell(&format!(
            "Made the service's keys in {}; keep a copy.",
            keys.directory().display()
        ));
    }
    let names = OwnNames { issuer: config.tokens.issuer, audience: config.tokens.audience };
    let grant = AccessGrant {
        operator: args.operator,
        client_id: people::CLIENT.into(),
        roles: args.role,
        stores: people::listed(args.store),
        register: args.register,
        lifetime: args.ttl,
    };
    let minted = Minter::new(keys, names).mint(&grant, clock.now())?;
    terminal::print(&minted.token);
    Ok(())
}
