//! Words to exchange with, and an exchange written out so that a person can read it.

use crate::counter::{Counter, draft, line, with};
use returndesk::domain::book::Book;
use returndesk::domain::decision::Decision;
use returndesk::domain::draft::{Draft, DraftLine, ExchangeDraft, ExchangeLine, SaleRef};
use returndesk::domain::money::Minor;
use returndesk::domain::refusal::Refusal;
use returndesk::domain::returns::Return;
use returndesk::domain::sale::{Sale, SaleLine, Tender};
use std::collections::BTreeMap;
use std::fmt::Write;
use uuid::Uuid;

/// Thirty days, everything back to where it came from.
pub const RULES: &str = r#"[{"id": "default", "when": {}, "set":
    {"window": {"days": 30, "after": "refuse"}, "refund_to": {"*": ["original"]}}}]"#;

/// So many units of an article at a price, taken instead.
pub fn taken(units: i64, price: i64) -> SaleLine {
    with(line(1, units, price), |line| line.sku = Some("NEW".to_owned()))
}

pub fn goods(lines: Vec<SaleLine>) -> ExchangeDraft {
    let priced = |line: SaleLine| ExchangeLine {
        line,
        attributes: BTreeMap::new(),
        exchanged_for: None,
        priced: true,
    };
    let lines =
        lines.into_iter().zip(1..).map(|(line, number)| priced(SaleLine { line: number, ..line }));
    ExchangeDraft {
        lines: lines.collect(),
        discounts: Vec::new(),
        taxes: Vec::new(),
        charges: Vec::new(),
        tenders: Vec::new(),
        receipt: None,
        prices_include_tax: None,
        cash_rounding: None,
    }
}

/// The same item in another size for line `of` of the return: no amounts, and the price paid stays.
pub fn evenly(of: usize, units: i64) -> ExchangeDraft {
    with(goods(vec![taken(units, 0)]), |goods| {
        (goods.lines[0].exchanged_for, goods.lines[0].priced) = (Some(of), false);
    })
}

pub fn paid(goods: ExchangeDraft, tenders: Vec<Tender>) -> ExchangeDraft {
    ExchangeDraft { tenders, ..goods }
}

/// These lines of sale 1 for these goods.
pub fn exchange(lines: Vec<DraftLine>, goods: ExchangeDraft) -> Draft {
    with(draft(lines), |draft| draft.exchange = Some(goods))
}

pub fn of(sale: Uuid, draft: Draft) -> Draft {
    with(draft, |draft| draft.sale = Some(SaleRef::Id(sale)))
}

/// The sale that a recorded exchange's goods became.
pub fn new_sale<'a>(counter: &'a Counter, exchange: &Return) -> &'a Book {
    counter.state.book(exchange.exchange.as_ref().unwrap().sale).unwrap()
}

pub fn fault(refused: Result<Return, Refusal>) -> String {
    match refused {
        Err(Refusal::Invalid(faults)) => {
            let told: Vec<String> =
                faults.iter().map(|f| format!("{} {}: {}", f.code, f.pointer, f.detail)).collect();
            told.join("\n")
        }
        other => panic!("expected faults, not {other:?}"),
    }
}

/// Sums, refunds and the new goods with their tenders.
pub fn written(decision: &Decision) -> String {
    let money = |amount: Minor| amount.format(decision.currency);
    let total = &decision.totals;
    let mut text = format!(
        "{}: {} back, {} kept, {} taken: {} out, {} due\n",
        decision.verdict.as_str(),
        money(total.returned),
        money(total.fees),
        money(total.exchanged),
        money(total.refund),
        money(total.due)
    );
    for finding in decision.all_findings() {
        writeln!(
            text,
            "{} {}: {}",
            finding.outcome.as_str(),
            finding.code.as_str(),
            finding.detail
        )
        .unwrap();
    }
    for refund in &decision.refunds {
        let (kind, tender) = (refund.kind.as_str(), refund.sale_tender.unwrap_or(0));
        let rounded = match refund.rounding.0 {
            0 => String::new(),
            _ => format!(" rounded by {}", money(refund.rounding)),
        };
        writeln!(text, "out: {} {kind} of tender {tender}{rounded}", money(refund.amount)).unwrap();
    }
    let exchanged = decision.exchange.as_ref().unwrap();
    for tender in &exchanged.sale.tenders {
        let from = match exchanged.sale.carried(tender.tender) {
            None => String::new(),
            Some(carried) => {
                let origin = carried.origin.map_or("nowhere".to_owned(), |(sale, number)| {
                    format!("tender {number} of {}", sale.as_u128() & 0xff)
                });
                let rounded = if carried.rounding.0 == 0 {
                    String::new()
                } else {
                    format!(", rounded by {}", money(carried.rounding))
                };
                format!(" from {origin}{rounded}")
            }
        };
        writeln!(text, "paid: {} {}{from}", money(tender.paid()), tender.kind.as_str()).unwrap();
    }
    text
}

/// The decision as written; the same when it is recorded.
pub fn told(counter: &Counter, draft: &Draft) -> String {
    written(&counter.check(draft).unwrap())
}

pub fn trimmed(text: &str) -> String {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .fold(String::new(), |all, line| all + line + "\n")
}

/// What a sale paid by each tender, and what has gone back to it.
pub fn tenders(book: &Book) -> Vec<(i64, i64)> {
    book.tenders.iter().map(|tender| (tender.paid.0, tender.refunded.0)).collect()
}

pub fn adds_up(sale: &Sale) {
    assert_eq!(sale.misfits(), vec![], "{sale:?}");
}
