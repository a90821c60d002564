//! One object made of two: what somebody sent, and what the service adds to it.
//!
//! Deriving `flatten` will not do where what was sent refuses unknown fields: its schema would
//! refuse the additions, too.

use serde::ser::Error;
use serde::{Serialize, Serializer};
use serde_json::Value;
use std::borrow::Cow;
use utoipa::openapi::schema::Object;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// The members of `of` and of `more`, which wins where both have one. In the OpenAPI document it
/// bears `M`'s name.
#[derive(Clone, Debug, PartialEq)]
pub struct Extended<T, M> {
    pub of: T,
    pub more: M,
}

impl<T: Serialize, M: Serialize> Serialize for Extended<T, M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut whole = serde_json::to_value(&self.of).map_err(S::Error::custom)?;
        let more = serde_json::to_value(&self.more).map_err(S::Error::custom)?;
        if let (Value::Object(whole), Value::Object(more)) = (&mut whole, more) {
            whole.extend(more);
        }
        whole.serialize(serializer)
    }
}

impl<T: PartialSchema, M: PartialSchema> PartialSchema for Extended<T, M> {
    fn schema() -> RefOr<Schema> {
        let (RefOr::T(Schema::Object(mut whole)), RefOr::T(Schema::Object(more))) =
            (T::schema(), M::schema())
        else {
            return RefOr::T(Schema::Object(Object::new()));
        };
        whole.additional_properties = None;
        whole.example = None;
        whole.examples = Vec::new();
        whole.description = more.description;
        whole.required.retain(|name| !more.properties.contains_key(name));
        whole.required.extend(more.required);
        whole.properties.extend(more.properties);
        RefOr::T(Schema::Object(whole))
    }
}

impl<T: ToSchema, M: ToSchema> ToSchema for Extended<T, M> {
    fn name() -> Cow<'static, str> {
        M::name()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        T::schemas(schemas);
        M::schemas(schemas);
    }
}
