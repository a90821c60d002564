//! What a caller may see, and how the rest answers: as if it did not exist.

use super::error::ApiError;
use crate::domain::caller::Stores;
use crate::domain::refusal::{Fault, Refusal};
use crate::wire::answer::problem;
use crate::wire::problem::Problem;

/// The stores a list is about: those asked for, as far as the caller may see them.
pub fn stores(allowed: &Stores, asked: Option<String>) -> Stores {
    match (allowed, asked) {
        (stores, None) => stores.clone(),
        (stores, Some(store)) if stores.contain(&store) => Stores::Listed(vec![store]),
        (_, Some(_)) => Stores::Listed(Vec::new()),
    }
}

/// A store that is unknown, and one outside the token's stores: the same answer (STANDARDS 28).
pub fn unknown_store() -> ApiError {
    ApiError::new("unknown_store", "There is no such store, or it is not one of yours.")
}

/// All faults of a body in one answer.
pub fn faults(faults: Vec<Fault>) -> ApiError {
    Problem::of_found(&faults, "invalid_value").into()
}

/// A draft that cannot be decided.
pub fn refusal(refusal: &Refusal) -> ApiError {
    match refusal {
        Refusal::Invalid(found) => faults(found.clone()),
        other => problem(other).into(),
    }
}
