//! What the shop sold, read from the file once, and recorded through the desk.

use crate::instances::{Instances, request};
use crate::oracle::Allocation;
use futures_util::StreamExt;
use futures_util::stream;
use jiff::SignedDuration;
use returndesk::desk::Reply;
use returndesk::domain::money::{Minor, parse_scaled};
use returndesk::domain::perform::{Command, Done, Outcome};
use returndesk::domain::sale::Sale;
use returndesk::domain::sales::RecordSale;
use returndesk::wire::online_retail::{Options, Reader, Summary};
use returndesk::wire::sale::NewSale;
use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use uuid::Uuid;

/// Sales that wait for their answers at the same time.
const IN_FLIGHT: usize = 1_024;

/// The shop as the file tells of it.
pub struct Shop {
    sales: Vec<RecordSale>,
    /// The file's row, to the place of the sale and the number of its line.
    rows: HashMap<u32, (usize, u32)>,
    pub credits: Vec<Credit>,
    summary: Summary,
    /// Sales that the service's own reading refused, by code.
    refused: BTreeMap<String, usize>,
}

/// One credit line with its allocations, newest sale line first.
#[derive(Clone, Debug)]
pub struct Credit {
    pub row: u32,
    pub allocations: Vec<Allocation>,
}

impl Credit {
    pub fn first(&self) -> &Allocation {
        &self.allocations[0]
    }

    /// Pence that the shop gave back for one unit; nothing where the price has fractions of a
    /// penny.
    pub fn unit_price(&self) -> Option<Minor> {
        parse_scaled(&self.first().return_unit_price, 2).map(Minor)
    }
}

/// A line of a sale as recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SoldLine {
    pub sale: Uuid,
    pub line: u32,
    pub unit_price: Minor,
}

/// Where each row of the file went.
pub struct Sold {
    pub of_row: HashMap<u32, SoldLine>,
    /// The newest line that a customer had bought of a code before a row of the file.
    newest: HashMap<(String, String), Vec<(u32, SoldLine)>>,
}

impl Sold {
    pub fn newest_before(&self, row: u32, customer: &str, code: &str) -> Option<SoldLine> {
        let bought = self.newest.get(&(customer.to_owned(), code.to_owned()))?;
        bought
            .iter()
            .filter(|(sold, _)| *sold < row)
            .max_by_key(|(sold, _)| *sold)
            .map(|(_, line)| *line)
    }
}

impl Shop {
    pub fn read(source: impl Read, allocations: Vec<Allocation>) -> Shop {
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        let mut reader =
            Reader::new(source, Options { store: "S1".to_owned(), ..Options::default() });
        let (mut sales, mut rows, mut refused) = (Vec::new(), HashMap::new(), BTreeMap::new());
        for imported in reader.by_ref() {
            let imported = imported.unwrap();
            let sale: NewSale = serde_json::from_value(imported.sale).unwrap();
            match sale.read(now, SignedDuration::from_mins(5)) {
                Ok(sale) => {
                    rows.extend(
                        imported.rows.iter().map(|(row, line)| (*row, (sales.len(), *line))),
                    );
                    sales.push(sale);
                }
                Err(faults) => *refused.entry(faults[0].code.to_owned()).or_default() += 1,
            }
        }
        Shop {
            sales,
            rows,
            credits: credits(allocations),
            summary: reader.summary().clone(),
            refused,
        }
    }

    pub fn sales(&self) -> impl Iterator<Item = &Sale> {
        self.sales.iter().map(|sale| &sale.sale)
    }

    /// Records all sales, many waiting at a time, and answers where each row went.
    pub fn record_sales(&self, desks: &Instances<'_>) -> Sold {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let one = |sale: &RecordSale| {
            let command = Command::RecordSale(Box::new(sale.clone()));
            desks.desk(0).submit(request("9001", command, None))
        };
        let replies: Vec<Reply> =
            runtime.block_on(stream::iter(&self.sales).map(one).buffered(IN_FLIGHT).collect());
        let ids: Vec<Uuid> = replies.iter().map(id).collect();
        let mut sold = Sold { of_row: HashMap::new(), newest: HashMap::new() };
        for (row, (place, number)) in &self.rows {
            let sale = &self.sales[*place].sale;
            let line = sale.line(*number).unwrap();
            let known = SoldLine { sale: ids[*place], line: *number, unit_price: line.price() };
            sold.of_row.insert(*row, known);
            if let Some(customer) = &sale.customer {
                sold.newest
                    .entry((customer.clone(), line.sku.clone().unwrap()))
                    .or_default()
                    .push((*row, known));
            }
        }
        sold
    }

    /// Counts of the import.
    pub fn report(&self) -> impl Iterator<Item = String> {
        let summary = &self.summary;
        let taken = [
            ("rows of the file".to_owned(), summary.rows),
            ("rows taken as lines of sales".to_owned(), summary.rows_taken),
            ("sales recorded".to_owned(), self.sales.len() as u64),
        ];
        let skipped = summary
            .skipped
            .iter()
            .map(|(reason, count)| (format!("rows passed over: {reason:?}"), *count));
        let refused = self
            .refused
            .iter()
            .map(|(code, count)| (format!("sales refused: {code}"), *count as u64));
        let all: Vec<_> = taken.into_iter().chain(skipped).chain(refused).collect();
        all.into_iter().map(|(what, count)| format!("{count:>8}  {what}\n"))
    }
}

fn id(reply: &Reply) -> Uuid {
    match reply {
        Reply::Done { outcome: Some(Outcome::Done(done)), .. } => match &**done {
            Done::SaleRecorded { sale, known_before: false, .. } => *sale,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

/// The credit lines of this slice of the file, in its order.
fn credits(allocations: Vec<Allocation>) -> Vec<Credit> {
    let mut credits: Vec<Credit> = Vec::new();
    for allocation in allocations {
        match credits.last_mut().filter(|credit| credit.row == allocation.return_row) {
            Some(credit) => credit.allocations.push(allocation),
            None => {
                credits.push(Credit { row: allocation.return_row, allocations: vec![allocation] })
            }
        }
    }
    credits
}
