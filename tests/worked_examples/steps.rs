//! An example's steps: each is a return, its answer held against the cells.

use super::counter::{Counter, record_of};
use super::page::{Example, Row};
use super::shop::{self, SHOP, Sum};
use returndesk::domain::overrides::Override;
use returndesk::domain::perform::Command;
use returndesk::wire::answer::{MintOverride, answer};
use returndesk::wire::returns::ReturnRequest;
use serde_json::{Value, json};

/// Columns of the table of steps that are no taxes.
const STEP_COLUMNS: [&str; 10] = [
    "step", "line", "quantity", "net", "fee", "refund", "paid out", "fee tax", "tax only",
    "as sold",
];

/// Columns of the table of new goods that are no taxes.
const GOODS_COLUMNS: [&str; 6] =
    ["new goods of step", "item", "quantity", "unit price", "discount", "net"];

pub struct Steps<'a> {
    example: &'a Example,
    counter: Counter,
    pub taken: usize,
    /// Each cell that is not what was answered.
    pub wrong: Vec<String>,
}

/// No overrides are issued here.
struct NoOverrides;

impl MintOverride for NoOverrides {
    fn mint(&self, _: &Override) -> Option<String> {
        None
    }
}

impl<'a> Steps<'a> {
    /// Takes every step of an example.
    pub fn walk(example: &'a Example) -> Steps<'a> {
        let mut steps =
            Steps { example, counter: shop::open(example), taken: 0, wrong: Vec::new() };
        let rows: Vec<&Row> = example.rows("step").collect();
        for of_step in rows.chunk_by(|a, b| a.get("step") == b.get("step")) {
            match of_step[0].get("step") {
                "sum" => steps.sums(of_step[0], &rows),
                _ => steps.step(of_step),
            }
        }
        steps
    }

    fn step(&mut self, rows: &[&Row]) {
        self.taken += 1;
        let answer = self.record(rows);
        let step = rows[0].get("step").to_owned();
        if let Some(code) = rows[0].get("refund").strip_prefix("refused: ") {
            let found = answer["decision"]["lines"].to_string();
            return self.expect(
                &step,
                "refused",
                code,
                if found.contains(code) { code } else { &found },
            );
        }
        let Some(lines) = answer["lines"].as_array().cloned() else {
            return self.wrong.push(format!("step {step}: {answer}"));
        };
        let shown = |row: &Row| {
            if row.get("line").is_empty() { "-".to_owned() } else { row.get("line").to_owned() }
        };
        let asked: Vec<String> =
            rows.iter().map(|row| shown(row)).filter(|line| line != "-").collect();
        let answered: Vec<String> =
            lines.iter().map(|line| line["sale_line"].to_string()).collect();
        self.expect(&step, "lines", &asked.join(", "), &answered.join(", "));
        for (row, line) in rows.iter().zip(&lines) {
            self.line(&step, row, line);
        }
        self.expect(&step, "paid out", rows[0].get("paid out"), &paid_out(&answer));
        let as_sold = amount(&answer["conversions"][0]["as_sold"]);
        self.expect(&step, "as sold", rows[0].get("as sold"), as_sold);
        if let Some(net) =
            self.example.rows("net of step").find(|row| row.get("net of step") == step)
        {
            for (column, member) in
                [("returned", "returned"), ("fees", "fees"), ("new goods", "exchanged")]
            {
                self.expect(&step, column, net.get(column), amount(&answer["totals"][member]));
            }
            self.expect(
                &step,
                "to the customer",
                net.get("to the customer"),
                amount(&answer["totals"]["refund"]),
            );
            self.expect(&step, "to pay", net.get("to pay"), amount(&answer["totals"]["due"]));
        }
    }

    fn line(&mut self, step: &str, row: &Row, line: &Value) {
        for column in ["quantity", "net", "fee", "refund"] {
            let told = line[column].as_str().unwrap_or_default();
            let written = if row.get(column).is_empty() { "0" } else { row.get(column) };
            self.expect(step, column, written, told);
        }
        let kept = amounts(&line["fee_taxes"]);
        self.expect(step, "fee tax", or_nothing(row.get("fee tax")), &kept.to_string());
        let taxes = line["taxes"].as_array().cloned().unwrap_or_default();
        for (column, _) in
            row.cells().filter(|(column, cell)| !STEP_COLUMNS.contains(column) && !cell.is_empty())
        {
            assert!(
                taxes.iter().any(|tax| tax["code"] == column),
                "step {step}: {column} is no tax of this line"
            );
        }
        for tax in &taxes {
            let code = tax["code"].as_str().unwrap_or_default();
            let written = or_nothing(row.get(code)).to_owned();
            self.expect(step, code, &written, tax["amount"].as_str().unwrap_or_default());
        }
    }

    /// Records what the rows bring back, with the new goods of the step if there are any.
    fn record(&mut self, rows: &[&Row]) -> Value {
        // A row without units is what the service adds by itself.
        let lines: Vec<Value> = (rows.iter())
            .filter(|row| {
                !matches!(row.get("quantity"), "" | "0") || !row.get("tax only").is_empty()
            })
            .map(|row| {
                let mut line = json!({ "sale_line": row.get("line").parse::<u32>().unwrap(),
                    "condition": "opened", "reason": "changed_mind" });
                match row.get("tax only") {
                    "" => line["quantity"] = json!(row.get("quantity")),
                    codes => line["tax_only"] = codes.split(", ").collect(),
                }
                line
            })
            .collect();
        let mut body =
            json!({ "store": SHOP, "register": "7", "sale": { "receipt": "R-1" }, "lines": lines });
        if let Some(exchange) = self.new_goods(rows[0].get("step")) {
            body["exchange"] = exchange;
        }
        let request: ReturnRequest = serde_json::from_value(body).unwrap();
        let currency = self.counter.state.settings().store(SHOP).unwrap().currency;
        let read = request.read(Some(currency), "1042", &|_| [0; 32]).unwrap();
        let command = Command::RecordReturn(Box::new(record_of(read.draft)));
        let outcome = self.counter.perform(&command);
        serde_json::from_str(&answer(&outcome, "/v1/returns", &NoOverrides).body).unwrap()
    }

    /// What the customer takes instead in a step, and pays for it.
    fn new_goods(&self, step: &str) -> Option<Value> {
        let of_step = |row: &&Row, column: &str| row.get(column) == step;
        let lines: Vec<Value> = (self.example.rows("new goods of step"))
            .filter(|row| of_step(row, "new goods of step"))
            .map(|row| Value::Object(shop::goods(row, &GOODS_COLUMNS)))
            .collect();
        let payments =
            self.example.rows("payment of step").filter(|row| of_step(row, "payment of step"));
        let tenders: Vec<Value> =
            payments.zip(1..).map(|(row, number)| shop::tender(row, number)).collect();
        (!lines.is_empty()).then(|| json!({ "lines": lines, "tenders": tenders }))
    }

    /// The row of sums against the rows above it.
    fn sums(&mut self, sums: &Row, rows: &[&Row]) {
        for (column, cell) in
            sums.cells().filter(|(column, cell)| *column != "step" && !cell.is_empty())
        {
            let mut sum = Sum::default();
            rows.iter()
                .filter(|row| row.get("step") != "sum")
                .for_each(|row| sum.add(row.get(column)));
            self.expect("sum", column, cell, &sum.to_string());
        }
    }

    fn expect(&mut self, step: &str, what: &str, written: &str, answered: &str) {
        let (mut w, mut a) = (Sum::default(), Sum::default());
        let number = |text: &str| {
            !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || "−-.".contains(c))
        };
        let equal = match number(written) && number(answered) {
            true => {
                w.add(written);
                a.add(answered);
                w.same(a)
            }
            false => written == answered,
        };
        if !equal {
            self.wrong.push(format!(
                "step {step}: {what} is {written:?} on the page, {answered:?} in the answer"
            ));
        }
    }
}

fn or_nothing(cell: &str) -> &str {
    if cell.is_empty() { "0" } else { cell }
}

fn amount(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn amounts(taxes: &Value) -> Sum {
    let mut sum = Sum::default();
    taxes.as_array().into_iter().flatten().for_each(|tax| sum.add(amount(&tax["amount"])));
    sum
}

/// `cash 1.05 (0.03), store credit 2.00`: where the money goes, cash rounding in brackets.
fn paid_out(answer: &Value) -> String {
    let refund = |refund: &Value| {
        let kind = amount(&refund["type"]).replace('_', " ");
        let rounding = amount(&refund["rounding"]).replace('-', "−");
        let rounded = rounding.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
        let rounding = if rounded { format!(" ({rounding})") } else { String::new() };
        format!("{kind} {}{rounding}", amount(&refund["amount"]))
    };
    answer["refunds"].as_array().into_iter().flatten().map(refund).collect::<Vec<_>>().join(", ")
}

/// The sum of a list of cells is asserted on its own: a wrong adder would make every example right.
#[test]
fn cells_add_up() {
    let mut sum = Sum::default();
    ["10.01", "−3.333", "", "-0.5"].into_iter().for_each(|cell| sum.add(cell));
    assert_eq!(sum.to_string(), "6.177");
    let mut whole = Sum::default();
    ["999", "1"].into_iter().for_each(|cell| whole.add(cell));
    assert_eq!(whole.to_string(), "1000");
}
