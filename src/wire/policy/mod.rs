//! The policy document of the contract: its JSON form, the way into the domain with all faults at
//! once, and back.
//!
//! The way back writes a normal form: `from`, `after` and `approval_role` of windows and limits,
//! and `approvers` of tiers, are spelled out, and `statutory` is left out where it is false.
//! Reading it again gives the same policy.

mod compile;
mod document;
mod read;
mod rule_reader;
mod settings_reader;
mod standard;
pub mod vocabulary;
mod write;

pub use compile::{compile, compile_document, standard_text, text};
pub use document::{
    PolicyAmountLimit, PolicyApproval, PolicyCashLimit, PolicyDateRange, PolicyDocument,
    PolicyExtension, PolicyFee, PolicyPriceBasis, PolicyPriceRange, PolicyRule, PolicySettings,
    PolicyTenderOrder, PolicyVelocity, PolicyWhen, PolicyWindow,
};
pub use read::limits;
pub use standard::standard;

#[cfg(test)]
mod tests;
