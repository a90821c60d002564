//! `returndesk migrate`: the schema, brought up to this version without starting to serve.

use super::failure::Failure;
use super::terminal;
use crate::app;
use crate::config::Config;
use crate::store::migrate;

/// Applies what is pending. Safe while other instances start: one applies, the others wait.
pub fn run(config: Config) -> Result<(), Failure> {
    if config.database.is_empty() {
        std::fs::create_dir_all(&config.data_dir)
            .map_err(|fault| Failure::file(&config.data_dir, &fault))?;
    }
    let db = app::open_database(&config)?;
    let applied = migrate::run(&mut db.connect()?)?;
    terminal::tell(&format!("Database {db}."));
    applied.iter().for_each(|name| terminal::print(&format!("Applied {name}.")));
    if applied.is_empty() {
        terminal::print("The schema is up to date; there was nothing to apply.");
    }
    Ok(())
}
