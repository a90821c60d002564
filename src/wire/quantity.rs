//! A quantity as it travels: a decimal string or a JSON integer in, always a string out.

use crate::domain::quantity::Quantity;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use utoipa::openapi::schema::{ObjectBuilder, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Units, up to three decimals (goods sold by weight).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireQuantity(pub Quantity);

impl Serialize for WireQuantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for WireQuantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextOrInteger)
    }
}

struct TextOrInteger;

impl Visitor<'_> for TextOrInteger {
    type Value = WireQuantity;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a number of units above zero, with up to three decimals, as a string or an integer",
        )
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<WireQuantity, E> {
        let read = Quantity::parse(text).map(WireQuantity);
        read.ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
    }

    fn visit_u64<E: Error>(self, units: u64) -> Result<WireQuantity, E> {
        self.visit_str(&units.to_string())
    }

    fn visit_i64<E: Error>(self, units: i64) -> Result<WireQuantity, E> {
        self.visit_str(&units.to_string())
    }
}

impl PartialSchema for WireQuantity {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Integer]))
            .format(Some(SchemaFormat::Custom("quantity".into())))
            .description(Some(
                "Units above zero, up to three decimals: a decimal string or an integer; answers carry a string.",
            ))
            .examples([serde_json::json!("2"), serde_json::json!("0.350")])
            .into()
    }
}

impl ToSchema for WireQuantity {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Quantity")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::strict::Shape;
    use serde_json::json;

    #[test]
    fn text_and_integer_are_the_same_quantity() {
        for (sent, quantity, answered) in [
            (json!("2"), Quantity::units(2), "2"),
            (json!(2), Quantity::units(2), "2"),
            (json!("0.350"), Quantity(350), "0.35"),
        ] {
            assert_eq!(Shape::of::<WireQuantity>().check(&sent), []);
            let read: WireQuantity = serde_json::from_value(sent).unwrap();
            assert_eq!(read, WireQuantity(quantity));
            assert_eq!(serde_json::to_value(read).unwrap(), json!(answered));
        }
        for bad in [json!(0), json!(-1), json!(1.5), json!("1e2"), json!(null)] {
            assert!(serde_json::from_value::<WireQuantity>(bad.clone()).is_err(), "{bad}");
            assert_eq!(
                Shape::of::<WireQuantity>().check(&bad)[0].code,
                "invalid_quantity",
                "{bad}"
            );
        }
    }
}
