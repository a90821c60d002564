//! Strict bodies: bytes become a JSON value only if their meaning is beyond doubt, and a value
//! becomes a request only if every part of it is known.
//!
//! [`parse`] refuses malformed JSON, duplicate keys and deep nesting; [`shape::Shape`], made from
//! the type's own OpenAPI schema, then names *all* faults of the value at once, which a
//! deserializer (it stops at the first) cannot.

pub mod card_number;
pub mod compile;
pub mod free_text;
mod issuers;
pub mod parse;
pub mod pattern;
pub mod pointer;
pub mod shape;
pub mod text;

pub use parse::{parse, without_bom};
pub use shape::Shape;
