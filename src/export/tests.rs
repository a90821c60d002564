//! Files are written, harmed, and verified: whatever was done, the first bad line is named.

use super::csv::CsvWriter;
use super::manifest::{Filter, Format, Manifest, ManifestError};
use super::ndjson::NdjsonWriter;
use super::verify::{Verified, VerifyError, verify_csv, verify_file};
use super::*;
use crate::domain::canonical::Json;
use crate::domain::entry::{Actor, Chain, Entry, Event, FaultKind, hex, link};
use crate::identity::note::{NoteError, Signer, Vkey};
use ed25519_dalek::SigningKey;
use proptest::prelude::*;
use uuid::Uuid;

fn signer(seed: u8) -> Signer {
    Signer::new("desk.example", SigningKey::from_bytes(&[seed; 32])).unwrap()
}

/// A log: leaves and hashes in order, and what stands before each store's first entry.
#[derive(Clone, Debug)]
struct Log {
    starts: Vec<Chain>,
    entries: Vec<(String, [u8; 32])>,
}

/// Per store: its name, how many entries are before the export, and the texts of those in it.
type Shape = Vec<(String, u64, Vec<String>)>;

fn log_of(shape: &Shape) -> Log {
    let mut log = Log { starts: vec![], entries: vec![] };
    for (store, earlier, texts) in shape {
        let mut chain = Chain::new(store);
        for _ in 0..*earlier {
            chain.extend("{}");
        }
        log.starts.push(chain.clone());
        for text in texts {
            let leaf = leaf(store, chain.seq + 1, text);
            let hash = chain.extend(&leaf);
            log.entries.push((leaf, hash));
        }
    }
    log
}

fn leaf(store: &str, seq: u64, text: &str) -> String {
    let operator = text.to_owned();
    let entry = Entry {
        store: store.to_owned(),
        seq,
        id: Uuid::from_u128(u128::from(seq)),
        at: "2026-03-01T09:30:00.000001Z".parse().unwrap(),
        event: Event::ReturnRecorded,
        actor: (text.len().is_multiple_of(2)).then(|| Actor {
            subject: "iss|1".into(),
            operator,
            register: None,
        }),
        request_id: Some(text.to_owned()),
        subject_id: None,
        data: Json::object([("refund", Json::from("12.30")), ("note", text.into())]),
    };
    entry.canonical()
}

fn plain_log(lengths: &[(&str, usize)]) -> Log {
    log_of(
        &lengths
            .iter()
            .map(|(store, n)| (store.to_string(), 0, vec!["x".to_owned(); *n]))
            .collect(),
    )
}

/// Stores in order, some of them from a later entry on, with texts that need care in JSON and CSV.
fn any_log() -> impl Strategy<Value = Log> {
    let text = prop_oneof!["[a-c]{0,3}", "[,\"\\r\\n\\t;=é😀]{0,4}", "\\PC{0,4}"];
    let store = (0..3u64, prop::collection::vec(text, 1..5));
    prop::collection::btree_map("[A-C][0-9._-]?", store, 1..4).prop_map(|stores| {
        log_of(&stores.into_iter().map(|(name, (earlier, texts))| (name, earlier, texts)).collect())
    })
}

/// A file in pieces, one per line (in CSV per record); joined, it is what the writer wrote.
struct Exported {
    format: Format,
    pieces: Vec<Vec<u8>>,
    note: String,
}

impl Exported {
    fn verify(&self, checkpoint: Option<&str>) -> Result<Verified, VerifyError> {
        verify_bytes(self.format, &self.pieces.concat(), &self.note, signer(1).vkey(), checkpoint)
    }
}

fn verify_bytes(
    f: Format,
    bytes: &[u8],
    note: &str,
    key: &Vkey,
    old: Option<&str>,
) -> Result<Verified, VerifyError> {
    match f {
        Format::Ndjson => verify_file(bytes, key, old),
        Format::Csv => verify_csv(bytes, note, key, old),
    }
}

macro_rules! export_with {
    ($writer:expr, $log:expr, $format:expr, $filter:expr) => {{
        let mut writer = $writer;
        for (index, (leaf, hash)) in $log.entries.iter().enumerate() {
            let (store, seq) = crate::domain::entry::place(leaf).unwrap();
            if let Some(start) = $log.starts.iter().find(|s| s.store == store && s.seq + 1 == seq) {
                writer.begin(start.clone());
            }
            writer.entry(leaf, hash).unwrap_or_else(|e| panic!("entry {index}: {e}"));
        }
        let (bytes, note) = writer.finish(&signer(1), $filter).unwrap();
        (bytes, note)
    }};
}

fn export_filtered(log: &Log, format: Format, filter: Filter) -> Exported {
    let (bytes, note) = match format {
        Format::Ndjson => export_with!(NdjsonWriter::new(Vec::new()), log, format, filter),
        Format::Csv => export_with!(CsvWriter::new(Vec::new()).unwrap(), log, format, filter),
    };
    Exported { format, pieces: pieces_of(bytes, format), note }
}

fn export(log: &Log, format: Format) -> Exported {
    export_filtered(log, format, Filter::default())
}

fn pieces_of(bytes: Vec<u8>, format: Format) -> Vec<Vec<u8>> {
    let mut lines = lines::Lines::new(bytes.as_slice());
    let mut pieces = Vec::new();
    loop {
        let piece = match format {
            Format::Ndjson => lines.line(),
            Format::Csv => lines.record(),
        };
        match piece.unwrap() {
            Some(line) => pieces.push(line.bytes.to_vec()),
            None => return pieces,
        }
    }
}

fn any_format() -> impl Strategy<Value = Format> {
    prop::sample::select(vec![Format::Ndjson, Format::Csv])
}

proptest! {
    #[test]
    fn what_is_exported_verifies_and_is_the_same_each_time(log in any_log(), format in any_format()) {
        let file = export(&log, format);
        let verified = file.verify(None).unwrap();
        prop_assert_eq!(verified.manifest.entries, log.entries.len() as u64);
        prop_assert_eq!(verified.manifest.chains.len(), log.starts.len());
        prop_assert!(file.note.starts_with(&verified.manifest.text()));
        prop_assert_eq!(file.verify(Some(&file.note)).unwrap(), verified);
        prop_assert_eq!(export(&log, format).pieces, file.pieces);
    }

    #[test]
    fn any_byte_changed_is_found_in_its_line(
        log in any_log(), format in any_format(), at: prop::sample::Index, flip in 1u8..=255,
    ) {
        let mut file = export(&log, format);
        let mut at = at.index(file.pieces.concat().len());
        let line = file.pieces.iter().position(|piece| at < piece.len() || { at -= piece.len(); false }).unwrap();
        file.pieces[line][at] ^= flip;
        let error = file.verify(None).unwrap_err();
        prop_assert_eq!(error.line(), Some(line as u64 + 1), "{}", error);
    }

    #[test]
    fn deleted_doubled_and_swapped_lines_are_found(
        log in any_log(), format in any_format(), at: prop::sample::Index, to: prop::sample::Index, harm in 0..3,
    ) {
        let mut file = export(&log, format);
        let (at, to) = (at.index(file.pieces.len()), to.index(file.pieces.len()));
        let first = match harm {
            0 => { file.pieces.remove(at); at }
            1 => { file.pieces.insert(at, file.pieces[at].clone()); at + 1 }
            _ => { prop_assume!(at != to); file.pieces.swap(at, to); at.min(to) }
        };
        let error = file.verify(None).unwrap_err();
        prop_assert_eq!(error.line(), Some(first as u64 + 1), "{}", error);
    }

    #[test]
    fn a_file_cut_anywhere_is_found(log in any_log(), format in any_format(), at: prop::sample::Index) {
        let file = export(&log, format);
        let mut bytes = file.pieces.concat();
        let mut left = at.index(bytes.len());
        bytes.truncate(left);
        let line = file.pieces.iter().position(|piece| left < piece.len() || { left -= piece.len(); false }).unwrap();
        let error = verify_bytes(format, &bytes, &file.note, signer(1).vkey(), None).unwrap_err();
        prop_assert_eq!(error.line(), Some(line as u64 + 1), "{}", error);
    }

    #[test]
    fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), note in "\\PC{0,40}", format in any_format()) {
        prop_assert!(verify_bytes(format, &bytes, &note, signer(1).vkey(), None).is_err());
    }
}

#[test]
fn the_file_has_this_form_for_ever() {
    let log = plain_log(&[("S01", 1)]);
    let file = export(&log, Format::Ndjson);
    let (leaf, hash) = &log.entries[0];
    assert_eq!(
        file.pieces[0],
        format!("{{\"entry\":{leaf},\"hash\":\"{}\"}}\n", hex(hash)).into_bytes()
    );
    assert!(file.pieces[1].starts_with(
        b"{\"manifest\":\"returndesk/audit-export v1\\nformat ndjson\\nentries 1\\nsha256 "
    ));
    let expected = format!(
        "stores *\nfrom -\nto -\nchain S01 1 {} 1 {}\n\n— desk.example ",
        hex(&Chain::new("S01").hash),
        hex(hash)
    );
    assert!(file.note.contains(&expected), "{}", file.note);
    let csv = export(&log, Format::Csv);
    assert_eq!(
        csv.pieces[0],
        b"v,store,seq,id,at,event,subject,operator,register,request_id,subject_id,data,hash\n"
    );
    let row = format!(
        "1,S01,1,00000000-0000-0000-0000-000000000001,2026-03-01T09:30:00.000001Z,return.recorded,,,,x,,\
         \"{{\"\"note\"\":\"\"x\"\",\"\"refund\"\":\"\"12.30\"\"}}\",{}\n",
        hex(hash)
    );
    assert_eq!(csv.pieces[1], row.into_bytes());
}

#[test]
fn an_empty_log_can_be_exported() {
    for format in [Format::Ndjson, Format::Csv] {
        assert_eq!(export(&plain_log(&[]), format).verify(None).unwrap().manifest.entries, 0);
    }
}

#[test]
fn another_key_s_signature_is_refused() {
    for format in [Format::Ndjson, Format::Csv] {
        let file = export(&plain_log(&[("A", 3)]), format);
        let error = verify_bytes(format, &file.pieces.concat(), &file.note, signer(2).vkey(), None)
            .unwrap_err();
        let refused = matches!(
            error,
            VerifyError::Manifest { error: ManifestError::Note(NoteError::NotSigned { .. }), .. }
        );
        assert!(refused, "{error}");
    }
}

#[test]
fn another_file_s_manifest_is_refused() {
    let (mine, theirs) = (
        export(&plain_log(&[("A", 3)]), Format::Csv),
        export(&plain_log(&[("A", 3)]), Format::Ndjson),
    );
    let error =
        verify_bytes(Format::Csv, &mine.pieces.concat(), &theirs.note, signer(1).vkey(), None)
            .unwrap_err();
    assert!(
        matches!(error, VerifyError::Manifest { error: ManifestError::Format(Format::Ndjson), .. }),
        "{error}"
    );
}

/// The fault as (line, store, seq, kind).
fn fault(result: Result<Verified, VerifyError>) -> (u64, String, u64, FaultKind) {
    match result {
        Err(VerifyError::Fault { line, fault }) => (line, fault.store, fault.seq, fault.kind),
        other => panic!("{other:?}"),
    }
}

#[test]
fn entries_made_up_by_someone_without_the_key_are_named() {
    let log = plain_log(&[("A", 4), ("B", 2)]);
    let mut file = export(&log, Format::Ndjson);
    let made_up = leaf("A", 3, "made up");
    let line = format!(
        "{{\"entry\":{made_up},\"hash\":\"{}\"}}\n",
        hex(&link(&log.entries[1].1, &made_up))
    );
    file.pieces.insert(2, line.into_bytes());
    assert_eq!(fault(file.verify(None)), (4, "A".into(), 3, FaultKind::Inserted));
    file.pieces.remove(3);
    assert_eq!(fault(file.verify(None)), (4, "A".into(), 4, FaultKind::Edited));
}

#[test]
fn a_store_hashed_again_without_the_key_is_found_at_its_head() {
    let mut file = export(&plain_log(&[("A", 3), ("B", 2)]), Format::Ndjson);
    let forged = export(
        &log_of(&vec![("A".into(), 0, vec!["x".into(), "y".into(), "x".into()])]),
        Format::Ndjson,
    );
    file.pieces[..3].clone_from_slice(&forged.pieces[..3]);
    assert_eq!(fault(file.verify(None)), (3, "A".into(), 3, FaultKind::HeadMismatch));
}

#[test]
fn a_log_rewritten_or_cut_and_signed_again_is_found_against_a_checkpoint() {
    let checkpoint = export(&plain_log(&[("A", 3), ("B", 2)]), Format::Ndjson).note;
    for format in [Format::Ndjson, Format::Csv] {
        let header = u64::from(format == Format::Csv);
        let against = |log: &Log| export(log, format).verify(Some(&checkpoint));
        assert!(against(&plain_log(&[("A", 5), ("B", 2), ("C", 1)])).is_ok());
        assert_eq!(
            fault(against(&plain_log(&[("A", 2), ("B", 2)]))),
            (3 + header, "A".into(), 3, FaultKind::Truncated)
        );
        assert_eq!(
            fault(against(&plain_log(&[("A", 3)]))),
            (4 + header, "B".into(), 1, FaultKind::Truncated)
        );
        let rewritten = log_of(&vec![
            ("A".into(), 0, vec!["y".into(); 5]),
            ("B".into(), 0, vec!["x".into(); 2]),
        ]);
        assert_eq!(
            fault(against(&rewritten)),
            (3 + header, "A".into(), 3, FaultKind::HeadMismatch)
        );
    }
}

#[test]
fn a_checkpoint_is_compared_as_far_as_the_signed_filter_reaches() {
    let checkpoint = export(&plain_log(&[("A", 3), ("B", 2)]), Format::Ndjson).note;
    let only = |store: &str| Filter { stores: Some(vec![store.to_owned()]), ..Filter::default() };
    let of_a = export_filtered(&plain_log(&[("A", 4)]), Format::Ndjson, only("A"));
    assert_eq!(of_a.verify(Some(&checkpoint)).unwrap().not_compared, ["B"]);
    let of_c = export_filtered(&plain_log(&[("C", 4)]), Format::Ndjson, only("C"));
    assert!(matches!(of_c.verify(Some(&checkpoint)), Err(VerifyError::Checkpoint(None))));
    let theirs =
        Manifest::parse(&(checkpoint.split("\n\n").next().unwrap().to_owned() + "\n")).unwrap();
    let other_key = theirs.sign(&signer(2)).unwrap();
    assert!(matches!(of_a.verify(Some(&other_key)), Err(VerifyError::Checkpoint(Some(_)))));
}

#[test]
fn a_damaged_log_is_not_signed() {
    let sound = plain_log(&[("A", 3)]);
    let refuse = |entries: &[(String, [u8; 32])]| {
        let mut writer = NdjsonWriter::new(Vec::new());
        let result = entries.iter().try_for_each(|(leaf, hash)| writer.entry(leaf, hash));
        result.unwrap_err().to_string()
    };
    let mut edited = sound.entries.clone();
    edited[1].0 = edited[1].0.replace("12.30", "99.30");
    assert!(refuse(&edited).contains("entry 2 of store \"A\" (edited)"));
    assert!(
        refuse(&[sound.entries[0].clone(), sound.entries[2].clone()])
            .contains("entry 2 of store \"A\" (missing)")
    );
    assert!(refuse(&sound.entries[1..]).contains("without the hash before it"));
}

type Spoil = fn(&mut Manifest);

#[test]
fn manifests_that_contradict_themselves_or_could_mislead_are_refused() {
    let file = export(&plain_log(&[("A", 3), ("B", 2)]), Format::Ndjson);
    let good = Manifest::open(&file.note, signer(1).vkey()).unwrap();
    let spoilt: [(&str, Spoil); 8] = [
        ("count", |m| m.entries += 1),
        ("store name", |m| m.chains[0].last.store = "A 1\nchain".into()),
        ("genesis", |m| m.chains[0].before[0] ^= 1),
        ("order", |m| m.chains.reverse()),
        ("store outside of the filter", |m| m.filter.stores = Some(vec!["A".into()])),
        ("the name for all", |m| m.filter.stores = Some(vec!["*".into()])),
        ("unsorted filter", |m| m.filter.stores = Some(vec!["B".into(), "A".into()])),
        ("no store", |m| m.filter.stores = Some(vec![])),
    ];
    for (what, spoil) in spoilt {
        let mut manifest = good.clone();
        spoil(&mut manifest);
        assert_eq!(manifest.sign(&signer(1)), Err(ManifestError::Text), "{what}");
        assert_ne!(Manifest::parse(&manifest.text()), Some(manifest), "{what}");
    }
    let at = |text: &str| Some(text.parse().unwrap());
    let filter = Filter {
        stores: Some(vec!["A".into(), "B".into()]),
        from: at("2026-03-01T00:00:00Z"),
        to: at("2026-04-01T00:00:00Z"),
    };
    let narrow = Manifest { filter, ..good };
    assert_eq!(Manifest::parse(&narrow.text()), Some(narrow));
}
