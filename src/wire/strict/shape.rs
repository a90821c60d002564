//! The shape of a body, made once from its OpenAPI schema, and the walk that finds all faults of a
//! value.

use super::card_number::has_card_number;
use super::compile;
use super::pointer::{Step, name, pointer, shorten};
use super::text::{self, Format, Text};
use crate::wire::problem::Fault;
use serde_json::{Map, Number, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Faults listed at most: a body of a megabyte could otherwise ask for an answer of hundreds.
pub const MAX_FAULTS: usize = 100;

/// Which node of the shape.
pub type NodeId = usize;

/// A schema made ready to walk: nodes in one list, so that schemas may refer to themselves.
#[derive(Clone, Debug)]
pub struct Shape {
    pub(super) nodes: Vec<Slot>,
    pub(super) root: NodeId,
}

/// A node and whether `null` will do, too.
#[derive(Clone, Debug)]
pub struct Slot {
    pub node: Node,
    pub nullable: bool,
}

#[derive(Clone, Debug)]
pub enum Node {
    /// Any JSON; its texts are looked at like free text.
    Any,
    /// Only `null`.
    Nothing,
    Flag,
    Integer {
        least: Option<f64>,
        most: Option<f64>,
    },
    Decimal {
        least: Option<f64>,
        most: Option<f64>,
    },
    Text(Text),
    /// One of these values, nearly always strings.
    Choice(Vec<Value>),
    List {
        items: NodeId,
        least: usize,
        most: Option<usize>,
    },
    Object {
        fields: BTreeMap<String, Field>,
        others: Others,
    },
    OneOf(Vec<NodeId>),
    AllOf(Vec<NodeId>),
}

#[derive(Clone, Debug)]
pub struct Field {
    pub node: NodeId,
    pub required: bool,
}

/// What the keys are that no field has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    Refused,
    Allowed(NodeId),
}

impl Shape {
    /// The shape of a type, from its derived schema. `#[serde(deny_unknown_fields)]` makes unknown
    /// fields faults.
    pub fn of<T: ToSchema>() -> Shape {
        compile::shape_of::<T>()
    }

    /// All faults of the value, in the order of its walk, up to [`MAX_FAULTS`].
    pub fn check(&self, value: &Value) -> Vec<Fault> {
        let mut walk = Walk { shape: self, path: Vec::new(), faults: Vec::new() };
        walk.visit(self.root, value);
        walk.faults
    }

    /// What an object's field has to be, for query parameters, which arrive as text.
    pub fn field(&self, name: &str) -> Option<&Node> {
        match &self.nodes[self.root].node {
            Node::Object { fields, .. } => {
                fields.get(name).map(|field| &self.nodes[field.node].node)
            }
            _ => None,
        }
    }

    /// The names of the fields, if the shape is an object.
    pub fn field_names(&self) -> Vec<&str> {
        match &self.nodes[self.root].node {
            Node::Object { fields, .. } => fields.keys().map(String::as_str).collect(),
            _ => Vec::new(),
        }
    }
}

struct Walk<'s, 'v> {
    shape: &'s Shape,
    path: Vec<Step<'v>>,
    faults: Vec<Fault>,
}

impl<'s, 'v> Walk<'s, 'v> {
    fn fault(&mut self, code: &'static str, rest: &str) {
        if self.faults.len() < MAX_FAULTS {
            let detail = format!("{} {rest}", name(&self.path));
            self.faults.push(Fault::new(code, pointer(&self.path), detail));
        }
    }

    fn within(&mut self, step: Step<'v>, visit: impl FnOnce(&mut Self)) {
        self.path.push(step);
        visit(self);
        self.path.pop();
    }

    fn visit(&mut self, id: NodeId, value: &'v Value) {
        let slot = &self.shape.nodes[id];
        if self.faults.len() >= MAX_FAULTS || (value.is_null() && slot.nullable) {
            return;
        }
        match &slot.node {
            Node::Any => self.any(value),
            Node::Nothing if value.is_null() => {}
            Node::Nothing => self.fault("invalid_value", "must be null."),
            Node::Flag if value.is_boolean() => {}
            Node::Flag => self.fault("invalid_value", "must be true or false."),
            Node::Integer { least, most } => self.number(value, *least, *most, true),
            Node::Decimal { least, most } => self.number(value, *least, *most, false),
            Node::Text(text) => {
                if let Some((code, rest)) = text.complain(value) {
                    self.fault(code, &rest);
                }
            }
            Node::Choice(choices) => self.choice(choices, value),
            Node::List { items, least, most } => self.list(*items, *least, *most, value),
            Node::Object { fields, others } => match value {
                Value::Object(object) => self.object(fields, *others, object),
                _ => self.fault("invalid_value", "must be an object."),
            },
            Node::OneOf(variants) => self.one_of(variants, value),
            Node::AllOf(parts) => parts.iter().for_each(|part| self.visit(*part, value)),
        }
    }

    fn number(&mut self, value: &Value, least: Option<f64>, most: Option<f64>, whole: bool) {
        let what = if whole { "a whole number" } else { "a number" };
        let number =
            value.as_number().filter(|number| !whole || !number.is_f64()).and_then(Number::as_f64);
        match (number, least, most) {
            (None, ..) => self.fault("invalid_value", &format!("must be {what}, without quotes.")),
            (Some(n), Some(least), Some(most)) if n < least || n > most => {
                self.fault("invalid_value", &format!("must be {what} from {least} to {most}."));
            }
            (Some(n), Some(least), _) if n < least => {
                self.fault("invalid_value", &format!("must be {what}, {least} or more."));
            }
            (Some(n), _, Some(most)) if n > most => {
                self.fault("invalid_value", &format!("must be {what}, {most} or less."));
            }
            _ => {}
        }
    }

    fn choice(&mut self, choices: &[Value], value: &Value) {
        if choices.contains(value) {
            return;
        }
        let list: Vec<String> = choices
            .iter()
            .map(|c| c.as_str().map_or_else(|| c.to_string(), str::to_owned))
            .collect();
        self.fault("invalid_value", &format!("must be one of: {}.", list.join(", ")));
    }

    fn list(&mut self, items: NodeId, least: usize, most: Option<usize>, value: &'v Value) {
        let Value::Array(entries) = value else {
            return self.fault("invalid_value", "must be a list.");
        };
        if entries.len() < least {
            let entry = if least == 1 { "entry" } else { "entries" };
            self.fault("invalid_value", &format!("must have at least {least} {entry}."));
        }
        if let Some(most) = most.filter(|most| entries.len() > *most) {
            self.fault(
                "too_many",
                &format!("has {} entries; at most {most} are taken.", entries.len()),
            );
        }
        for (index, entry) in entries.iter().take(most.unwrap_or(usize::MAX)).enumerate() {
            self.within(Step::Index(index), |walk| walk.visit(items, entry));
        }
    }

    fn object(
        &mut self,
        fields: &'s BTreeMap<String, Field>,
        others: Others,
        object: &'v Map<String, Value>,
    ) {
        for (key, value) in object {
            match (fields.get(key), others) {
                (Some(field), _) => {
                    self.within(Step::Key(key), |walk| walk.visit(field.node, value))
                }
                (None, Others::Refused) => self.within(Step::Key(key), |walk| walk.unknown_field()),
                (None, Others::Allowed(node)) => self.within(Step::Key(key), |walk| {
                    walk.free_text(key);
                    walk.visit(node, value);
                }),
            }
        }
        for (key, field) in fields {
            if field.required && !object.contains_key(key) {
                self.missing_field(key);
            }
        }
    }

    fn unknown_field(&mut self) {
        self.fault("unknown_field", "is not a field here.");
    }

    fn missing_field(&mut self, key: &'s str) {
        if self.faults.len() < MAX_FAULTS {
            let mut pointer = pointer(&self.path);
            super::pointer::push_token(&mut pointer, key);
            self.faults.push(Fault::new(
                "missing_field",
                pointer,
                format!("`{}` is missing.", shorten(key)),
            ));
        }
    }

    /// The faults of the variant that comes nearest; none if one fits.
    fn one_of(&mut self, variants: &[NodeId], value: &'v Value) {
        let mut nearest: Option<Vec<Fault>> = None;
        for variant in variants {
            let mut trial = Walk { shape: self.shape, path: self.path.clone(), faults: Vec::new() };
            trial.visit(*variant, value);
            if trial.faults.is_empty() {
                return;
            }
            if nearest.as_ref().is_none_or(|best| trial.faults.len() < best.len()) {
                nearest = Some(trial.faults);
            }
        }
        self.faults.extend(nearest.unwrap_or_default());
        self.faults.truncate(MAX_FAULTS);
    }

    fn any(&mut self, value: &'v Value) {
        match value {
            Value::String(text) => self.free_text(text),
            Value::Number(number) if has_card_digits(number) => self
                .fault("card_number_refused", "looks like a card number, which must not be kept."),
            Value::Array(entries) => {
                for (index, entry) in entries.iter().enumerate() {
                    self.within(Step::Index(index), |walk| walk.any(entry));
                }
            }
            Value::Object(object) => {
                for (key, value) in object {
                    self.within(Step::Key(key), |walk| {
                        walk.free_text(key);
                        walk.any(value);
                    });
                }
            }
            _ => {}
        }
    }

    fn free_text(&mut self, text: &str) {
        if let Some((code, rest)) = text::free(text, Format::Free) {
            self.fault(code, &rest);
        }
    }
}

fn has_card_digits(number: &Number) -> bool {
    number.as_u64().is_some_and(|n| has_card_number(&n.to_string()))
}

#[cfg(test)]
#[path = "shape_tests.rs"]
mod tests;
