//! What a schema takes and refuses.

use super::*;
use serde::Deserialize;
use serde_json::json;

/// A way to pay.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(dead_code)]
enum Tender {
    Cash,
    CreditCard,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Tax {
    #[schema(max_length = 4, pattern = "^[A-Z]+$")]
    code: String,
    /// What was charged.
    #[schema(format = "amount")]
    amount: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Line {
    #[schema(minimum = 1, maximum = 999)]
    line: u32,
    #[schema(format = "quantity")]
    quantity: String,
    #[schema(format = "gtin")]
    gtin: Option<String>,
    #[serde(default)]
    #[schema(max_items = 2)]
    taxes: Vec<Tax>,
    /// A tax by itself.
    deposit: Option<Tax>,
    #[serde(default)]
    attributes: serde_json::Map<String, serde_json::Value>,
    #[schema(no_recursion)]
    kit: Option<Box<Line>>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Sale {
    #[schema(min_length = 1, max_length = 8)]
    store: String,
    #[schema(format = "date")]
    day: String,
    tender: Tender,
    other_tender: Option<Tender>,
    #[schema(min_items = 1, max_items = 3)]
    lines: Vec<Line>,
    #[serde(default)]
    training: bool,
    #[serde(default)]
    note: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
#[allow(dead_code)]
enum Reference {
    Id(ById),
    Receipt(ByReceipt),
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct ById {
    #[schema(format = "uuid")]
    id: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct ByReceipt {
    #[schema(format = "receipt")]
    receipt: String,
    store: Option<String>,
}

fn faults<T: ToSchema>(value: Value) -> Vec<(String, String, String)> {
    Shape::of::<T>()
        .check(&value)
        .into_iter()
        .map(|fault| (fault.pointer, fault.code, fault.detail))
        .collect()
}

fn sale() -> Value {
    json!({"store": "0042", "day": "2026-03-01", "tender": "cash", "lines": [{"line": 1, "quantity": 2}]})
}

#[test]
fn a_good_body_has_no_faults() {
    assert_eq!(faults::<Sale>(sale()), []);
    let mut full = sale();
    full["other_tender"] = json!("credit_card");
    full["training"] = json!(true);
    full["lines"][0] = json!({"line": 1, "quantity": "0.5", "gtin": "4242424242424242", "deposit": null, "kit":
        {"line": 2, "quantity": "1", "taxes": [{"code": "NY", "amount": "1.00"}], "deposit": {"code": "A", "amount": "0"},
         "attributes": {"final_sale": false, "deep": [{"a": 1}]}}});
    assert_eq!(faults::<Sale>(full), []);
}

#[test]
fn all_faults_come_in_one_answer() {
    let bad = json!({
        "store": "0042-0042-0042", "day": "1.3.2026", "tender": "gold", "other_tender": 7, "surprise": 1,
        "lines": [
            {"line": 0, "quantity": 0, "gtin": "012\u{0}", "taxes": [{"code": "ny", "amount": 1.5}, {"amount": "x"}, {}], "deposit": 1},
            {"line": "1", "attributes": {"note": "4242 4242 4242 4242", "4242424242424242": 4242424242424242_u64}, "kit": {"line": 1}},
            []
        ],
        "training": "yes", "note": null
    });
    let expected = [
        ("/day", "invalid_value", "`day` must be a date, like \"2026-03-01\"."),
        ("/lines/0/deposit", "invalid_value", "`deposit` must be an object."),
        (
            "/lines/0/gtin",
            "invalid_value",
            "`gtin` contains the character U+0000, which cannot be kept.",
        ),
        ("/lines/0/line", "invalid_value", "`line` must be a whole number from 1 to 999."),
        (
            "/lines/0/quantity",
            "invalid_quantity",
            "`quantity` must be a number of units above zero, with up to three decimals, like \"2\" or \"0.350\".",
        ),
        ("/lines/0/taxes", "too_many", "`taxes` has 3 entries; at most 2 are taken."),
        (
            "/lines/0/taxes/0/amount",
            "invalid_amount",
            "`amount` must be an amount written as a string, like \"12.30\".",
        ),
        ("/lines/0/taxes/0/code", "invalid_value", "`code` must have the form ^[A-Z]+$."),
        (
            "/lines/0/taxes/1/amount",
            "invalid_amount",
            "`amount` must be an amount in plain decimals, like \"12.30\".",
        ),
        ("/lines/0/taxes/1/code", "missing_field", "`code` is missing."),
        (
            "/lines/1/attributes/4242424242424242",
            "card_number_refused",
            "`4242424242424242` looks like it contains a card number, which must not be kept.",
        ),
        (
            "/lines/1/attributes/4242424242424242",
            "card_number_refused",
            "`4242424242424242` looks like a card number, which must not be kept.",
        ),
        (
            "/lines/1/attributes/note",
            "card_number_refused",
            "`note` looks like it contains a card number, which must not be kept.",
        ),
        ("/lines/1/kit/quantity", "missing_field", "`quantity` is missing."),
        ("/lines/1/line", "invalid_value", "`line` must be a whole number, without quotes."),
        ("/lines/1/quantity", "missing_field", "`quantity` is missing."),
        ("/lines/2", "invalid_value", "`lines` must be an object."),
        ("/note", "invalid_value", "`note` must be a text."),
        ("/other_tender", "invalid_value", "`other_tender` must be one of: cash, credit_card."),
        ("/store", "too_long", "`store` is longer than 8 characters."),
        ("/surprise", "unknown_field", "`surprise` is not a field here."),
        ("/tender", "invalid_value", "`tender` must be one of: cash, credit_card."),
        ("/training", "invalid_value", "`training` must be true or false."),
    ];
    let expected: Vec<_> =
        expected.map(|(p, c, d)| (p.to_owned(), c.to_owned(), d.to_owned())).into();
    assert_eq!(faults::<Sale>(bad), expected);
}

#[test]
fn of_several_variants_the_nearest_is_blamed() {
    assert_eq!(faults::<Reference>(json!({"id": "0190d3a0-0000-7000-8000-000000000000"})), []);
    assert_eq!(faults::<Reference>(json!({"receipt": "4711", "store": "0042"})), []);
    let unknown = (
        "/extra".to_owned(),
        "unknown_field".to_owned(),
        "`extra` is not a field here.".to_owned(),
    );
    assert_eq!(
        faults::<Reference>(json!({"receipt": "4711", "store": "0042", "extra": 1})),
        [unknown]
    );
}

#[test]
fn the_list_of_faults_ends() {
    let unknown: serde_json::Map<_, _> = (0..1000).map(|n| (format!("f{n}"), json!(n))).collect();
    assert_eq!(faults::<ById>(Value::Object(unknown)).len(), MAX_FAULTS);
}

#[test]
fn what_has_no_faults_deserializes() {
    assert!(serde_json::from_value::<Reference>(json!({"receipt": "4711"})).is_ok());
    for wrong in [json!(null), json!([]), json!("x"), json!(1)] {
        assert_eq!(
            faults::<Sale>(wrong),
            [("".to_owned(), "invalid_value".to_owned(), "The body must be an object.".to_owned())]
        );
    }
}
