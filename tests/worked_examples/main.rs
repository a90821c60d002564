//! `docs/worked-examples.md`, figure by figure: each sale is rung up, each step is a return, each
//! cell is held against the answer. The page is the test's only source of figures.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // functions that only this test calls

#[path = "../counter/mod.rs"]
mod counter;
mod page;
mod shop;
mod steps;

use std::path::Path;

#[test]
fn every_figure_on_the_page_is_what_the_service_answers() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/worked-examples.md");
    let examples = page::read(&std::fs::read_to_string(&path).unwrap());
    assert!(examples.len() >= 8, "the page has lost its examples: {}", examples.len());
    let mut wrong = Vec::new();
    for example in &examples {
        let steps = steps::Steps::walk(example);
        assert!(steps.taken > 0, "{}: an example without a step shows nothing", example.title);
        wrong.extend(steps.wrong.into_iter().map(|wrong| format!("{}: {wrong}", example.title)));
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}
