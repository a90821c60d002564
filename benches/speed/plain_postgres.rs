//! What PostgreSQL reaches by itself: pgbench with the statements of one return, one return a
//! transaction, and with the reads of one check. The same tables, rows, texts and constraints as
//! the service's; sales and chains of stores of their own.

use crate::database::Database;
use crate::load::Taken;
use crate::samples::Samples;
use crate::service::Folder;
use crate::shop::step;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

/// pgbench on a database.
pub struct PgBench<'a> {
    database: &'a Database,
    folder: &'a Folder,
    program: PathBuf,
}

/// A script and how it is run.
pub struct Run {
    pub script: &'static str,
    /// The first sale that is used; each is used once.
    pub base: usize,
    pub clients: usize,
    pub count: usize,
}

pub const RECORD: &str = "record.sql";
pub const CHECK: &str = "check.sql";

impl<'a> PgBench<'a> {
    /// Writes the scripts, and the list of sales that they go through.
    pub fn new(
        database: &'a Database,
        folder: &'a Folder,
        kind: char,
        samples: &Samples,
    ) -> PgBench<'a> {
        database.run(&format!(
            "CREATE TABLE bench_plain AS SELECT (substr(receipt, 3))::int AS n, id AS sale, store, receipt
               FROM sales WHERE receipt LIKE '{kind}-%';
             CREATE UNIQUE INDEX bench_plain_n ON bench_plain (n);
             ANALYZE bench_plain;"
        ));
        for (name, text) in [(RECORD, record(samples)), (CHECK, check())] {
            std::fs::write(folder.0.join(name), text).expect("a script is written");
        }
        PgBench { database, folder, program: program() }
    }

    pub fn run(&self, run: &Run) -> Taken {
        let each = run.count / run.clients;
        let count = each * run.clients;
        let log = self.folder.0.join("pgbench-log");
        let started = Instant::now();
        let said = Command::new(&self.program)
            .args(["-n", "-M", "prepared", "-l", "--log-prefix"])
            .arg(&log)
            .args(["-c", &run.clients.to_string(), "-j", "1", "-t", &each.to_string()])
            .args([
                "-D",
                "i=-1",
                "-D",
                &format!("base={}", run.base),
                "-D",
                &format!("clients={}", run.clients),
            ])
            .args(["-D", &format!("count={count}"), "-D", &format!("step={}", step(count))])
            .arg("-f")
            .arg(self.folder.0.join(run.script))
            .arg(&self.database.url)
            .output()
            .expect("pgbench runs");
        let text = String::from_utf8_lossy(&said.stdout).into_owned();
        let faults = String::from_utf8_lossy(&said.stderr).into_owned();
        let failed =
            text.lines().any(|line| line.starts_with("number of failed") && !line.contains(": 0 "));
        assert!(
            said.status.success() && !failed && !faults.contains("ERROR"),
            "pgbench {}: {text}{faults}",
            run.script
        );
        // Connecting is not part of it: pgbench takes its own time off.
        let tps = text
            .lines()
            .find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse::<f64>().ok());
        let seconds = tps.map_or_else(|| started.elapsed().as_secs_f64(), |tps| count as f64 / tps);
        Taken::new(seconds, self.latencies())
    }

    /// The third field of each line of its log is the transaction's time in microseconds.
    fn latencies(&self) -> Vec<u32> {
        let mut latencies = Vec::new();
        for file in std::fs::read_dir(&self.folder.0).expect("the folder").filter_map(Result::ok) {
            if file.file_name().to_string_lossy().starts_with("pgbench-log") {
                let text = std::fs::read_to_string(file.path()).unwrap_or_default();
                latencies.extend(
                    text.lines().filter_map(|line| line.split(' ').nth(2)?.parse::<u32>().ok()),
                );
                let _ = std::fs::remove_file(file.path());
            }
        }
        latencies
    }
}

fn program() -> PathBuf {
    let installed =
        std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(Result::ok);
    let mut found: Vec<PathBuf> =
        installed.map(|version| version.path().join("bin/pgbench")).collect();
    found.retain(|path| path.exists());
    found.sort();
    found.pop().unwrap_or_else(|| PathBuf::from("pgbench"))
}

/// A text for a script. pgbench takes a colon before a name for a variable, wherever it stands.
fn quoted(text: &str) -> String {
    let mut out = String::from("'");
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let named = letters
            .peek()
            .is_some_and(|next| next.is_ascii_alphanumeric() || *next == '_' || *next == ':');
        match letter {
            ':' if named => out.push(';'),
            '\'' => out.push_str("''"),
            letter => out.push(letter),
        }
    }
    out + "'"
}

/// The next sale, in the order that the service's returns have, too; `k` counts the returns.
const NEXT: &str =
    "\\set i :i + 1\n\\set k :i * :clients + :client_id\n\\set n :base + (:k * :step) % :count\n";

/// The statements of one return.
fn record(samples: &Samples) -> String {
    let (document, leaf) = (quoted(&samples.document), quoted(&samples.leaf));
    NEXT.to_owned()
        + &include_str!("record.sql").replace("@document", &document).replace("@leaf", &leaf)
}

/// The reads of one check.
fn check() -> String {
    NEXT.to_owned() + include_str!("check.sql")
}
