//! The rates as the database fills up: sales through the import, returns through the desk's writers.

use crate::measure::Bench;

/// Measures at each number of recorded returns that was asked for.
pub fn measure(bench: &mut Bench<'_>) {
    let mut recorded = 0;
    let mut first = None;
    for target in bench.options.growth.clone() {
        bench.fill(target.saturating_sub(recorded));
        recorded = recorded.max(target);
        for _ in 0..bench.options.rounds {
            let rate = bench.at(recorded);
            recorded += bench.options.returns;
            let before = *first.get_or_insert(rate);
            if target != bench.options.growth[0] {
                bench.report.ratio(&format!("record at {target} returns / at the first"), "≥ 0.90", rate / before);
            }
        }
    }
}
