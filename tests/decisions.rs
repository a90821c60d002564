//! The decision table: what is sold, what the policy says, what is asked and when; and every word
//! of the answer.
//!
//! Each row is checked, and a row that is allowed is recorded as well: check and record are one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // functions that only these tests call

#[path = "decisions/charges.rs"]
mod charges;
mod counter;
#[path = "decisions/eligibility.rs"]
mod eligibility;
#[path = "decisions/fees.rs"]
mod fees;
#[path = "decisions/gift_cards.rs"]
mod gift_cards;
#[path = "decisions/goods.rs"]
mod goods;
#[path = "decisions/governing.rs"]
mod governing;
#[path = "decisions/kept.rs"]
mod kept;
#[path = "decisions/kits.rs"]
mod kits;
#[path = "decisions/limits.rs"]
mod limits;
#[path = "decisions/people.rs"]
mod people;
#[path = "decisions/serials.rs"]
mod serials;
#[path = "decisions/table.rs"]
mod table;
#[path = "decisions/tenders.rs"]
mod tenders;
#[path = "decisions/without_receipt.rs"]
mod without_receipt;

use returndesk::domain::decision::Code;
use table::Row;

fn all_rows() -> Vec<Row> {
    let kept = [kept::rows(), limits::rows(), serials::rows(), without_receipt::rows()];
    let all = [
        charges::rows(),
        eligibility::rows(),
        fees::rows(),
        goods::rows(),
        kits::rows(),
        tenders::rows(),
        people::rows(),
    ];
    all.into_iter().chain(kept).flatten().collect()
}

/// Codes of the contract that no rule of this version finds, and why.
const NOT_PRODUCED: [(Code, &str); 2] = [
    (Code::WatchListed, "there is no watch list yet"),
    (Code::HighRisk, "there are no risk rules yet"),
];

#[test]
fn every_row_is_decided_as_told() {
    let differing: Vec<String> = all_rows().iter().filter_map(Row::difference).collect();
    assert!(differing.is_empty(), "{} rows differ\n{}", differing.len(), differing.join("\n"));
}

#[test]
fn every_code_has_a_row_or_a_reason() {
    let rows = all_rows();
    let told =
        |code: Code| rows.iter().any(|row| row.told.contains(&format!(" {} by ", code.as_str())));
    for code in Code::ALL {
        let excused = NOT_PRODUCED.iter().any(|(missing, _)| *missing == code);
        assert!(
            told(code) != excused,
            "{} has {} row",
            code.as_str(),
            if excused { "a" } else { "no" }
        );
    }
}
