//! The rates as the database fills up: sales through the import, returns through the desk's writers.

use crate::measure::Bench;

/// Measures at each number of recorded returns that was asked for.
pub fn measure(bench: &mut Bench<'_>) {
    let mut recorded = 0;
    let mut of_first = Vec::new();
    for target in bench.options.growth.clone() {
        bench.fill(target.saturating_sub(recorded));
        recorded = recorded.max(target);
        for _ in 0..bench.options.rounds {
            let rates = bench.at(recorded);
            recorded += rates.len() * bench.options.returns;
            if target == bench.options.growth[0] {
                of_first.push(rates);
                continue;
            }
            for (place, policy) in ["", ", many rules"].iter().enumerate() {
                let what = format!("record{policy} at {target} returns / at the first");
                bench.report.ratio(&what, "≥ 0.90", rates[place] / median(&of_first, place));
            }
        }
    }
}

/// The median rate of the rounds at the first number of returns: one round alone may have met a busy machine.
fn median(rounds: &[[f64; 2]], place: usize) -> f64 {
    let mut rates: Vec<f64> = rounds.iter().map(|rates| rates[place]).collect();
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
