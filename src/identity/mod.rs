//! Who is calling, and what the service signs: keys, tokens, PINs, quotes and keyed hashes.
//!
//! In reading order: [`keys`] is the directory everything else stands on; [`token`] and
//! [`verifier`] say who calls; [`override_token`] what a manager agreed to; [`quote`] what a check
//! promised; [`pin`] how an operator proves to be one; [`keyed_hash`] how a number is found again
//! without being kept.
//!
//! Nothing here asks the clock of the machine: `now` comes in as a parameter, or from the `Clock`
//! that the key store was opened with. Nothing here is ever logged: tokens, PINs, codes and keys
//! have no `Debug`.

pub mod key_copy;
pub mod keyed_hash;
pub mod keys;
pub mod override_token;
pub mod pin;
pub mod quote;
pub mod token;
pub mod token_error;
pub mod trusted_issuer;
pub mod verifier;
pub mod verifier_settings;

pub mod claims;
mod compact;
mod jwks;
mod key_error;
mod key_files;
mod key_set;
mod recheck;
mod verified_tokens;

pub mod note;
#[cfg(test)]
mod scratch;
