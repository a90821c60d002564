//! Texts that stand in lists and have a form of their own.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

/// A serial number, such as an IMEI or an ICCID.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, format = "serial", min_length = 1, max_length = 64, example = "SN-100200")]
pub struct SerialNumber(pub String);

/// A short name, such as a category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, min_length = 1, max_length = 64, example = "gifts")]
pub struct Label(pub String);

/// A token that this service signed (JWT, compact form).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, format = "jwt", min_length = 1, max_length = 16384, example = "eyJhbGciOiJFZERTQSJ9.e30.c2ln")]
pub struct Token(pub String);

/// A fact about an item that rules can ask for: true or false, a number, or a text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Attribute {
    Flag(bool),
    Number(serde_json::Number),
    Text(String),
}

impl PartialSchema for Attribute {
    fn schema() -> RefOr<Schema> {
        let variant = |kind| ObjectBuilder::new().schema_type(kind);
        OneOfBuilder::new()
            .item(variant(Type::Boolean))
            .item(variant(Type::Number))
            .item(variant(Type::String).max_length(Some(500)))
            .description(Some("A fact about an item: true or false, a number, or a text."))
            .into()
    }
}

impl ToSchema for Attribute {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Attribute")
    }
}

/// An id that this service gave: a UUIDv7 in its 36 characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(pub Uuid);

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.as_hyphenated())
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Uuid::try_parse(&text).map(Id).map_err(D::Error::custom)
    }
}

impl PartialSchema for Id {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::Custom("uuid".into())))
            .description(Some("An id that this service gave: a UUIDv7."))
            .examples(["0190d3a0-0000-7000-8000-000000000000"])
            .into()
    }
}

impl ToSchema for Id {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Id")
    }
}
