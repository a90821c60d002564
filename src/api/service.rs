//! What every handler shares: the desk, the keys, and who may sign in.

use super::limits::{PerMinute, RateLimit};
use super::sign_in::SignIns;
use crate::clock::Clock;
use crate::config::Config;
use crate::desk::Desk;
use crate::domain::settings::Store;
use crate::identity::keys::KeyStore;
use crate::identity::override_token::OverrideTokens;
use crate::identity::pin::PinHasher;
use crate::identity::quote::Quotes;
use crate::identity::token::Minter;
use crate::identity::verifier::Verifier;
use jiff::SignedDuration;
use std::sync::Arc;

/// One running service. Made by `app::App::build`, the same for the binary, tests and benches.
pub struct Service {
    pub config: Config,
    pub clock: Clock,
    pub desk: Desk,
    pub keys: Arc<KeyStore>,
    pub verifier: Verifier,
    pub minter: Minter,
    pub overrides: Arc<OverrideTokens>,
    pub quotes: Quotes,
    pub pins: PinHasher,
    pub rate: RateLimit,
    /// Failed lookups of gift cards.
    pub lookups: PerMinute,
    pub refused_checks: PerMinute,
    pub sign_ins: SignIns,
}

impl Service {
    /// A store, as the database has it now if it was not known a moment ago: another instance may
    /// have added it.
    pub async fn store(&self, number: &str) -> Option<Arc<Store>> {
        if let Some(store) = self.desk.settings().store(number) {
            return Some(Arc::clone(store));
        }
        let wanted = number.to_owned();
        self.desk
            .readers()
            .read(move |_, settings| Ok(settings.store(&wanted).cloned()))
            .await
            .ok()
            .flatten()
    }

    /// How far ahead of ours a register's clock may be.
    pub fn future(&self) -> SignedDuration {
        SignedDuration::from_secs(
            i64::try_from(self.config.returns.future_seconds).unwrap_or(i64::MAX),
        )
    }

    /// How long an override may be used: never more than five minutes.
    pub fn override_lifetime(&self) -> SignedDuration {
        SignedDuration::from_secs(
            i64::try_from(self.config.returns.override_seconds.min(300)).unwrap_or(300),
        )
    }
}
