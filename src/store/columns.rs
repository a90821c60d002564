//! The values of a statement over many rows, column by column.

use super::sql_types::{Id, IdSql};
use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::AstPass;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Integer, Nullable, Text};
use diesel::sqlite::Sqlite;
use std::borrow::Cow;
use uuid::Uuid;

/// Makes [`Col`] with a variant for each type, its length, and how its values are bound on each
/// database. PostgreSQL's text names the types of its arrays, so that it can be planned by itself.
macro_rules! columns {
    ($($variant:ident($rust:ty) is $sql:ty, $array:literal;)*) => {
        /// One column of the rows of a statement; any value may be NULL. Collected from an iterator
        /// over the values, or over options of them: see [`col`].
        #[derive(Debug, Clone)]
        pub enum Col<'a> { $($variant(Vec<Option<$rust>>)),* }

        impl<'a> Col<'a> {
            pub(super) fn len(&self) -> usize {
                match self { $(Col::$variant(values) => values.len()),* }
            }

            pub(super) fn bind_all<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
                match self {
                    $(Col::$variant(values) => {
                        out.push_bind_param::<Array<Nullable<$sql>>, _>(values)?;
                        out.push_sql($array);
                    }),*
                }
                Ok(())
            }

            pub(super) fn bind_one<'b>(&'b self, row: usize, out: &mut AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
                match self { $(Col::$variant(values) => out.push_bind_param::<Nullable<$sql>, _>(&values[row])),* }
            }
        }
    };
}

columns! {
    Int(i32) is Integer, "::integer[]";
    Big(i64) is BigInt, "::bigint[]";
    Text(Cow<'a, str>) is Text, "::text[]";
    Id(Id) is IdSql, "::uuid[]";
    Bytes(Cow<'a, [u8]>) is Binary, "::bytea[]";
    Bool(bool) is Bool, "::boolean[]";
}

/// What a [`Col`] can be collected from.
macro_rules! collected {
    ($($rust:ty => $variant:ident: $convert:expr),* $(,)?) => { $(
        impl<'a> FromIterator<$rust> for Col<'a> {
            fn from_iter<I: IntoIterator<Item = $rust>>(values: I) -> Self {
                Col::$variant(values.into_iter().map($convert).map(Some).collect())
            }
        }

        impl<'a> FromIterator<Option<$rust>> for Col<'a> {
            fn from_iter<I: IntoIterator<Item = Option<$rust>>>(values: I) -> Self {
                Col::$variant(values.into_iter().map(|value| value.map($convert)).collect())
            }
        }
    )* };
}

collected! {
    i32 => Int: |v| v,
    i64 => Big: |v| v,
    bool => Bool: |v| v,
    Id => Id: |v| v,
    Uuid => Id: Id,
    &'a str => Text: Cow::Borrowed,
    String => Text: Cow::Owned,
    &'a [u8] => Bytes: Cow::Borrowed,
    Vec<u8> => Bytes: Cow::Owned,
    [u8; 32] => Bytes: |v: [u8; 32]| Cow::Owned(v.to_vec()),
    &'a [u8; 32] => Bytes: |v: &'a [u8; 32]| Cow::Borrowed(v.as_slice()),
}

/// A column of the values that `values` yields: `col(lines.iter().map(|line| line.sku.as_str()))`.
pub fn col<'a, V>(values: impl IntoIterator<Item = V>) -> Col<'a>
where
    Col<'a>: FromIterator<V>,
{
    values.into_iter().collect()
}
