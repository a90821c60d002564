//! `returndesk import`: sales from a file into the database, streamed; the same file again changes
//! nothing.
//!
//! Every line takes the way that a line of `POST /v1/sales/import` takes. A service may run on the
//! same database. The file is read on a thread of its own, so that Ctrl-C is heard while a pipe is
//! silent.

mod lines;
mod passed_over;
mod progress;
mod retail;
mod source;
mod tally;

use super::failure::Failure;
use super::terminal::tell;
use super::{Place, desk, people};
use crate::api::import::record_lines;
use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::caller::Caller;
use actix_web::rt::System;
use clap::{Args, ValueEnum};
use futures_util::stream::{self, StreamExt};
use lines::Sale;
use source::{Position, Source};
use std::cell::Cell;
use std::io::Read;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::thread;
use tally::{End, Tally};
use tokio::sync::mpsc;

/// Sales that are read ahead of those under way.
const AHEAD: usize = 128;

#[derive(Args)]
pub struct ImportArgs {
    /// NDJSON, one sale a line as POST /v1/sales takes it, or - for stdin
    file: PathBuf,
    /// The file is in another form: online-retail is the CSV of the UCI data set 352
    #[arg(long, env = "RETURNDESK_IMPORT_FROM")]
    from: Option<Form>,
    /// The store that the sales of online-retail become [default: UK1]
    #[arg(long, requires = "from", value_parser = people::store)]
    store: Option<String>,
    #[command(flatten)]
    place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    OnlineRetail,
}

/// Records what can be recorded. The answer is no if a line was refused or a row was passed over.
pub fn run(mut args: ImportArgs, config: Config, clock: Clock) -> Result<(), Failure> {
    let config = std::mem::take(&mut args.place).over(config);
    let Source { bytes, position } = source::open(&args.file)?;
    let limit = config.limits.import_line_bytes;
    let retail = match args.from {
        None => return ndjson(&args, config, clock, lines::ndjson(bytes, limit), position),
        Some(Form::OnlineRetail) => retail::sales(bytes, args.store.as_deref().unwrap_or("UK1"))?,
    };
    desk::with(config, clock, |app| online_retail(&args, app, retail, position))
}

fn greet(args: &ImportArgs, app: &App) {
    tell(&format!(
        "Importing {} into {}. Ctrl-C stops.",
        args.file.display(),
        app.service.desk.db()
    ));
}

fn ndjson(
    args: &ImportArgs,
    config: Config,
    clock: Clock,
    sales: impl Iterator<Item = Sale> + Send + 'static,
    position: Position,
) -> Result<(), Failure> {
    desk::with(config, clock, |app| {
        greet(args, app);
        let mut tally = Tally::new("line", position);
        let caller = people::machine(&app.service.config.tokens.issuer);
        let end = record(app, &caller, &mut tally, sales)?;
        tally.conclude(end, 0)
    })
}

fn online_retail<R: Read + Send + 'static>(
    args: &ImportArgs,
    app: &App,
    sales: retail::Sales<R>,
    position: Position,
) -> Result<(), Failure> {
    greet(args, app);
    let caller = people::machine(&app.service.config.tokens.issuer);
    retail::ensure_store(app, &caller, args.store.as_deref().unwrap_or("UK1"))?;
    let (mut tally, told) = (Tally::new("row", position), sales.told());
    let end = record(app, &caller, &mut tally, sales);
    let told = told.lock().unwrap_or_else(PoisonError::into_inner);
    passed_over::tell_rows(told.rows, told.rows_taken, told.sales);
    told.passed_over.tell();
    tally.conclude(end?, told.passed_over.count())
}

/// Records sales, many under way at once, and counts the results in their order. Ctrl-C stops the
/// reading; what is under way is finished and counted.
fn record(
    app: &App,
    caller: &Arc<Caller>,
    tally: &mut Tally,
    sales: impl Iterator<Item = Sale> + Send + 'static,
) -> Result<End, Failure> {
    let stopped = Cell::new(false);
    let stop = async {
        if tokio::signal::ctrl_c().await.is_err() {
            // Nothing to hear: the system ends the process itself.
            std::future::pending::<()>().await;
        }
        stopped.set(true);
        tell("Stopping; sales under way are finished first.");
    };
    let recorded = System::new().block_on(async {
        let mut read = read_apart(sales);
        let sales = stream::poll_fn(move |context| read.poll_recv(context));
        let lines = sales.map(|sale| (sale.line, sale.text)).take_until(stop);
        let results = record_lines(app.service.clone(), Arc::clone(caller), String::new(), lines);
        let mut results = std::pin::pin!(results);
        while let Some(result) = results.next().await {
            tally.take(&result)?;
        }
        Ok(())
    });
    recorded.map(|()| if stopped.get() { End::Stopped } else { End::Finished })
}

/// Reads on a thread of its own, a few sales ahead.
fn read_apart(sales: impl Iterator<Item = Sale> + Send + 'static) -> mpsc::Receiver<Sale> {
    let (give, take) = mpsc::channel(AHEAD);
    thread::spawn(move || {
        for sale in sales {
            if give.blocking_send(sale).is_err() {
                return;
            }
        }
    });
    take
}
