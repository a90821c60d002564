//! An entry of the audit log: who did what to what, when, and where it stands in its store's chain.
//!
//! The canonical text of an entry is its *leaf*: what is hashed, exported and proven. A leaf holds
//! no personal data, only references to it, so that a person can be forgotten while the log stays
//! whole (`STANDARDS` 19); that is the duty of whoever fills in `data`.

use super::canonical::{Json, write_text};
use jiff::Timestamp;
use uuid::Uuid;

mod chain;
mod event;
mod fault;
mod heads;
mod suspicion;
mod verifier;

pub use chain::{Chain, Span, genesis, hex, link, unhex};
pub use event::Event;
pub use fault::{Fault, FaultKind};
pub use verifier::{Row, Verifier};

/// The format of a leaf, its member `v`. A change of members is a new number; old leaves keep
/// theirs.
pub const FORMAT: i64 = 1;

/// The longest store id.
const STORE_ID_MAX: usize = 32;

/// Who acted: a person, or a machine. Empty text and `None` are the same: written as null.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// `iss|sub` of the token.
    pub subject: String,
    /// The employee number.
    pub operator: String,
    pub register: Option<String>,
}

/// One entry of a store's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The store whose chain this is: see [`is_store_id`].
    pub store: String,
    /// The place in the store's chain: from 1, without gaps.
    pub seq: u64,
    pub id: Uuid,
    /// Whole microseconds; what is finer is cut off.
    pub at: Timestamp,
    pub event: Event,
    pub actor: Option<Actor>,
    pub request_id: Option<String>,
    /// What the entry is about: the id of a sale, a return, a policy, …
    pub subject_id: Option<String>,
    pub data: Json,
}

/// What an entry says, wherever it is kept.
#[derive(Clone, Copy, Debug)]
pub struct Leaf<'a> {
    pub store: &'a str,
    pub seq: u64,
    pub id: Uuid,
    pub at: Timestamp,
    pub event: Event,
    pub actor: Option<&'a Actor>,
    pub request_id: Option<&'a str>,
    pub subject_id: Option<&'a str>,
    pub data: &'a Json,
}

impl Leaf<'_> {
    /// An RFC 8785 object of all members, those without a value as null.
    /// `{"actor":{"operator":…,"register":…,"subject":…},"at":"2026-03-01T09:30:00.000000Z","data":…,"event":"return.recorded",`
    /// `"id":…,"request_id":…,"seq":7,"store":"S01","subject_id":…,"v":1}`
    pub fn write(&self) -> String {
        let mut out = String::with_capacity(1_024);
        out.push_str("{\"actor\":");
        self.write_actor(&mut out);
        out.push_str(",\"at\":\"");
        out.push_str(&timestamp_text(self.at));
        out.push_str("\",\"data\":");
        self.data.write_to(&mut out);
        out.push_str(",\"event\":");
        write_text(self.event.as_str(), &mut out);
        out.push_str(",\"id\":");
        write_text(self.id.as_hyphenated().encode_lower(&mut Uuid::encode_buffer()), &mut out);
        out.push_str(",\"request_id\":");
        write_filled(self.request_id, &mut out);
        out.push_str(",\"seq\":");
        Json::from(self.seq).write_to(&mut out);
        out.push_str(",\"store\":");
        write_text(self.store, &mut out);
        out.push_str(",\"subject_id\":");
        write_filled(self.subject_id, &mut out);
        out.push_str(",\"v\":");
        Json::from(FORMAT).write_to(&mut out);
        out.push('}');
        out
    }

    fn write_actor(&self, out: &mut String) {
        let filled = |text: &str| !text.is_empty();
        let said = |actor: &&Actor| {
            filled(&actor.subject)
                || filled(&actor.operator)
                || actor.register.as_deref().is_some_and(filled)
        };
        let Some(actor) = self.actor.filter(said) else { return out.push_str("null") };
        out.push_str("{\"operator\":");
        write_filled(Some(&actor.operator), out);
        out.push_str(",\"register\":");
        write_filled(actor.register.as_deref(), out);
        out.push_str(",\"subject\":");
        write_filled(Some(&actor.subject), out);
        out.push('}');
    }
}

/// Empty text and none are the same.
fn write_filled(text: Option<&str>, out: &mut String) {
    match text.filter(|text| !text.is_empty()) {
        Some(text) => write_text(text, out),
        None => out.push_str("null"),
    }
}

impl Entry {
    /// The leaf: see [`Leaf::write`].
    pub fn canonical(&self) -> String {
        Leaf {
            store: &self.store,
            seq: self.seq,
            id: self.id,
            at: self.at,
            event: self.event,
            actor: self.actor.as_ref(),
            request_id: self.request_id.as_deref(),
            subject_id: self.subject_id.as_deref(),
            data: &self.data,
        }
        .write()
    }

    /// Reads a leaf back; the error says, for a person, what is wrong with it.
    pub fn parse(leaf: &str) -> Result<Entry, String> {
        let json = Json::parse_canonical(leaf).map_err(|e| e.to_string())?;
        let (store, seq) = place_in(&json)?;
        let event = text(&json, "event")?.ok_or("has no event")?;
        let entry = Entry {
            store,
            seq,
            id: text(&json, "id")?
                .and_then(|id| id.parse().ok())
                .ok_or("has an id that is no UUID")?,
            at: text(&json, "at")?
                .and_then(|at| at.parse().ok())
                .ok_or("has a time that cannot be read")?,
            event: Event::parse(&event)
                .ok_or_else(|| format!("has an event this version does not know: {event:?}"))?,
            actor: actor_of(&json)?,
            request_id: text(&json, "request_id")?,
            subject_id: text(&json, "subject_id")?,
            data: json.get("data").cloned().ok_or("has no data")?,
        };
        // One leaf per entry: extra members, other spellings of the time or the id, and empty texts
        // end here.
        match entry.canonical() == leaf {
            true => Ok(entry),
            false => Err("is not written as this log writes entries".to_owned()),
        }
    }
}

/// Whether a text can be a store's id: 1 to 32 of `A-Z a-z 0-9 . _ -`, so that it can stand in a
/// signed line of text.
pub fn is_store_id(store: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    (1..=STORE_ID_MAX).contains(&store.len()) && store.bytes().all(allowed)
}

/// The store and the seq a leaf claims for itself. Reads leaves of this format with any event, also
/// one that a later version added, so that an older program still verifies a newer log.
pub fn place(leaf: &str) -> Result<(String, u64), String> {
    place_in(&Json::parse_canonical(leaf).map_err(|e| e.to_string())?)
}

fn place_in(json: &Json) -> Result<(String, u64), String> {
    match json.get("v").and_then(Json::as_int) {
        Some(FORMAT) => {}
        Some(other) => {
            return Err(format!("has format version {other}, this program reads {FORMAT}"));
        }
        None => return Err("is not an entry: it has no format version".to_owned()),
    }
    let store = json
        .get("store")
        .and_then(Json::as_text)
        .filter(|s| is_store_id(s))
        .ok_or("has no valid store id")?;
    let seq = json
        .get("seq")
        .and_then(Json::as_int)
        .and_then(|n| u64::try_from(n).ok())
        .filter(|n| *n > 0);
    Ok((store.to_owned(), seq.ok_or("has no place in the chain (seq)")?))
}

/// RFC 3339 in UTC with six decimals.
pub fn timestamp_text(at: Timestamp) -> String {
    format!("{at:.6}")
}

fn actor_of(json: &Json) -> Result<Option<Actor>, String> {
    match json.get("actor") {
        None => Err("has no actor".to_owned()),
        Some(Json::Null) => Ok(None),
        Some(actor) => Ok(Some(Actor {
            subject: text(actor, "subject")?.unwrap_or_default(),
            operator: text(actor, "operator")?.unwrap_or_default(),
            register: text(actor, "register")?,
        })),
    }
}

/// A text member or null.
fn text(json: &Json, name: &str) -> Result<Option<String>, String> {
    match json.get(name) {
        Some(Json::Null) => Ok(None),
        Some(Json::Text(text)) => Ok(Some(text.clone())),
        _ => Err(format!("has no text in {name:?}")),
    }
}

#[cfg(test)]
pub(crate) mod tests;
