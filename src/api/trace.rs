//! W3C Trace Context: the `traceparent` header of a caller, passed on unchanged.

use actix_web::http::header::HeaderMap;

/// A valid `traceparent` (W3C Trace Context §3.2): which trace the request belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceParent(String);

impl TraceParent {
    /// Reads the header; one that is missing, repeated or malformed counts as none.
    pub fn of(headers: &HeaderMap) -> Option<TraceParent> {
        let mut values = headers.get_all("traceparent");
        let value = values.next()?.to_str().ok()?;
        if values.next().is_some() {
            return None;
        }
        TraceParent::parse(value)
    }

    fn parse(value: &str) -> Option<TraceParent> {
        let mut parts = value.split('-');
        let (version, trace, parent, flags) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let hex = |part: &str, length: usize| {
            part.len() == length && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        };
        let named = |part: &str| part.bytes().any(|b| b != b'0');
        let well_formed = hex(version, 2) && hex(trace, 32) && hex(parent, 16) && hex(flags, 2);
        // Later versions may add parts; version 00 has exactly four, and ff is forbidden.
        let ends = version != "ff" && (version != "00" || parts.next().is_none());
        (well_formed && ends && named(trace) && named(parent) && value.len() <= 128)
            .then(|| TraceParent(value.to_owned()))
    }

    /// The header's value.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The 32 hexadecimal digits of the trace.
    pub fn trace_id(&self) -> &str {
        &self.0[3..35]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_well_formed_parents_are_taken() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let parsed = TraceParent::parse(good).unwrap();
        assert_eq!(
            (parsed.as_str(), parsed.trace_id()),
            (good, "4bf92f3577b34da6a3ce929d0e0e4736")
        );
        assert!(
            TraceParent::parse(&good.replacen("00", "cc", 1).replace("-01", "-01-more")).is_some()
        );
        for bad in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(TraceParent::parse(bad), None, "{bad}");
        }
    }
}
