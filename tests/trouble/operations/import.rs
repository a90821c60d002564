//! `returndesk import` on files as they are: rows that cannot be sales are listed, and the exit
//! status says so.

use crate::support::{TestDb, on_each_database};
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use uuid::Uuid;

const HEAD: &str =
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

/// A data directory of its own, removed when dropped.
struct Home(PathBuf);

impl Drop for Home {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Home {
    fn new() -> Home {
        let path = std::env::temp_dir().join(format!("returndesk_import_{}", Uuid::now_v7()));
        fs::create_dir(&path).unwrap();
        Home(path)
    }

    fn command(&self, database: &TestDb, file: &str, form: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_returndesk"));
        command.env_clear().env("RETURNDESK_DATA_DIR", &self.0).current_dir(&self.0);
        command.args(["import", file, "--database", database.url()]).args(form);
        command
    }

    /// Imports a file with this text: exit status, stdout, stderr.
    fn import(&self, database: &TestDb, text: &str, form: &[&str]) -> (i32, String, String) {
        fs::write(self.0.join("file"), text).unwrap();
        finished(self.command(database, "file", form).output().unwrap())
    }

    fn retail(&self, database: &TestDb, rows: &str) -> (i32, String, String) {
        self.import(database, &format!("{HEAD}{rows}"), &["--from", "online-retail"])
    }
}

fn finished(output: std::process::Output) -> (i32, String, String) {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[track_caller]
fn lists(told: &str, expected: &[&str]) {
    let told: Vec<&str> =
        told.lines().filter(|line| line.contains(" passed over: ")).map(str::trim).collect();
    assert_eq!(told, expected);
}

const CREDITS: &str = "passed over: credits, which are returns";
const CORRECTIONS: &str =
    "passed over: stock corrections (a quantity of zero or less, or a price below zero)";

/// Case G05, and the same with what cannot be a time.
#[test]
fn dates_as_the_public_file_writes_them() {
    on_each_database(|db| {
        let home = Home::new();
        let (status, out, err) =
            home.retail(db, "1,A1,LAMP,2,12/1/2010 8:26,2.55,17850,United Kingdom\n");
        assert_eq!(status, 0, "{err}");
        assert!(out.starts_with("1 recorded, 0 known before, 0 refused"), "{out}");
        let (status, out, err) = home.retail(
            db,
            "2,A1,LAMP,2,12/1/2010 8:26,2.55,17850,United Kingdom\n\
             3,A1,LAMP,2,13/1/2010 8:26,2.55,17850,United Kingdom\n",
        );
        assert_eq!(status, 1, "{err}");
        assert!(out.starts_with("1 recorded, 0 known before, 0 refused"), "{out}");
        lists(
            &err,
            &["1 passed over: a time that cannot be read (row 3). Write InvoiceDate as \
               2010-12-01 08:26:00 or 12/1/2010 8:26, the month first."],
        );
        let end = "returndesk: 1 row was passed over; the rest is recorded. \
                   Correct what is listed above and import the file again.";
        assert_eq!(err.lines().last(), Some(end));
    });
}

/// Case G09: quantities and prices as files write them.
#[test]
fn figures_that_are_no_figures_are_listed() {
    on_each_database(|db| {
        let at = "2010-12-01 08:26:00";
        let row = |number: usize, quantity: &str, price: &str| {
            format!("{number},A1,LAMP,{quantity},{at},{price},17850,United Kingdom\n")
        };
        let rows = [
            row(1, "6.0", "2.55"),
            row(2, "+6", "2.55"),
            row(3, "1e1", "2.55"),
            row(4, " 6 ", "2.55"),
            row(5, "2", "2.5"),
            row(6, "2", "2.550"),
            row(7, "2", ".5"),
            row(8, "2", "\"2,55\""),
            row(9, "2", "2.555"),
            row(10, "0", "2.55"),
            row(11, "-3", "2.55"),
        ];
        let (status, out, err) = Home::new().retail(db, &rows.concat());
        assert_eq!(status, 1, "{err}");
        assert!(out.starts_with("6 recorded, 0 known before, 0 refused"), "{out}");
        assert!(err.contains("11 rows read, 6 of them in 6 sales."), "{err}");
        lists(
            &err,
            &[
                &format!("2 {CORRECTIONS} (rows 11-12). Correct the figures if goods were sold."),
                "1 passed over: prices that pounds and pence cannot say (row 10). \
                 Write UnitPrice with two decimals.",
                "1 passed over: a quantity that is no whole number (row 4). Write Quantity as 6.",
                "1 passed over: a price that is no number (row 9). Write UnitPrice as 2.55.",
            ],
        );
    });
}

/// Case G10: white space, a small c, no number.
#[test]
fn cells_are_trimmed() {
    on_each_database(|db| {
        let rest = "A1,LAMP,2,2010-12-01 08:26:00,2.55,17850,United Kingdom\n";
        let rows: String =
            [" 1", "1 ", "c3", "", "2"].map(|number| format!("{number},{rest}")).concat();
        let (status, out, err) = Home::new().retail(db, &rows);
        assert_eq!(status, 1, "{err}");
        assert!(out.starts_with("2 recorded, 0 known before, 0 refused"), "{out}");
        lists(
            &err,
            &[
                &format!("1 {CREDITS} (row 4). Record them with POST /v1/returns."),
                "1 passed over: no invoice number (row 5). Fill in InvoiceNo.",
            ],
        );
    });
}

/// Case G11: a row of an invoice after other invoices. A few are waited for; then it is named.
#[test]
fn a_late_row_is_joined_to_its_invoice_or_named() {
    on_each_database(|db| {
        let home = Home::new();
        let row = |number: u32| format!("{number},A1,LAMP,2,12/1/2010 8:26,2.55,17850,UK\n");
        let late = "1,LATE,LAMP,2,12/1/2010 8:26,10.00,17850,UK\n";
        let rows: String = (1..=11).map(row).chain([late.to_owned()]).collect();
        let (status, out, err) = home.retail(db, &rows);
        assert_eq!(status, 0, "{err}");
        assert!(out.starts_with("11 recorded, 0 known before, 0 refused"), "{out}");
        assert!(err.contains("12 rows read, 12 of them in 11 sales."), "{err}");
        let rows: String = (101..=1_301).map(row).chain([row(101)]).collect();
        let (status, out, err) = home.retail(db, &rows);
        assert_eq!(status, 1, "{err}");
        assert!(out.starts_with("1,201 recorded, 0 known before, 0 refused"), "{out}");
        lists(
            &err,
            &["1 passed over: rows that came long after the rest of their invoice, which is \
               recorded without them (row 1203). Sort the file by invoice before the first import."],
        );
    });
}

#[test]
fn a_row_that_is_no_row_is_named_and_a_file_of_another_form_is_wrong_use() {
    on_each_database(|db| {
        let home = Home::new();
        let good = "1,A1,LAMP,2,12/1/2010 8:26,2.55,17850,United Kingdom\n";
        let (status, out, err) = home.retail(db, &format!("1,A1\n{good}"));
        assert_eq!(status, 1, "{err}");
        assert!(out.starts_with("1 recorded, 0 known before, 1 refused"), "{out}");
        let named = "row 2: The row has 2 cells, the header has 8. Correct the separators or \
                     quotation marks. (bad_request)";
        assert!(err.contains(named), "{err}");
        let with_bom = format!("\u{feff}{HEAD}{good}");
        let (status, _, err) = home.import(db, &with_bom, &["--from", "online-retail"]);
        assert_eq!(status, 0, "{err}");
        let (status, _, err) = home.import(db, "a;b\n1;2\n", &["--from", "online-retail"]);
        assert_eq!(status, 2, "{err}");
        assert!(err.contains("The file has no column InvoiceNo, StockCode, "), "{err}");
    });
}

fn sale(receipt: &str, total: &str) -> String {
    format!(
        r#"{{"store":"UK1","register":"1","business_date":"2011-01-05","sold_at":"2011-01-05T10:00:00+00:00","receipt":"{receipt}","operator":"7","channel":"store","currency":"GBP","prices_include_tax":true,"lines":[{{"line":1,"sku":"A1","quantity":"1","unit_price":"5.00","net":"5.00","taxes":[]}}],"tenders":[{{"tender":1,"type":"cash","amount":"{total}"}}],"total":"{total}"}}"#
    )
}

/// A home whose database has the store UK1.
fn with_store(db: &TestDb) -> Home {
    let home = Home::new();
    assert_eq!(home.retail(db, "").0, 0);
    home
}

/// Case F01 on the command line; every refused line is listed, however many there are.
#[test]
fn a_bom_is_skipped_and_every_refused_line_is_listed() {
    on_each_database(|db| {
        let home = with_store(db);
        let text = format!("\u{feff}{}\n{}\n", sale("F-1", "5.00"), sale("F-2", "5.00"));
        let (status, out, err) = home.import(db, &text, &[]);
        assert_eq!(status, 0, "{err}");
        assert!(out.starts_with("2 recorded, 0 known before, 0 refused"), "{out}");
        let bad = |number: usize| sale(&format!("B-{number}"), "6.00") + "\n";
        let text: String = (1..=60).map(bad).collect();
        let (status, out, err) = home.import(db, &text, &[]);
        assert_eq!(status, 1, "{err}");
        assert!(out.starts_with("0 recorded, 0 known before, 60 refused"), "{out}");
        let told: Vec<&str> = err.lines().filter(|line| line.starts_with("line ")).collect();
        assert_eq!(told.len(), 60, "{err}");
        assert!(told[59].starts_with("line 60: ") && told[59].contains("does_not_add_up"), "{err}");
        let end = "returndesk: 60 lines were refused; the rest is recorded. \
                   Correct what is listed above and import the file again.";
        assert_eq!(err.lines().last(), Some(end));
    });
}

/// Ctrl-C while a pipe is silent: what was done is told, and the same again completes it.
#[test]
fn ctrl_c_says_what_was_done() {
    use std::io::{BufRead, BufReader, Write};
    on_each_database(|db| {
        let home = with_store(db);
        let lines = [sale("S-1", "5.00"), sale("S-2", "5.00")].map(|line| line + "\n");
        let mut command = home.command(db, "-", &[]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut running = command.spawn().unwrap();
        let mut pipe = running.stdin.take().unwrap();
        let mut said = BufReader::new(running.stderr.take().unwrap()).lines();
        let greeting = said.next().unwrap().unwrap();
        assert!(greeting.contains("Ctrl-C stops."), "{greeting}");
        pipe.write_all(lines.concat().as_bytes()).unwrap();
        pipe.flush().unwrap();
        wait_for_sales(db, 2);
        interrupt(&running);
        let told: Vec<String> = said.map(Result::unwrap).collect();
        let (status, out, _) = finished(running.wait_with_output().unwrap());
        drop(pipe);
        assert_eq!(status, 3, "{told:?}");
        assert!(out.starts_with("2 recorded, 0 known before, 0 refused"), "{out}");
        let end = "returndesk: Stopped before the end of the file. 2 sales are recorded. \
                   Start the import again: no sale is recorded twice.";
        assert_eq!(told.last().map(String::as_str), Some(end));
        let again = home.import(db, &(lines.concat() + &sale("S-3", "5.00")), &[]);
        assert_eq!(again.0, 0, "{again:?}");
        assert!(again.1.starts_with("1 recorded, 2 known before, 0 refused"), "{again:?}");
    });
}

fn interrupt(running: &Child) {
    let id = running.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
}

/// Waits until so many sales are in the log.
fn wait_for_sales(db: &TestDb, count: i64) {
    use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::BigInt};
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        sales: i64,
    }
    let mut connection = db.connect();
    for _ in 0..600 {
        let query = sql_query("SELECT COUNT(*) AS sales FROM sales");
        let found = match &mut connection {
            returndesk::store::Connection::Sqlite(sqlite) => query.get_result::<Count>(sqlite),
            returndesk::store::Connection::Postgres(postgres) => query.get_result(postgres),
        };
        if found.is_ok_and(|found| found.sales == count) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("{count} sales were not recorded");
}
