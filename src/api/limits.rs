//! Limits that the operator of the service sets: how much of a kind in one body, how often one
//! caller.

use super::error::ApiError;
use crate::config::Limits;
use crate::wire::problem::Fault;
use crate::wire::returns::ReturnRequest;
use crate::wire::sale::NewSale;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Callers remembered for the present second; beyond it the second starts anew, which errs on the
/// caller's side.
const CALLERS: usize = 100_000;

/// Counts each caller's requests of the present second.
pub struct RateLimit {
    /// 0: no limit.
    per_second: u32,
    counts: Mutex<(i64, HashMap<String, u32>)>,
}

impl RateLimit {
    pub fn new(per_second: u32) -> RateLimit {
        RateLimit { per_second, counts: Mutex::default() }
    }

    /// Counts a request; 429 when the caller has had its share of this second.
    pub fn admit(&self, subject: &str, now: Timestamp) -> Result<(), ApiError> {
        if self.per_second == 0 {
            return Ok(());
        }
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.0 != now.as_second() || counts.1.len() >= CALLERS {
            *counts = (now.as_second(), HashMap::new());
        }
        let count = counts.1.entry(subject.to_owned()).or_insert(0);
        *count += 1;
        if *count <= self.per_second {
            return Ok(());
        }
        let detail = format!("More than {} requests in a second; slow down.", self.per_second);
        Err(ApiError::new("too_many_requests", detail).retry_after(1))
    }
}

/// Counts what each caller did in the present minute, up to a limit.
pub struct PerMinute {
    /// 0: no limit.
    limit: u32,
    /// The sentence for whoever is over it.
    detail: &'static str,
    counts: Mutex<HashMap<String, (i64, u32)>>,
}

impl PerMinute {
    pub fn new(limit: u32, detail: &'static str) -> PerMinute {
        PerMinute { limit, detail, counts: Mutex::default() }
    }

    /// 429 when the caller has used up the present minute.
    pub fn admit(&self, caller: &str, now: Timestamp) -> Result<(), ApiError> {
        let minute = now.as_second().div_euclid(60);
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        match counts.get(caller) {
            Some((of, count)) if self.limit > 0 && *of == minute && *count >= self.limit => {
                let seconds = u64::try_from(60 - now.as_second().rem_euclid(60)).unwrap_or(60);
                Err(ApiError::new("too_many_requests", self.detail).retry_after(seconds))
            }
            _ => Ok(()),
        }
    }

    /// Counts one more.
    pub fn count(&self, caller: &str, now: Timestamp) {
        let minute = now.as_second().div_euclid(60);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= CALLERS {
            counts.clear();
        }
        let count = counts.entry(caller.to_owned()).or_insert((minute, 0));
        *count = if count.0 == minute { (minute, count.1 + 1) } else { (minute, 1) };
    }
}

/// Failed lookups of gift cards: guessing codes is slow before it is hopeless.
pub fn failed_lookups() -> PerMinute {
    PerMinute::new(10, "Too many wrong codes or PINs. Wait a minute.")
}

/// Refused checks: each writes an entry of the log.
pub fn refused_checks(limits: &Limits) -> PerMinute {
    let detail = "Too many refused checks in a minute. Wait, and check the goods one by one.";
    PerMinute::new(limits.refused_checks_per_minute, detail)
}

/// A sale with more of a kind than is taken.
pub fn sale(sale: &NewSale, limits: &Limits) -> Result<(), ApiError> {
    refuse([
        over("/lines", sale.lines.len(), limits.lines_per_sale),
        over("/tenders", sale.tenders.len(), limits.tenders_per_sale),
    ])
}

/// A return with more lines than are taken.
pub fn of_return(body: &ReturnRequest, limits: &Limits) -> Result<(), ApiError> {
    let taken = body.exchange.as_ref().map_or(0, |exchange| exchange.lines.len());
    let most = limits.lines_per_return;
    refuse([over("/lines", body.lines.len(), most), over("/exchange/lines", taken, most)])
}

/// A policy with more rules than are taken.
pub fn policy(rules: usize, limits: &Limits) -> Result<(), ApiError> {
    refuse([over("/rules", rules, limits.rules_per_policy)])
}

fn over(pointer: &str, count: usize, limit: usize) -> Option<Fault> {
    (count > limit).then(|| {
        Fault::new(
            "too_many",
            pointer,
            format!("{count} are too many; at most {limit} are taken here."),
        )
    })
}

fn refuse<const N: usize>(faults: [Option<Fault>; N]) -> Result<(), ApiError> {
    let faults: Vec<Fault> = faults.into_iter().flatten().collect();
    if faults.is_empty() { Ok(()) } else { Err(ApiError::faults(faults)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_caller_has_its_share_of_each_second() {
        let (now, next) =
            ("2026-03-01T12:00:00.9Z".parse().unwrap(), "2026-03-01T12:00:01Z".parse().unwrap());
        let limit = RateLimit::new(2);
        let admitted = |who: &str, at| limit.admit(who, at).is_ok();
        assert_eq!(
            [admitted("a", now), admitted("a", now), admitted("a", now)],
            [true, true, false]
        );
        assert!(admitted("b", now), "another caller has a share of its own");
        assert!(admitted("a", next), "the next second starts anew");
        assert!((0..100).all(|_| RateLimit::new(0).admit("a", now).is_ok()), "0 is no limit");
    }
}
