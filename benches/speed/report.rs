//! What was measured, as Markdown: medians over the rounds, and ratios taken within each round.

use crate::load::Taken;
use crate::processes::Spent;

/// One measurement.
struct Row {
    what: String,
    taken: Taken,
    spent: Spent,
}

/// A ratio that is wanted, and what it was in each round.
struct Ratio {
    what: String,
    wanted: &'static str,
    values: Vec<f64>,
}

/// All measurements on one database.
#[derive(Default)]
pub struct Report {
    rows: Vec<Row>,
    ratios: Vec<Ratio>,
    notes: Vec<String>,
}

impl Report {
    pub fn take(&mut self, what: &str, taken: Taken, spent: Spent) {
        let cpu = (spent.service + spent.database) * 1e6 / taken.count.max(1) as f64;
        let (rate, [p50, p99]) =
            (taken.per_second(), [500, 990].map(|per_mille| taken.quantile(per_mille)));
        eprintln!(
            "  {what}: {rate:.0}/s, p50 {p50:.2} ms, p99 {p99:.2} ms, {cpu:.0} µs of processor time each"
        );
        self.rows.push(Row { what: what.to_owned(), taken, spent });
    }

    pub fn ratio(&mut self, what: &str, wanted: &'static str, value: f64) {
        match self.ratios.iter_mut().find(|ratio| ratio.what == what) {
            Some(ratio) => ratio.values.push(value),
            None => self.ratios.push(Ratio { what: what.to_owned(), wanted, values: vec![value] }),
        }
    }

    pub fn note(&mut self, note: String) {
        eprintln!("  {note}");
        self.notes.push(note);
    }

    /// The last measurement of something.
    pub fn last(&self, what: &str) -> &Taken {
        let row = self.rows.iter().rev().find(|row| row.what == what);
        row.map(|row| &row.taken).unwrap_or_else(|| panic!("{what} was not measured"))
    }

    pub fn print(&self, title: &str) {
        println!("\n### {title}\n");
        println!("| | per second (range) | p50 ms | p99 ms | CPU µs each | of it database |");
        println!("|---|---:|---:|---:|---:|---:|");
        let mut seen: Vec<&str> = Vec::new();
        for row in &self.rows {
            if !seen.contains(&row.what.as_str()) {
                seen.push(&row.what);
                self.print_row(&row.what);
            }
        }
        if !self.ratios.is_empty() {
            println!("\n| ratio | wanted | median (range) |\n|---|---|---|");
        }
        for ratio in &self.ratios {
            let (low, high) = range(&ratio.values);
            println!(
                "| {} | {} | {:.2} ({low:.2}–{high:.2}) |",
                ratio.what,
                ratio.wanted,
                median(&ratio.values)
            );
        }
        if !self.notes.is_empty() {
            println!();
        }
        self.notes.iter().for_each(|note| println!("- {note}"));
    }

    fn print_row(&self, what: &str) {
        let rows: Vec<&Row> = self.rows.iter().filter(|row| row.what == what).collect();
        let of =
            |value: &dyn Fn(&Row) -> f64| rows.iter().map(|row| value(row)).collect::<Vec<f64>>();
        let rates = of(&|row| row.taken.per_second());
        let (low, high) = range(&rates);
        let each = |seconds: f64, row: &Row| seconds * 1e6 / row.taken.count as f64;
        let database = median(&of(&|row| each(row.spent.database, row)));
        let all = median(&of(&|row| each(row.spent.service + row.spent.database, row)));
        let quantile = |per_mille| match median(&of(&|row| row.taken.quantile(per_mille))) {
            value if value.is_nan() => String::new(),
            value => format!("{value:.2}"),
        };
        let database = if database > 0.0 { format!("{database:.0}") } else { String::new() };
        let rate = median(&rates);
        println!(
            "| {what} | {rate:.0} ({low:.0}–{high:.0}) | {} | {} | {all:.0} | {database} |",
            quantile(500),
            quantile(990)
        );
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

fn range(values: &[f64]) -> (f64, f64) {
    (
        values.iter().copied().fold(f64::INFINITY, f64::min),
        values.iter().copied().fold(0.0, f64::max),
    )
}
