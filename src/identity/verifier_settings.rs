//! How access tokens are verified, and what no configuration may ask for.

use super::claims;
use super::token::OwnNames;
use super::trusted_issuer::TrustedIssuer;
use std::fmt;

/// The most leeway that may be configured, in seconds (STANDARDS 23).
pub const MAX_LEEWAY_SECONDS: u32 = 60;
/// Verified tokens remembered, if nothing else is configured.
pub const DEFAULT_CACHE: usize = 10_000;

/// How tokens are verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierSettings {
    pub names: OwnNames,
    /// Other issuers; none of them may have our name.
    pub trusted: Vec<TrustedIssuer>,
    /// What clocks may differ by, in seconds, up to [`MAX_LEEWAY_SECONDS`].
    pub leeway_seconds: u32,
    /// Verified tokens remembered; 0 checks every signature.
    pub cache: usize,
}

impl VerifierSettings {
    /// Our own tokens only, with the usual leeway and cache.
    pub fn own(names: OwnNames) -> VerifierSettings {
        VerifierSettings {
            names,
            trusted: Vec::new(),
            leeway_seconds: MAX_LEEWAY_SECONDS,
            cache: DEFAULT_CACHE,
        }
    }
}

impl VerifierSettings {
    pub(super) fn check(&self) -> Result<(), SettingsFault> {
        if self.leeway_seconds > MAX_LEEWAY_SECONDS {
            return Err(SettingsFault(format!(
                "the leeway for tokens is at most {MAX_LEEWAY_SECONDS} seconds"
            )));
        }
        let mut issuers: Vec<&str> =
            self.trusted.iter().map(|trusted| trusted.issuer.as_str()).collect();
        issuers.push(&self.names.issuer);
        // Callers are known as `iss|sub`: a bar in the issuer would let two people share a name.
        if let Some(issuer) =
            issuers.iter().find(|issuer| !claims::is_plain(issuer) || issuer.contains('|'))
        {
            return Err(SettingsFault(format!(
                "an issuer must be plain text without '|', and this is not: {issuer:?}"
            )));
        }
        let audiences =
            self.trusted.iter().map(|trusted| &trusted.audience).chain([&self.names.audience]);
        if audiences.into_iter().any(|audience| !claims::is_plain(audience)) {
            return Err(SettingsFault(
                "an audience for tokens is empty or no plain text".to_owned(),
            ));
        }
        issuers.sort_unstable();
        match issuers.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(SettingsFault(format!("the issuer {} is configured twice", pair[0]))),
            None => Ok(()),
        }
    }
}

/// Why tokens cannot be verified as configured; for the operator of the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsFault(pub String);

impl fmt::Display for SettingsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SettingsFault {}
