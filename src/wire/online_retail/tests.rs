//! The traps of the real file, and its counts where it is at hand.

use std::collections::HashMap;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::*;

// The replay's reader of the oracle, so that both readers are held against it here.
#[path = "../../../tests/replay/oracle.rs"]
mod oracle;

const HEAD: &str =
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

fn read(rows: &str, options: Options) -> (Vec<Imported>, Reader<std::io::Cursor<String>>) {
    let mut reader = Reader::new(std::io::Cursor::new(format!("{HEAD}{rows}")), options);
    let sales = reader.by_ref().map(|sale| sale.unwrap()).collect();
    (sales, reader)
}

#[test]
fn an_invoice_becomes_a_sale_in_the_form_of_the_contract() {
    let rows = "536365,85123A, WHITE HEART ,6,2011-06-01 08:26:00,2.55,17850,United Kingdom\n\
                536365,85123A,WHITE HEART,2,2011-06-01 08:27:00,2.1,17850,United Kingdom\n\
                536365,gift_0001_20,,1,2011-06-01 08:26:00,0.0,17850,United Kingdom\n";
    let (sales, reader) = read(rows, Options::default());
    let line = |line: u32, quantity: &str, price: &str, net: &str| {
        json!({ "line": line, "sku": "85123A", "description": "WHITE HEART", "quantity": quantity,
                "unit_price": price, "net": net, "taxes": [] })
    };
    let sale = json!({
        "store": "UK1", "register": "1", "receipt": "536365", "operator": "0", "business_date": "2011-06-01",
        "sold_at": "2011-06-01T08:26:00+01:00", "channel": "online", "currency": "GBP", "customer": "17850",
        "prices_include_tax": false,
        "lines": [line(1, "6", "2.55", "15.30"), line(2, "2", "2.10", "4.20"),
            { "line": 3, "sku": "gift_0001_20", "quantity": "1", "unit_price": "0.00", "net": "0.00", "taxes": [] }],
        "tenders": [{ "tender": 1, "type": "other", "amount": "19.50", "reference": "536365" }], "total": "19.50",
    });
    assert_eq!(sales, [Imported { sale, rows: vec![(1, 1), (2, 2), (3, 3)] }]);
    let expected = Summary {
        rows: 3,
        rows_taken: 3,
        sales: 1,
        value: Minor(1950),
        invoices_with_two_times: 1,
        rows_without_description: 1,
        rows_at_zero_price: 1,
        ..Summary::default()
    };
    assert_eq!(*reader.summary(), expected);
}

#[test]
fn every_odd_row_is_passed_over_for_its_own_reason() {
    let rows = "C1,A,x,-1,2011-01-01 08:00:00,1.0,1,UK\nA1,B,x,1,2011-01-01 08:00:00,-11062.06,,UK\n\
                1,A,x,-1,2011-01-01 08:00:00,0.0,,UK\n1,A,x,0,2011-01-01 08:00:00,1.0,,UK\n\
                1,A,x,1,2011-01-01 08:00:00,-1.0,,UK\n1,A,x,1,2011-01-01 08:00:00,0.001,,UK\n\
                1,A,x,one,2011-01-01 08:00:00,1.0,,UK\n1,A,x,1,yesterday,1.0,,UK\n1,A,x,1,2011-01-01 08:00:00,1e2,,UK\n\
                1,A,x,9000000000000000,2011-01-01 08:00:00,9000.0,,UK\n1,A,x,1,2011-01-01 08:00:00,1.250,1.0,UK\n";
    let (sales, mut reader) = read(rows, Options::default());
    use Reason::*;
    let reasons = [
        Credit,
        BadDebt,
        NotAboveZero,
        NotAboveZero,
        NotAboveZero,
        PriceTooFine,
        Quantity,
        Time,
        Price,
        TooLarge,
    ];
    let expected: Vec<Skipped> =
        (1..).zip(reasons).map(|(row, reason)| Skipped { row, reason }).collect();
    assert_eq!(reader.take_skipped(), expected);
    assert_eq!(sales.len(), 1, "what is left of invoice 1 is sold: {sales:?}");
    assert_eq!((&sales[0].rows, &sales[0].sale["total"]), (&vec![(11, 1)], &json!("1.25")));
    assert_eq!(sales[0].sale["customer"], json!("1"));
}

/// Times and totals of what is read, and the reasons of what is not.
type Figures = (Vec<(String, String)>, Vec<(u32, Reason)>);

fn figures(rows: &str) -> Figures {
    let (sales, mut reader) = read(rows, Options::default());
    let text = |sale: &Imported, key: &str| sale.sale[key].as_str().unwrap().to_owned();
    let sales = sales.iter().map(|sale| (text(sale, "sold_at"), text(sale, "total"))).collect();
    (sales, reader.take_skipped().iter().map(|skipped| (skipped.row, skipped.reason)).collect())
}

#[test]
fn times_are_read_as_the_public_file_writes_them() {
    let row = |(number, at): (usize, &&str)| format!("{number},A,x,1,{at},1.0,,UK\n");
    let times = [
        "12/1/2010 8:26",
        " 12/01/2010 08:26 ",
        "12/1/2010 8:26:07",
        "12/31/2010 23:59",
        "2010-12-01 08:26:00",
        "2010-12-01T08:26",
    ];
    let (sales, skipped) = figures(&times.iter().enumerate().map(row).collect::<String>());
    let read: Vec<&str> = sales.iter().map(|(at, _)| at.as_str()).collect();
    let first = "2010-12-01T08:26:00+00:00";
    let seconds = "2010-12-01T08:26:07+00:00";
    assert_eq!(read, [first, first, seconds, "2010-12-31T23:59:00+00:00", first, first]);
    assert_eq!(skipped, []);
    // The day before the month, two digits of a year, no such day, an afternoon by
    // letters, no time of day, nothing.
    let wrong = ["31/12/2010 8:26", "2/29/2011 8:26", "12/1/2010 8:26 PM", "12/1/2010", ""];
    let (sales, skipped) = figures(&wrong.iter().enumerate().map(row).collect::<String>());
    assert_eq!(sales, []);
    assert_eq!(skipped, [1, 2, 3, 4, 5].map(|row| (row, Reason::Time)));
}

#[test]
fn figures_are_exact_or_named() {
    let rows = "1,A,x,6.0,2010-12-01 08:26:00,2.55,1,UK\n2,A,x,+6,2010-12-01 08:26:00,2.55,1,UK\n\
                3,A,x,1e1,2010-12-01 08:26:00,2.55,1,UK\n4,A,x, 6 ,2010-12-01 08:26:00,2.55,1,UK\n\
                5,A,x,2,2010-12-01 08:26:00,2.5,1,UK\n6,A,x,2,2010-12-01 08:26:00,2.550,1,UK\n\
                7,A,x,2,2010-12-01 08:26:00,.5,1,UK\n8,A,x,2,2010-12-01 08:26:00,\"2,55\",1,UK\n\
                9,A,x,2,2010-12-01 08:26:00,2.555,1,UK\n10,A,x,0,2010-12-01 08:26:00,2.55,1,UK\n\
                11,A,x,-3,2010-12-01 08:26:00,2.55,1,UK\n12,A,x,6.5,2010-12-01 08:26:00,2.55,1,UK\n\
                13,A,x,6.,2010-12-01 08:26:00,2.55,1,UK\n14,A,x,,2010-12-01 08:26:00,2.55,1,UK\n\
                15,A,x,1,2010-12-01 08:26:00,,1,UK\n16,A,x,1,2010-12-01 08:26:00,\u{a0}2.55\u{a0},1,UK\n";
    let (sales, skipped) = figures(rows);
    let totals: Vec<&str> = sales.iter().map(|(_, total)| total.as_str()).collect();
    assert_eq!(totals, ["15.30", "15.30", "15.30", "5.00", "5.10", "1.00", "2.55"]);
    use Reason::*;
    let expected = [
        (3, Quantity),
        (8, Price),
        (9, PriceTooFine),
        (10, NotAboveZero),
        (11, NotAboveZero),
        (12, Quantity),
        (13, Quantity),
        (14, Quantity),
        (15, Price),
    ];
    assert_eq!(skipped, expected);
}

#[test]
fn cells_are_read_without_the_white_space_around_them() {
    let rows = " 1,A,x,2,2010-12-01 08:26:00,2.55, 17850 ,UK\n1 , A ,x,2,2010-12-01 08:26:00,2.55,17850.0,UK\n\
                 c3,A,x,2,2010-12-01 08:26:00,2.55,1,UK\n,A,x,2,2010-12-01 08:26:00,2.55,1,UK\n\
                \u{a0}2\t,A,x,2,2010-12-01 08:26:00,2.55,1,UK\n";
    let (sales, mut reader) = read(rows, Options::default());
    let told = |sale: &Imported| {
        let line = &sale.sale["lines"][sale.rows.len() - 1];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&sale.sale["receipt"]), text(&line["sku"]), text(&sale.sale["customer"]))
    };
    let owned = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
    let sales: Vec<_> = sales.iter().map(told).collect();
    assert_eq!(sales, [owned("1", "A", "17850"), owned("2", "A", "1")]);
    let skipped = reader.take_skipped();
    let skipped: Vec<_> = skipped.iter().map(|skipped| (skipped.row, skipped.reason)).collect();
    assert_eq!(skipped, [(3, Reason::Credit), (4, Reason::NoInvoice)]);
}

#[test]
fn a_row_that_comes_late_is_joined_and_one_that_comes_too_late_is_named_for_ever() {
    let row = |invoice: usize| format!("{invoice},A,x,1,2011-01-01 08:00:00,1.0,,UK\n");
    let between = |others: usize| -> String {
        [1].into_iter().chain(2..2 + others).chain([1]).map(row).collect()
    };
    let (sales, mut reader) = read(&between(10), Options::default());
    assert_eq!(sales[0].rows, [(1, 1), (12, 2)]);
    assert_eq!(reader.take_skipped(), []);
    let (sales, mut reader) = read(&between(2_000), Options::default());
    assert_eq!((sales.len(), &sales[0].rows), (2_001, &vec![(1, 1)]));
    assert_eq!(reader.take_skipped(), [Skipped { row: 2_002, reason: Reason::TooLate }]);
}

#[test]
fn a_file_in_another_form_is_told_by_its_columns() {
    let missing =
        |text: &str| Reader::new(text.as_bytes(), Options::default()).missing_columns().unwrap();
    assert_eq!(missing(HEAD), Vec::<&str>::new());
    assert_eq!(missing(&format!("\u{feff}{}", HEAD.replace(',', " , "))), Vec::<&str>::new());
    assert_eq!(missing(""), COLUMNS);
    assert_eq!(missing("InvoiceNo;StockCode\n"), COLUMNS);
    assert_eq!(missing(&HEAD.replace("UnitPrice", "Price")), ["UnitPrice"]);
}

#[test]
fn rows_of_an_invoice_need_not_be_adjacent_but_memory_stays_bounded() {
    let row = |invoice: u32| format!("{invoice},A,x,1,2011-01-01 08:00:00,1.0,,UK\n");
    let rows: String = [1, 2, 1, 3, 4, 1].map(row).concat();
    let (sales, mut reader) = read(&rows, Options { open_invoices: 2, ..Options::default() });
    let found: Vec<_> =
        sales.iter().map(|s| (s.sale["receipt"].as_str().unwrap(), s.rows.clone())).collect();
    assert_eq!(
        found,
        [
            ("1", vec![(1, 1), (3, 2)]),
            ("2", vec![(2, 1)]),
            ("3", vec![(4, 1)]),
            ("4", vec![(5, 1)])
        ]
    );
    assert_eq!(reader.take_skipped(), [Skipped { row: 6, reason: Reason::TooLate }]);
}

#[test]
fn an_invoice_that_comes_to_nothing_has_no_tender() {
    let (sales, _) = read("1,A,x,1,2011-01-01 08:00:00,0.0,,UK\n", Options::default());
    assert_eq!((&sales[0].sale["tenders"], &sales[0].sale["total"]), (&json!([]), &json!("0.00")));
    assert_eq!(sales[0].sale.get("customer"), None);
}

#[test]
fn a_row_that_is_no_csv_is_an_error_and_reading_goes_on() {
    let rows = format!("{HEAD}1,A\n1,A,x,1,2011-01-01 08:00:00,1.0,,UK\n");
    let read: Vec<_> = Reader::new(rows.as_bytes(), Options::default()).collect();
    assert!(read[0].is_err());
    assert_eq!(read[1].as_ref().unwrap().rows, [(2, 1)]);
    assert_eq!(read.len(), 2);
}

/// The figures of the slice, and its sum, agree with those that its own description states.
#[test]
fn the_real_half_year_is_read_to_the_penny() {
    let Some(source) = oracle::open(oracle::SALES) else {
        return eprintln!("no data folder: nothing to read");
    };
    let mut reader = Reader::new(source, Options::default());
    let (mut sum, mut numbers) = (Decimal::ZERO, std::collections::HashSet::new());
    let mut places = HashMap::new();
    for imported in reader.by_ref() {
        let Imported { sale, rows } = imported.unwrap();
        let lines = sale["lines"].as_array().unwrap();
        let total: Decimal =
            lines.iter().map(|line| amount(line, "quantity") * amount(line, "unit_price")).sum();
        assert_eq!(total, amount(&sale, "total"), "{sale}");
        sum += total;
        assert!(
            numbers.insert(sale["receipt"].as_str().unwrap().to_owned()),
            "one sale for one invoice"
        );
        places.extend(
            rows.iter().map(|(row, line)| (*row, (head(&sale), lines[*line as usize - 1].clone()))),
        );
    }
    use Reason::*;
    let expected = Summary {
        rows: 261_322,
        rows_taken: 255_807,
        sales: 10_587,
        value: Minor(507_236_199),
        skipped: BTreeMap::from([(Credit, 4_731), (NotAboveZero, 783), (PriceTooFine, 1)]),
        repeated_rows: 2_079,
        // The slice has 35; the other is a credit document.
        invoices_with_two_times: 34,
        invoices_of_nothing: 389,
        rows_without_description: 348,
        rows_at_zero_price: 739,
    };
    assert_eq!(*reader.summary(), expected);

    let mut credits = CreditReader::new(oracle::open(oracle::SALES).unwrap());
    let credit_lines: Vec<CreditLine> = credits.by_ref().map(|line| line.unwrap()).collect();
    let documents: std::collections::HashSet<_> =
        credit_lines.iter().map(|line| &line.invoice).collect();
    assert_eq!((credit_lines.len(), documents.len(), credits.unreadable()), (4_731, 2_100, 0));
    let credited: Decimal =
        credit_lines.iter().map(|line| Decimal::new(line.unit_price.0 * line.quantity, 2)).sum();
    // 0.001 is the one row that is passed over for its price.
    assert_eq!(sum - credited + Decimal::new(1, 3), "4640080.461".parse().unwrap());

    agree_with_the_oracle(&places, &credit_lines);
}

/// The oracle counts repeated rows one by one, as separate lines do: every allocation finds its
/// row, of its size.
fn agree_with_the_oracle(places: &HashMap<u32, (Head, Value)>, credits: &[CreditLine]) {
    let credits: HashMap<u32, &CreditLine> = credits.iter().map(|line| (line.row, line)).collect();
    let allocations = oracle::read(oracle::open(oracle::ALLOCATIONS).unwrap()).unwrap();
    assert_eq!(allocations.len(), 4_790);
    let mut left: HashMap<u32, i64> = HashMap::new();
    let (mut met, mut allocated) = (std::collections::HashSet::new(), 0);
    for a in &allocations {
        met.insert(a.return_row);
        let credit = credits[&a.return_row];
        let of_oracle = (
            a.return_invoice.as_str(),
            a.stock_code.as_str(),
            a.customer_id.as_deref(),
            a.return_qty,
        );
        assert_eq!(
            (&*credit.invoice, &*credit.stock_code, credit.customer.as_deref(), credit.quantity),
            of_oracle
        );
        assert_eq!(Decimal::new(credit.unit_price.0, 2), a.return_unit_price.parse().unwrap());
        let (Some(row), Some(quantity), Some(taken)) = (a.sale_row, a.sale_qty, a.allocated_qty)
        else {
            continue;
        };
        let (head, line) = &places[&row];
        assert_eq!(
            (Some(&head.receipt), &head.customer),
            (a.sale_invoice.as_ref(), &a.customer_id)
        );
        assert_eq!(
            (&line["sku"], amount(line, "quantity")),
            (&json!(a.stock_code), Decimal::from(quantity))
        );
        let left = left.entry(row).or_insert(quantity);
        *left -= taken;
        assert_eq!(Some(*left), a.sale_qty_remaining_after, "row {row}");
        allocated += 1;
    }
    assert_eq!((met.len(), allocated), (4_731, 3_580));
}

struct Head {
    receipt: String,
    customer: Option<String>,
}

fn head(sale: &Value) -> Head {
    let text = |key: &str| sale[key].as_str().map(str::to_owned);
    Head { receipt: text("receipt").unwrap(), customer: text("customer") }
}

fn amount(of: &Value, key: &str) -> Decimal {
    of[key].as_str().unwrap().parse().unwrap()
}
