//! What the rows of a store add up to, against what someone vouches for.

use super::chain::{Chain, Span, hex, link};
use super::fault::{Fault, FaultKind, edited, gap, short};

/// What was seen of a store.
#[derive(Debug)]
pub(super) struct Seen {
    pub last: Chain,
    pub last_row: u64,
    pub first_seq: u64,
    pub first_row: u64,
    pub first_hash: [u8; 32],
    /// The first leaf, where the hash before it will only be told at the end.
    pub unproven: Option<String>,
}

/// A store's rows against what is vouched for.
pub(super) fn compare_span(
    store: &str,
    seen: Option<&Seen>,
    span: Option<&Span>,
    last_row: u64,
) -> Option<Fault> {
    let fault = |row, seq, kind, detail: String| {
        Some(Fault { row, store: store.to_owned(), seq, kind, detail })
    };
    match (seen, span.filter(|span| !span.is_empty())) {
        (None, None) => None,
        (None, Some(span)) => {
            let detail = format!(
                "all entries of the store are gone; {} to {} are vouched for",
                span.first, span.last.seq
            );
            fault(last_row + 1, span.first, FaultKind::Truncated, detail)
        }
        (Some(seen), None) => {
            let detail = "nobody vouches for any entry of this store".to_owned();
            fault(seen.first_row, seen.first_seq, FaultKind::Inserted, detail)
        }
        (Some(seen), Some(span)) if seen.first_seq > span.first => {
            fault(seen.first_row, span.first, FaultKind::Missing, gap(span.first, seen.first_seq))
        }
        (Some(seen), Some(span)) if seen.first_seq < span.first => {
            let detail = format!("entries are vouched for from {} on", span.first);
            fault(seen.first_row, seen.first_seq, FaultKind::Inserted, detail)
        }
        (Some(seen), Some(span)) => compare_start(seen, span).or_else(|| compare_end(seen, span)),
    }
}

/// The first entry's link, where the hash before it was not known when it was read.
fn compare_start(seen: &Seen, span: &Span) -> Option<Fault> {
    let computed = link(&span.before, seen.unproven.as_deref()?);
    (computed != seen.first_hash).then(|| Fault {
        row: seen.first_row,
        store: span.store().to_owned(),
        seq: seen.first_seq,
        kind: FaultKind::Edited,
        detail: edited(&seen.first_hash, &computed),
    })
}

fn compare_end(seen: &Seen, span: &Span) -> Option<Fault> {
    let fault = |row, seq, kind, detail| {
        Some(Fault { row, store: span.store().to_owned(), seq, kind, detail })
    };
    let (has, head) = (&seen.last, &span.last);
    if has.seq < head.seq {
        let detail = format!(
            "the log ends with entry {}; entries up to {} are vouched for",
            has.seq, head.seq
        );
        return fault(seen.last_row + 1, has.seq + 1, FaultKind::Truncated, detail);
    }
    if has.seq > head.seq {
        let detail = format!("it was added: entries are vouched for up to {} only", head.seq);
        return fault(
            seen.last_row - (has.seq - head.seq - 1),
            head.seq + 1,
            FaultKind::Inserted,
            detail,
        );
    }
    if has.hash != head.hash {
        let detail = format!(
            "every link from {} to {} holds, but the head should have hash {} and has {}: entries among them were rewritten \
             and the chain hashed again",
            seen.first_seq,
            has.seq,
            hex(&head.hash),
            hex(&has.hash)
        );
        return fault(seen.last_row, has.seq, FaultKind::HeadMismatch, detail);
    }
    None
}

/// Whether a store's rows come as far as an older checkpoint's head, and start early enough to be
/// compared with it.
pub(super) fn compare_reach(
    point: &Chain,
    seen: Option<&Seen>,
    span: Option<&Span>,
    last_row: u64,
) -> Option<Fault> {
    let fault =
        |row, seq, kind, detail| Some(Fault { row, store: point.store.clone(), seq, kind, detail });
    let Some(seen) = seen else {
        let detail = format!(
            "the checkpoint knows entries up to {}, the log has none of this store",
            point.seq
        );
        return fault(last_row + 1, 1, FaultKind::Truncated, detail);
    };
    if seen.last.seq < point.seq {
        let detail = format!(
            "the checkpoint knows entries up to {}, the log ends with {}",
            point.seq, seen.last.seq
        );
        return fault(seen.last_row + 1, seen.last.seq + 1, FaultKind::Truncated, detail);
    }
    if seen.first_seq <= point.seq {
        return None; // compared when the row came
    }
    if seen.first_seq > point.seq + 1 {
        let detail = format!(
            "the log starts with entry {}, after the checkpoint's {}: the entries between are not shown",
            seen.first_seq, point.seq
        );
        return fault(seen.first_row, point.seq + 1, FaultKind::Missing, detail);
    }
    span.filter(|span| span.before != point.hash).and_then(|span| {
        let (vouched, told) = (short(&point.hash), short(&span.before));
        let detail = format!("the checkpoint vouches for hash {vouched} before it, the log starts from {told}: what came before was rewritten");
        fault(seen.first_row, seen.first_seq, FaultKind::HeadMismatch, detail)
    })
}
