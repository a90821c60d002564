//! The counter: each credit line brought back as the oracle allocates it, a customer's in turn,
//! customers side by side.

use crate::instances::{Instances, key, told};
use crate::oracle::MatchStatus;
use crate::shop::{Credit, Shop, Sold, SoldLine};
use returndesk::desk::Reply;
use returndesk::domain::draft::{Asked, Draft, DraftLine, SaleRef};
use returndesk::domain::money::Minor;
use returndesk::domain::perform::{Command, Done, Outcome};
use returndesk::domain::quantity::Quantity;
use returndesk::domain::returns::{RecordReturn, Recorded};
use returndesk::domain::words::{Condition, Reason, RefundTo};
use std::collections::BTreeMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

/// Registers that work side by side.
const REGISTERS: usize = 48;

/// What was told of each credit line, and what went back.
#[derive(Debug, Default)]
pub struct Told {
    counts: BTreeMap<String, usize>,
    /// Pence.
    pub refunded: i64,
    pub returns: usize,
    /// Attempts that were refused.
    pub refused: usize,
}

impl Told {
    fn count(&mut self, status: MatchStatus, what: &str) {
        *self.counts.entry(format!("{status:?}: {what}")).or_default() += 1;
    }

    pub fn counts(&self) -> BTreeMap<String, usize> {
        self.counts.clone()
    }

    /// How many of a status were told something that begins so.
    fn of(&self, status: MatchStatus, what: &str) -> usize {
        let wanted = format!("{status:?}: {what}");
        self.counts
            .iter()
            .filter(|(told, _)| told.starts_with(&wanted))
            .map(|(_, count)| count)
            .sum()
    }

    fn add(&mut self, other: Told) {
        other
            .counts
            .into_iter()
            .for_each(|(what, count)| *self.counts.entry(what).or_default() += count);
        self.refunded += other.refunded;
        self.returns += other.returns;
        self.refused += other.refused;
    }
}

/// Brings everything back.
pub fn replay(desks: &Instances<'_>, shop: &Shop, sold: &Sold) -> Told {
    let mut registers: Vec<Vec<&Credit>> = vec![Vec::new(); REGISTERS];
    for credit in &shop.credits {
        let hash =
            BuildHasherDefault::<DefaultHasher>::default().hash_one(&credit.first().customer_id);
        registers[(hash % REGISTERS as u64) as usize].push(credit);
    }
    let mut told = Told::default();
    std::thread::scope(|scope| {
        let serve = |credits: Vec<&'_ Credit>| {
            let mut register = Register { desks, sold, told: Told::default() };
            credits.into_iter().for_each(|credit| register.take_back(credit));
            register.told
        };
        let threads: Vec<_> =
            registers.into_iter().map(|credits| scope.spawn(move || serve(credits))).collect();
        threads.into_iter().for_each(|thread| told.add(thread.join().unwrap()));
    });
    told
}

/// What the data is known to hold.
pub fn check_counts(told: &Told) {
    use MatchStatus::*;
    let all = |status| told.of(status, "");
    assert_eq!(all(MatchedFullQty), 3_503);
    // 110 lines were credited above the price paid; of 3 more, which go over several lines, one of
    // those was cheaper.
    assert_eq!(told.of(MatchedFullQty, "price_above_paid"), 110 + 3);
    // 61 were credited below the price paid of a line, and above that of none.
    assert_eq!(told.of(MatchedFullQty, "recorded at a lower price"), 61);
    assert_eq!(told.of(MatchedFullQty, "recorded at the price paid"), 3_503 - 113 - 61);
    assert_eq!(told.of(MatchedShortQty, "quantity_exceeded"), 18);
    assert_eq!(told.of(PriorPurchaseExhausted, "already_returned"), 18);
    let unmatched = [
        (NoPriorPurchaseOfItemKnownCustomer, 552),
        (NoPriorPurchaseAtAll, 387),
        (NoCustomerId, 253),
    ];
    for (status, count) in unmatched {
        assert_eq!((told.of(status, "receipt_missing"), all(status)), (count, count));
    }
    assert_eq!(told.counts.values().sum::<usize>(), 4_731);
}

struct Register<'a> {
    desks: &'a Instances<'a>,
    sold: &'a Sold,
    told: Told,
}

impl Register<'_> {
    fn take_back(&mut self, credit: &Credit) {
        let status = credit.first().match_status;
        let what = match status {
            MatchStatus::MatchedFullQty => self.in_full(credit),
            MatchStatus::MatchedShortQty => self.short(credit),
            MatchStatus::PriorPurchaseExhausted => self.exhausted(credit),
            _ => self.without_receipt(credit),
        };
        self.told.count(status, &what);
    }

    /// With the price that the shop gave back, which is given where it is lower than the price paid;
    /// then without, where it is higher.
    fn in_full(&mut self, credit: &Credit) -> String {
        let lines = self.lines(credit);
        let above = |paid: Minor| credit.unit_price().is_some_and(|price| price > paid);
        let several = if lines.len() > 1 { ", over several lines" } else { "" };
        if !lines.iter().any(|(line, _, _)| above(line.unit_price)) {
            self.recorded(credit, "1", credit.unit_price());
            let below = |paid: Minor| credit.unit_price().is_some_and(|price| price < paid);
            let lower = lines.iter().any(|(line, _, _)| below(line.unit_price));
            let price = if lower { "a lower price" } else { "the price paid" };
            return format!("recorded at {price}{several}");
        }
        let refused = self.refused(credit, "1", wanted(&lines, credit.unit_price()));
        self.recorded(credit, "2", None);
        format!("{refused}, then recorded at the price paid{several}")
    }

    /// More than is left is refused, and what is left goes back.
    fn short(&mut self, credit: &Credit) -> String {
        let mut lines = self.lines(credit);
        let missing =
            credit.first().return_qty - lines.iter().map(|(_, units, _)| units).sum::<i64>();
        lines.last_mut().unwrap().1 += missing;
        let refused = self.refused(credit, "1", wanted(&lines, None));
        self.recorded(credit, "2", None);
        format!("{refused}, then what was left recorded")
    }

    /// The last that the customer bought of it came back before.
    fn exhausted(&mut self, credit: &Credit) -> String {
        let of = credit.first();
        let customer = of.customer_id.as_deref().unwrap();
        let line = self.sold.newest_before(credit.row, customer, &of.stock_code).unwrap();
        self.refused(credit, "1", wanted(&[(line, of.return_qty, 0)], None))
    }

    fn without_receipt(&mut self, credit: &Credit) -> String {
        let of = credit.first();
        let line = DraftLine {
            sale: None,
            sale_line: None,
            sku: Some(of.stock_code.clone()),
            ..draft_line(of.return_qty)
        };
        self.refused(credit, "1", vec![line])
    }

    /// The lines that the oracle names: units that come back of each, and units that it then has
    /// left.
    fn lines(&self, credit: &Credit) -> Vec<(SoldLine, i64, i64)> {
        let line = |of: &crate::oracle::Allocation| {
            let line = self.sold.of_row[&of.sale_row.unwrap()];
            (line, of.allocated_qty.unwrap(), of.sale_qty_remaining_after.unwrap())
        };
        credit.allocations.iter().map(line).collect()
    }

    /// Records what the oracle allocates, and holds it against the oracle: money to the penny, and
    /// what is left.
    fn recorded(&mut self, credit: &Credit, attempt: &str, unit_price: Option<Minor>) {
        let lines = self.lines(credit);
        let recorded = match self.submit(credit, attempt, wanted(&lines, unit_price)) {
            Reply::Done { outcome: Some(Outcome::Done(done)), .. } => match *done {
                Done::Returned(recorded) => recorded,
                other => panic!("{other:?}"),
            },
            other => panic!("{credit:?}: {other:?}"),
        };
        let price =
            |line: &SoldLine| unit_price.map_or(line.unit_price, |p| p.min(line.unit_price));
        let paid: i64 = lines.iter().map(|(line, units, _)| price(line).0 * units).sum();
        assert_eq!(recorded.the_return.refund, Minor(paid), "{credit:?}");
        let left: Vec<i64> = lines.iter().map(|(_, _, left)| *left).collect();
        assert_eq!(left_by(&recorded), left, "{credit:?}");
        self.told.refunded += paid;
        self.told.returns += 1;
    }

    fn refused(&mut self, credit: &Credit, attempt: &str, lines: Vec<DraftLine>) -> String {
        let reply = self.submit(credit, attempt, lines);
        assert!(
            matches!(&reply, Reply::Done { answer, .. } if answer.status == 422),
            "{credit:?}: {reply:?}"
        );
        self.told.refused += 1;
        told(&reply)
    }

    fn submit(&self, credit: &Credit, attempt: &str, lines: Vec<DraftLine>) -> Reply {
        let key = key(&format!("{}-{attempt}", credit.row), &format!("{lines:?}"));
        let command = RecordReturn {
            draft: draft(lines),
            grants: Vec::new(),
            bad_grant: None,
            quoted: None,
            digest: [0; 32],
            expected_refund: None,
            codes: Vec::new(),
        };
        self.desks.submit(credit.row as usize, Command::RecordReturn(Box::new(command)), Some(key))
    }
}

/// Units that each line of the return has left after it.
fn left_by(recorded: &Recorded) -> Vec<i64> {
    recorded
        .decision
        .lines
        .iter()
        .map(|line| (line.returnable.0 - line.quantity.0) / 1_000)
        .collect()
}

fn wanted(lines: &[(SoldLine, i64, i64)], unit_price: Option<Minor>) -> Vec<DraftLine> {
    let line = |(of, units, _): &(SoldLine, i64, i64)| DraftLine {
        sale: Some(SaleRef::Id(of.sale)),
        sale_line: Some(of.line),
        unit_price: unit_price.map(Into::into),
        ..draft_line(*units)
    };
    lines.iter().map(line).collect()
}

pub fn draft_line(units: i64) -> DraftLine {
    DraftLine {
        sale: None,
        sale_line: None,
        sku: None,
        unit_price: None,
        asked: Asked::Units(Quantity::units(units)),
        reason: Reason::parse("changed_mind").unwrap(),
        condition: Condition::Unopened,
        disposition: None,
        serial_number: None,
        note: None,
    }
}

pub fn draft(lines: Vec<DraftLine>) -> Draft {
    Draft {
        store: "S1".to_owned(),
        register: "7".to_owned(),
        operator: "1042".to_owned(),
        sale: None,
        lines,
        charges: Vec::new(),
        customer: None,
        id_hash: None,
        refund_to: RefundTo::Original,
        refund_card: None,
        original_asked: false,
        unavailable_tenders: Vec::new(),
        currency: None,
        business_date: None,
        training: false,
        exchange: None,
    }
}
