//! The public "Online Retail" file as sales to record: the store they are of, and the rows that are
//! part of no sale.

use super::lines::Sale;
use super::passed_over::PassedOver;
use crate::api::error::ApiError;
use crate::app::App;
use crate::cli::desk;
use crate::cli::failure::Failure;
use crate::cli::terminal::tell;
use crate::desk::readers::NotRead;
use crate::domain::caller::Caller;
use crate::domain::directory::{SaveStore, Seen};
use crate::domain::perform::Command;
use crate::wire::directory::StoreBody;
use crate::wire::online_retail::{COLUMNS, Options, Reader};
use actix_web::web::Bytes;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};

/// Makes the store if it is not there: the file's shop is in the United Kingdom and trades in
/// pounds.
pub fn ensure_store(app: &App, caller: &Arc<Caller>, store: &str) -> Result<(), Failure> {
    let wanted = store.to_owned();
    let known = app
        .service
        .desk
        .readers()
        .read_blocking(move |_, settings| Ok(settings.store(&wanted).cloned()));
    let known = known.map_err(|not_read| match not_read {
        NotRead::Overloaded => {
            Failure::Trouble("The database is busy; try again in a moment.".into())
        }
        NotRead::Trouble(fault) => fault.into(),
    })?;
    if known.is_some() {
        return Ok(());
    }
    desk::perform(app, caller, Command::SaveStore(Box::new(new_store(store)?)))?;
    tell(&format!("Added store {store}: Europe/London, GBP, region GB, policy standard."));
    Ok(())
}

fn new_store(store: &str) -> Result<SaveStore, Failure> {
    let body = StoreBody {
        name: "Online Retail".into(),
        time_zone: "Europe/London".into(),
        currency: "GBP".into(),
        region: "GB".into(),
        policy: "standard".into(),
        cash_rounding: None,
    };
    body.read(store, Seen::Nothing).map_err(|faults| {
        let details: Vec<String> = faults.into_iter().map(|fault| fault.detail).collect();
        Failure::Usage(details.join(" "))
    })
}

/// Reads the file's invoices, one sale each, at the row of its first line. The answer is wrong use
/// if the file is in another form.
pub fn sales<R: Read>(source: R, store: &str) -> Result<Sales<R>, Failure> {
    let mut reader = Reader::new(source, Options { store: store.to_owned(), ..Options::default() });
    let missing = reader.missing_columns().map_err(|fault| Failure::Trouble(fault.to_string()))?;
    match missing.is_empty() {
        true => Ok(Sales { reader, told: Arc::default() }),
        false => Err(Failure::Usage(format!(
            "The file has no column {}. A file of the form online-retail begins with {}, Country.",
            missing.join(", "),
            COLUMNS.join(", ")
        ))),
    }
}

/// What was read so far: rows, those of them that are in sales, and those that are not.
#[derive(Clone, Debug, Default)]
pub struct Told {
    pub rows: u64,
    pub rows_taken: u64,
    pub sales: u64,
    pub passed_over: PassedOver,
}

pub struct Sales<R: Read> {
    reader: Reader<R>,
    told: Arc<Mutex<Told>>,
}

impl<R: Read> Iterator for Sales<R> {
    type Item = Sale;

    fn next(&mut self) -> Option<Sale> {
        let next = self.reader.next();
        self.tell();
        Some(match next? {
            Ok(imported) => {
                let row = imported.rows.first().map_or(0, |(row, _)| *row);
                Sale { line: place(row), text: Ok(Bytes::from(imported.sale.to_string())) }
            }
            Err(fault) => Sale { line: place(self.reader.row()), text: Err(unreadable(&fault)) },
        })
    }
}

impl<R: Read> Sales<R> {
    /// What is told of the rows, while they are read elsewhere.
    pub fn told(&self) -> Arc<Mutex<Told>> {
        Arc::clone(&self.told)
    }

    fn tell(&mut self) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let summary = self.reader.summary();
        (told.rows, told.rows_taken, told.sales) =
            (summary.rows, summary.rows_taken, summary.sales);
        for skipped in self.reader.take_skipped() {
            told.passed_over.add(in_spreadsheet(skipped.row), skipped.reason);
        }
    }
}

/// The number that a spreadsheet gives a data row: the header is row 1.
fn in_spreadsheet(row: u32) -> u32 {
    row.saturating_add(1)
}

fn place(row: u32) -> usize {
    usize::try_from(in_spreadsheet(row)).unwrap_or(usize::MAX)
}

fn unreadable(fault: &csv::Error) -> ApiError {
    let detail = match fault.kind() {
        csv::ErrorKind::Io(fault) => {
            // Trouble, which ends the import.
            let detail = format!("The file cannot be read any further: {fault}.");
            return ApiError::new("unavailable", detail);
        }
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => format!(
            "The row has {len} cells, the header has {expected_len}. Correct the separators or \
             quotation marks."
        ),
        csv::ErrorKind::Utf8 { .. } => {
            "The row is not UTF-8 text. Save the file as UTF-8.".to_owned()
        }
        _ => format!("The row cannot be read: {fault}."),
    };
    ApiError::new("bad_request", detail)
}
