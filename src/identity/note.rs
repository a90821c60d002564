//! Signed notes (c2sp.org/signed-note, Ed25519): text that says who vouches for it and can be read
//! by a person.
//!
//! A note is text, an empty line, and signature lines `— name base64(key id ‖ signature)`. The key
//! id is the first four bytes of `SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key)` (`STANDARDS` 16).

use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};
use std::fmt;

/// The specification's number for Ed25519.
const ED25519: u8 = 1;
/// More signature lines are refused: nobody signs an export that often.
const MAX_SIGNATURES: usize = 100;
const SIGNATURE_START: &str = "— ";

/// Why a note or a verifier key was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoteError {
    /// A key name is empty, or has white space or a plus in it.
    BadName,
    /// The text is not what a note can hold: it must end in a newline and have no other control
    /// characters.
    BadText,
    /// The verifier key is not `name+hex key id+base64`, or is of another kind, or its id is not
    /// its own.
    BadVkey,
    /// The note is not text, an empty line, and signature lines.
    BadNote,
    /// The note is well formed, but this key did not sign it.
    NotSigned { by: String },
    /// The note names this key, but the signature does not fit the text: one of them was altered.
    BadSignature { by: String },
}

impl fmt::Display for NoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoteError::BadName => {
                f.write_str("a key name must not be empty nor have white space or a plus in it")
            }
            NoteError::BadText => f.write_str(
                "the text to sign must end in a newline and have no other control characters",
            ),
            NoteError::BadVkey => {
                f.write_str("the verifier key cannot be read: it looks like name+1a2b3c4d+AbCd…")
            }
            NoteError::BadNote => f.write_str("this is not a signed note"),
            NoteError::NotSigned { by } => write!(f, "the note is not signed by the key {by}"),
            NoteError::BadSignature { by } => {
                write!(f, "the signature of {by} does not fit: the note was altered")
            }
        }
    }
}

impl std::error::Error for NoteError {}

/// The public half of a note key: what whoever verifies has to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vkey {
    name: String,
    key: VerifyingKey,
}

impl Vkey {
    pub fn new(name: &str, key: VerifyingKey) -> Result<Vkey, NoteError> {
        let unfit = |c: char| c.is_whitespace() || c.is_control() || c == '+';
        if name.is_empty() || name.contains(unfit) {
            return Err(NoteError::BadName);
        }
        Ok(Vkey { name: name.to_owned(), key })
    }

    /// Reads `name+hex key id+base64(0x01 ‖ public key)`.
    pub fn parse(text: &str) -> Result<Vkey, NoteError> {
        let mut parts = text.trim().splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::BadVkey);
        };
        let bytes = STANDARD.decode(key).map_err(|_| NoteError::BadVkey)?;
        let [ED25519, key @ ..] = bytes.as_slice() else {
            return Err(NoteError::BadVkey);
        };
        let key = key
            .try_into()
            .ok()
            .and_then(|key| VerifyingKey::from_bytes(key).ok())
            .ok_or(NoteError::BadVkey)?;
        let vkey = Vkey::new(name, key)?;
        if vkey.id_hex() == id { Ok(vkey) } else { Err(NoteError::BadVkey) }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key id: names alone are not unique.
    pub fn id(&self) -> [u8; 4] {
        let hash = Sha256::new()
            .chain_update(&self.name)
            .chain_update([b'\n', ED25519])
            .chain_update(self.key)
            .finalize();
        [hash[0], hash[1], hash[2], hash[3]]
    }

    fn id_hex(&self) -> String {
        format!("{:08x}", u32::from_be_bytes(self.id()))
    }

    /// How messages name the key.
    fn label(&self) -> String {
        format!("{}+{}", self.name, self.id_hex())
    }
}

/// The text form, as [`Vkey::parse`] reads it.
impl fmt::Display for Vkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[ED25519], self.key.as_bytes().as_slice()].concat();
        write!(f, "{}+{}+{}", self.name, self.id_hex(), STANDARD.encode(key))
    }
}

/// The private half of a note key, with its name. Not printable.
pub struct Signer {
    vkey: Vkey,
    key: SigningKey,
}

impl Signer {
    /// A signer; the name is what readers see, such as the service's host name.
    pub fn new(name: &str, key: SigningKey) -> Result<Signer, NoteError> {
        Ok(Signer { vkey: Vkey::new(name, key.verifying_key())?, key })
    }

    pub fn vkey(&self) -> &Vkey {
        &self.vkey
    }

    /// The note over a text, which must end in a newline. The same text gives the same note.
    pub fn sign(&self, text: &str) -> Result<String, NoteError> {
        if !is_note_text(text) {
            return Err(NoteError::BadText);
        }
        let signature =
            [self.vkey.id().as_slice(), &self.key.sign(text.as_bytes()).to_bytes()].concat();
        Ok(format!("{text}\n{SIGNATURE_START}{} {}\n", self.vkey.name, STANDARD.encode(signature)))
    }
}

/// The text of a note, if this key signed it. Signatures of other keys are passed over.
pub fn open<'a>(note: &'a str, vkey: &Vkey) -> Result<&'a str, NoteError> {
    let split = note.rfind("\n\n").ok_or(NoteError::BadNote)?;
    let (text, signatures) = (&note[..split + 1], &note[split + 2..]);
    if !is_note_text(text) || signatures.is_empty() || !signatures.ends_with('\n') {
        return Err(NoteError::BadNote);
    }
    if signatures.lines().count() > MAX_SIGNATURES {
        return Err(NoteError::BadNote);
    }
    let mut signed = false;
    for line in signatures.split_terminator('\n') {
        let (name, id, signature) = read_signature(line).ok_or(NoteError::BadNote)?;
        if name == vkey.name && id == vkey.id() {
            verify(text, &signature, vkey)?;
            signed = true;
        }
    }
    if signed { Ok(text) } else { Err(NoteError::NotSigned { by: vkey.label() }) }
}

fn verify(text: &str, signature: &[u8], vkey: &Vkey) -> Result<(), NoteError> {
    let fits = Signature::from_slice(signature)
        .is_ok_and(|s| vkey.key.verify_strict(text.as_bytes(), &s).is_ok());
    if fits { Ok(()) } else { Err(NoteError::BadSignature { by: vkey.label() }) }
}

/// The name, key id and signature of a line.
fn read_signature(line: &str) -> Option<(&str, [u8; 4], Vec<u8>)> {
    let (name, encoded) = line.strip_prefix(SIGNATURE_START)?.split_once(' ')?;
    let bytes = STANDARD.decode(encoded).ok()?;
    let (id, signature) = bytes.split_first_chunk::<4>()?;
    (!name.is_empty() && !signature.is_empty()).then(|| (name, *id, signature.to_vec()))
}

fn is_note_text(text: &str) -> bool {
    text.ends_with('\n') && !text.chars().any(|c| c < ' ' && c != '\n')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // The example of c2sp.org/signed-note.
    const VKEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    const NOTE: &str = "This is an example message.\n\n— example.com/foo \
        Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

    fn signer(name: &str, seed: u8) -> Signer {
        Signer::new(name, SigningKey::from_bytes(&[seed; 32])).unwrap()
    }

    #[test]
    fn opens_the_specification_s_example() {
        let vkey = Vkey::parse(VKEY).unwrap();
        assert_eq!(open(NOTE, &vkey), Ok("This is an example message.\n"));
        assert_eq!(vkey.to_string(), VKEY);
    }

    #[test]
    #[allow(clippy::disallowed_methods)] // tests ask the environment where the data lies
    fn opens_the_vector_of_the_data_folder() {
        let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data").to_owned();
        let folder = std::env::var("RETURNDESK_DATA").unwrap_or(beside);
        let Ok(text) = std::fs::read_to_string(format!("{folder}/vectors/signed_note.json")) else {
            return; // the data folder does not travel with the sources
        };
        let vector: serde_json::Value = serde_json::from_str(&text).unwrap();
        let vkey = Vkey::parse(vector["vkey"].as_str().unwrap()).unwrap();
        assert!(open(vector["note"].as_str().unwrap(), &vkey).is_ok());
    }

    #[test]
    fn another_key_is_refused_also_under_the_same_name() {
        let note = signer("desk.example", 1).sign("hello\n").unwrap();
        let other = signer("desk.example", 2);
        assert_eq!(
            open(&note, other.vkey()),
            Err(NoteError::NotSigned { by: other.vkey().label() })
        );
        let renamed = signer("desk2.example", 1);
        assert_eq!(
            open(&note, renamed.vkey()),
            Err(NoteError::NotSigned { by: renamed.vkey().label() })
        );
    }

    #[test]
    fn a_second_signature_does_no_harm() {
        let (first, second) = (signer("a", 1), signer("b", 2));
        let theirs = second.sign("hello\n").unwrap();
        let both = first.sign("hello\n").unwrap() + theirs.strip_prefix("hello\n\n").unwrap();
        assert_eq!(open(&both, first.vkey()), Ok("hello\n"));
        assert_eq!(open(&both, second.vkey()), Ok("hello\n"));
    }

    #[test]
    fn refuses_texts_and_names_that_a_note_cannot_hold() {
        for text in ["", "no newline", "tab\there\n", "cr\r\n", "nul\0\n"] {
            assert_eq!(signer("a", 1).sign(text), Err(NoteError::BadText), "{text:?}");
        }
        for name in ["", "a b", "a+b", "a\u{2003}b", "a\n"] {
            assert!(Signer::new(name, SigningKey::from_bytes(&[1; 32])).is_err(), "{name:?}");
        }
    }

    #[test]
    fn refuses_vkeys_that_are_not_their_own() {
        let good = signer("a", 1).vkey().to_string();
        let other_id = good.replacen(&good[2..10], "00000000", 1);
        let other_kind =
            format!("a+{}+{}", &good[2..10], STANDARD.encode([[2].as_slice(), &[7; 32]].concat()));
        for text in ["", "a", "a+b", "a+b+c", &other_id, &other_kind, &good[..good.len() - 4]] {
            assert!(Vkey::parse(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_signed_opens_and_any_other_byte_does_not(
            text in "[ -~é—\\n]{0,60}", seed: u8, at: prop::sample::Index, flip in 1u8..=255,
        ) {
            let text = format!("{text}\n");
            let signer = signer("desk.example", seed);
            let note = signer.sign(&text).unwrap();
            prop_assert_eq!(open(&note, signer.vkey()), Ok(text.as_str()));
            let mut bytes = note.into_bytes();
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            if let Ok(altered) = String::from_utf8(bytes) {
                prop_assert!(open(&altered, signer.vkey()).is_err());
            }
        }
    }
}
