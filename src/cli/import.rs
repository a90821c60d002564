//! `returndesk import`: sales from a file into the database, streamed; the same file again changes
//! nothing.
//!
//! Every line takes the way that a line of `POST /v1/sales/import` takes. A service may run on the
//! same database.

mod lines;
mod retail;
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
use std::fs::File;
use std::io::{BufRead, BufReader, stdin};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tally::Tally;

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

/// Records what can be recorded; refuses to call it done if any line was refused.
pub fn run(args: ImportArgs, config: Config, clock: Clock) -> Result<(), Failure> {
    let config = args.place.over(config);
    let source = open(&args.file)?;
    let limit = config.limits.import_line_bytes;
    desk::with(config, clock, |app| {
        tell(&format!("Importing {} into {}.", args.file.display(), app.service.desk.db()));
        let caller = people::machine(&app.service.config.tokens.issuer);
        let tally = match args.from {
            None => record(app, &caller, lines::ndjson(source, limit))?,
            Some(Form::OnlineRetail) => {
                let store = args.store.as_deref().unwrap_or("UK1");
                retail::ensure_store(app, &caller, store)?;
                let mut sales = retail::sales(source, store);
                let tally = record(app, &caller, sales.by_ref())?;
                sales.tell_summary();
                tally
            }
        };
        tally.conclude()
    })
}

fn open(file: &Path) -> Result<Box<dyn BufRead>, Failure> {
    if file == Path::new("-") {
        return Ok(Box::new(BufReader::new(stdin())));
    }
    let opened = File::open(file).map_err(|fault| Failure::file(file, &fault))?;
    Ok(Box::new(BufReader::with_capacity(1 << 16, opened)))
}

/// Records sales, many under way at once, and counts what became of them in their order.
fn record(
    app: &App,
    caller: &Arc<Caller>,
    sales: impl Iterator<Item = Sale>,
) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    let recorded = System::new().block_on(async {
        let lines = stream::iter(sales).map(|sale| (sale.line, sale.text));
        let results = record_lines(app.service.clone(), Arc::clone(caller), String::new(), lines);
        let mut results = std::pin::pin!(results);
        while let Some(result) = results.next().await {
            tally.take(&result)?;
        }
        Ok(())
    });
    recorded.map(|()| tally)
}
