//! The page, taken apart: one example a heading, its tables and its policy.

/// One `##` section of the page.
#[derive(Debug, Default)]
pub struct Example {
    pub title: String,
    pub tables: Vec<Table>,
    /// The rules in a fenced block, where the example has its own.
    pub rules: Option<String>,
}

#[derive(Debug, Default, Clone)]
pub struct Table {
    pub columns: Vec<String>,
    pub rows: Vec<Row>,
}

/// Cells by the name of their column.
#[derive(Debug, Default, Clone)]
pub struct Row(Vec<(String, String)>);

impl Row {
    /// The cell under a column; empty where there is none.
    pub fn get(&self, column: &str) -> &str {
        self.0.iter().find(|(name, _)| name == column).map_or("", |(_, cell)| cell.as_str())
    }

    pub fn cells(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, cell)| (name.as_str(), cell.as_str()))
    }
}

impl Example {
    /// All tables whose first column has this name.
    pub fn tables<'a>(&'a self, first: &'a str) -> impl Iterator<Item = &'a Table> {
        self.tables.iter().filter(move |table| table.columns[0] == first)
    }

    pub fn rows<'a>(&'a self, first: &'a str) -> impl Iterator<Item = &'a Row> {
        self.tables(first).flat_map(|table| &table.rows)
    }
}

/// The examples of a page in Markdown.
pub fn read(text: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut code: Option<String> = None;
    let mut in_table = false;
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            examples.push(Example { title: title.to_owned(), ..Example::default() });
        }
        let Some(example) = examples.last_mut() else { continue };
        match (&mut code, line.starts_with("```")) {
            (None, true) => code = Some(String::new()),
            (Some(rules), true) => {
                example.rules = Some(std::mem::take(rules));
                code = None;
            }
            (Some(rules), false) => rules.push_str(line),
            (None, false) => {
                if line.starts_with('|') {
                    table_line(example, line, in_table);
                }
                in_table = line.starts_with('|');
            }
        }
    }
    examples
}

fn table_line(example: &mut Example, line: &str, in_table: bool) {
    let cells: Vec<String> =
        line.trim_matches('|').split('|').map(|cell| cell.trim().replace("**", "")).collect();
    if cells.iter().all(|cell| cell.starts_with("---")) {
        return;
    }
    if !in_table {
        return example.tables.push(Table { columns: cells, rows: Vec::new() });
    }
    let table = example.tables.last_mut().expect("a row has a table above it");
    assert_eq!(cells.len(), table.columns.len(), "{}: {line}", example.title);
    table.rows.push(Row(table.columns.iter().cloned().zip(cells).collect()));
}
