//! `returndesk ledger check`: the nightly look at the books. Changes nothing, and says by its exit
//! status whether they hold.

use super::failure::Failure;
use super::terminal::{counted, print};
use super::{Place, verify};
use crate::app;
use crate::config::Config;
use crate::export::ledger::check;
use crate::store::{Db, StoreError};
use clap::{Args, Subcommand};

#[derive(Subcommand)]
pub enum LedgerCommand {
    /// Whether every movement balances, is the one the log tells of, and adds up to sales, returns
    /// and refunds.
    Check(CheckArgs),
}

#[derive(Args)]
pub struct CheckArgs {
    #[command(flatten)]
    place: Place,
}

/// Faults told one by one.
const TOLD: usize = 20;

pub fn run(command: LedgerCommand, config: Config) -> Result<(), Failure> {
    let LedgerCommand::Check(args) = command;
    let config = args.place.over(config);
    let mut connection = verify::reader(&match config.database.is_empty() {
        true => format!("sqlite://{}", config.data_dir.join(app::DATABASE_FILE).display()),
        false => config.database,
    })?;
    let mut faults = Vec::new();
    let checked =
        Db::read::<_, StoreError>(&mut connection, |read| check(read, |fault| faults.push(fault)))?;
    let movements = counted(checked.movements, "movement", "movements");
    let Some(first) = faults.first() else {
        print(&format!("The books hold: {movements}, each balanced and as the log has it."));
        return Ok(());
    };
    faults.iter().take(TOLD).for_each(|fault| print(&fault.to_string()));
    let count = counted(checked.faults, "fault", "faults");
    Err(Failure::No(format!("the books do not hold: {count} in {movements}. The first: {first}")))
}
