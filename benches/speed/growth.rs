//! The rates as the database fills up: sales through the import, returns through the desk's
//! writers. Beside it stands a small database that is asked the same in the same minute, for half
//! an hour later a machine that is shared with others is another machine.

use crate::measure::{Bench, MANY_RULES};

/// Returns in the small database before the first measurement.
const FEW: usize = 10_000;

/// Measures at each number of recorded returns that was asked for.
pub fn measure(bench: &mut Bench<'_>, small: &mut Bench<'_>) {
    small.fill(FEW);
    let mut recorded = 0;
    for target in bench.options.growth.clone() {
        bench.fill(target.saturating_sub(recorded));
        recorded = recorded.max(target);
        for _ in 0..bench.options.rounds {
            let few = small.at(&format!("beside {target}"));
            let many = bench.at(&format!("at {target}"));
            recorded += many.len() * bench.options.returns;
            for (place, policy) in
                [String::new(), format!(", {MANY_RULES} rules")].iter().enumerate()
            {
                let ratio = |what: &str, few: f64, many: f64| {
                    (format!("{what}{policy}, {target} returns / few"), many / few)
                };
                let (record, check) = (
                    ratio("record", few[place].0, many[place].0),
                    ratio("check", few[place].1, many[place].1),
                );
                bench.report.ratio(&record.0, "≥ 0.90", record.1);
                bench.report.ratio(&check.0, "", check.1);
            }
        }
    }
    std::mem::take(&mut small.report).print("The small database beside it");
}
