//! The public "Online Retail" file as sales to record: the store they are of, and what was passed
//! over.

use super::lines::Sale;
use crate::api::error::ApiError;
use crate::app::App;
use crate::cli::desk;
use crate::cli::failure::Failure;
use crate::cli::terminal::{grouped, tell};
use crate::desk::readers::NotRead;
use crate::domain::caller::Caller;
use crate::domain::directory::{SaveStore, Seen};
use crate::domain::perform::Command;
use crate::wire::directory::StoreBody;
use crate::wire::online_retail::{Options, Reader, Reason};
use actix_web::web::Bytes;
use std::io::Read;
use std::sync::Arc;

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

/// The file's invoices, one sale each; a sale's line is that of its first row.
pub fn sales<R: Read>(source: R, store: &str) -> Sales<R> {
    Sales(Reader::new(source, Options { store: store.to_owned(), ..Options::default() }))
}

pub struct Sales<R: Read>(Reader<R>);

impl<R: Read> Iterator for Sales<R> {
    type Item = Sale;

    fn next(&mut self) -> Option<Sale> {
        Some(match self.0.next()? {
            Ok(imported) => {
                let row = imported.rows.first().map_or(0, |(row, _)| *row);
                // The header is the file's first line.
                let line = usize::try_from(row).unwrap_or(0) + 1;
                Sale { line, text: Ok(Bytes::from(imported.sale.to_string())) }
            }
            Err(fault) => {
                let line = fault.position().map_or(0, |position| position.line());
                let refused =
                    ApiError::new("bad_request", format!("The row cannot be read: {fault}."));
                Sale { line: usize::try_from(line).unwrap_or(0), text: Err(refused) }
            }
        })
    }
}

impl<R: Read> Sales<R> {
    /// What the file held, and which rows are no part of any sale.
    pub fn tell_summary(&self) {
        let summary = self.0.summary();
        let rows = [summary.rows, summary.rows_taken, summary.sales].map(grouped);
        tell(&format!("{} rows read, {} of them in {} sales.", rows[0], rows[1], rows[2]));
        for (reason, count) in &summary.skipped {
            tell(&format!("  {} passed over: {}", grouped(*count), in_words(*reason)));
        }
    }
}

fn in_words(reason: Reason) -> &'static str {
    match reason {
        Reason::Credit => "credits, which are returns",
        Reason::BadDebt => "adjustments of bad debts",
        Reason::NotAboveZero => {
            "stock corrections (a quantity of zero or less, or a price below zero)"
        }
        Reason::PriceTooFine => "prices that pounds and pence cannot say",
        Reason::Unreadable => "a quantity, price or time that cannot be read",
        Reason::TooLate => "rows that came long after the rest of their invoice",
    }
}
