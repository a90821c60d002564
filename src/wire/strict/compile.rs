//! OpenAPI schema to shape: done once per type, so that checking a body touches no schema.

use super::pattern::Pattern;
use super::shape::{Field, Node, NodeId, Others, Shape, Slot};
use super::text::{Format, Text};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use utoipa::ToSchema;

/// Translates the schema of a type and of all types it refers to.
pub fn shape_of<T: ToSchema>() -> Shape {
    let mut components = Vec::new();
    T::schemas(&mut components);
    let as_json = |schema| serde_json::to_value(schema).unwrap_or(Value::Bool(true));
    let components = components.into_iter().map(|(name, schema)| (name, as_json(schema))).collect();
    compile(&as_json(T::schema()), components)
}

/// Translates a schema in its JSON form; `components` are what `#/components/schemas/…` refers to.
pub fn compile(schema: &Value, components: HashMap<String, Value>) -> Shape {
    let mut compiler = Compiler { components, named: HashMap::new(), nodes: Vec::new() };
    let root = compiler.node(schema);
    Shape { nodes: compiler.nodes, root }
}

struct Compiler {
    components: HashMap<String, Value>,
    /// Components that have a place already, so that a type may contain itself.
    named: HashMap<String, NodeId>,
    nodes: Vec<Slot>,
}

impl Compiler {
    fn add(&mut self, node: Node, nullable: bool) -> NodeId {
        self.nodes.push(Slot { node, nullable });
        self.nodes.len() - 1
    }

    fn node(&mut self, schema: &Value) -> NodeId {
        if let Some(reference) = schema["$ref"].as_str() {
            return self.component(reference.rsplit('/').next().unwrap_or(reference));
        }
        let (node, nullable) = self.translate(schema);
        self.add(node, nullable)
    }

    fn component(&mut self, name: &str) -> NodeId {
        if let Some(id) = self.named.get(name) {
            return *id;
        }
        let id = self.add(Node::Any, true);
        self.named.insert(name.to_owned(), id);
        let schema = self.components.get(name).cloned();
        // Found by any test that checks a body of the type: a field's type that its schema does not
        // bring along.
        debug_assert!(schema.is_some(), "the schema refers to `{name}`, which it does not contain");
        if let Some(schema) = schema {
            self.nodes[id] = match schema["$ref"].is_string() {
                true => Slot { node: Node::AllOf(vec![self.node(&schema)]), nullable: false },
                false => {
                    let (node, nullable) = self.translate(&schema);
                    Slot { node, nullable }
                }
            };
        }
        id
    }

    fn translate(&mut self, schema: &Value) -> (Node, bool) {
        for keyword in ["oneOf", "anyOf"] {
            if let Some(variants) = schema[keyword].as_array() {
                return self.one_of(variants);
            }
        }
        if let Some(parts) = schema["allOf"].as_array() {
            return (Node::AllOf(parts.iter().map(|part| self.node(part)).collect()), false);
        }
        let (kinds, nullable) = kinds(&schema["type"]);
        if let Some(choices) = schema["enum"].as_array() {
            return (Node::Choice(choices.clone()), nullable);
        }
        let node = match kinds.as_slice() {
            ["string"] | ["string", "integer"] => Node::Text(text(schema)),
            ["boolean"] => Node::Flag,
            ["integer"] => Node::Integer {
                least: schema["minimum"].as_f64(),
                most: schema["maximum"].as_f64(),
            },
            ["number"] => Node::Decimal {
                least: schema["minimum"].as_f64(),
                most: schema["maximum"].as_f64(),
            },
            ["array"] => self.list(schema),
            ["object"] => self.object(schema),
            [] if nullable => Node::Nothing,
            _ => Node::Any,
        };
        let nullable = nullable || matches!(node, Node::Any);
        (node, nullable)
    }

    /// A choice of schemas; `null` among them makes the rest nullable.
    fn one_of(&mut self, variants: &[Value]) -> (Node, bool) {
        let is_null = |variant: &Value| variant["type"] == "null";
        let nullable = variants.iter().any(is_null);
        let others = variants
            .iter()
            .filter(|variant| !is_null(variant))
            .map(|variant| self.node(variant))
            .collect();
        (Node::OneOf(others), nullable)
    }

    fn list(&mut self, schema: &Value) -> Node {
        let items = match &schema["items"] {
            Value::Null => self.add(Node::Any, true),
            items => self.node(items),
        };
        Node::List {
            items,
            least: count(&schema["minItems"]).unwrap_or(0),
            most: count(&schema["maxItems"]),
        }
    }

    fn object(&mut self, schema: &Value) -> Node {
        let required = |key: &str| {
            schema["required"].as_array().is_some_and(|names| names.iter().any(|name| name == key))
        };
        let mut fields = BTreeMap::new();
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            fields
                .insert(key.clone(), Field { node: self.node(property), required: required(key) });
        }
        let others = match &schema["additionalProperties"] {
            Value::Bool(false) => Others::Refused,
            Value::Object(_) => Others::Allowed(self.node(&schema["additionalProperties"])),
            _ => Others::Allowed(self.add(Node::Any, true)),
        };
        Node::Object { fields, others }
    }
}

/// The types other than null, and whether null is among them.
fn kinds(kind: &Value) -> (Vec<&str>, bool) {
    let mut all: Vec<&str> = match kind {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => return (vec!["any"], true),
    };
    let count = all.len();
    all.retain(|kind| *kind != "null");
    let nullable = all.len() < count;
    (all, nullable)
}

fn text(schema: &Value) -> Text {
    Text {
        format: schema["format"].as_str().map(Format::named).unwrap_or_default(),
        least: count(&schema["minLength"]).unwrap_or(0),
        most: count(&schema["maxLength"]),
        pattern: schema["pattern"]
            .as_str()
            .map(|written| (written.to_owned(), Pattern::compile(written))),
    }
}

fn count(value: &Value) -> Option<usize> {
    value.as_u64().and_then(|n| usize::try_from(n).ok())
}
