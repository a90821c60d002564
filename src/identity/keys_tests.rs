//! The key directory: made once, seen by all, refused when it is not safe.

use super::super::scratch::Scratch;
use super::*;
use std::os::unix::fs::PermissionsExt;

const START: &str = "2026-03-01T12:00:00Z";

fn clock() -> Clock {
    Clock::fixed(START.parse().unwrap())
}

fn later(clock: &Clock) {
    clock.set(clock.now() + jiff::SignedDuration::from_secs(1));
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn kids(store: &KeyStore) -> Vec<String> {
    store.list().unwrap().into_iter().map(|key| key.kid).collect()
}

fn jwks_kids(store: &KeyStore) -> Vec<String> {
    let document = store.jwks().unwrap();
    document["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn first_start_makes_files_that_only_the_owner_may_open() {
    let scratch = Scratch::new();
    let store = KeyStore::open_or_create(&scratch.path().join("data"), &clock()).unwrap();
    assert!(store.created());
    let mut modes: Vec<(String, u32)> = std::fs::read_dir(store.directory())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), mode(&path)))
        .collect();
    modes.sort();
    let pem = format!("{}.pem", kids(&store)[0]);
    let mut expected: Vec<_> = [pem.as_str(), "keys.json", "lock", "log.pem", "secret"]
        .map(|f| (f.to_owned(), 0o600))
        .into();
    expected.sort();
    assert_eq!(modes, expected);
    assert_eq!(mode(store.directory()), 0o700);
    assert_eq!(mode(&scratch.path().join("data")), 0o700);
}

#[test]
fn a_second_start_reads_what_the_first_made() {
    let scratch = Scratch::new();
    let first = KeyStore::open_or_create(scratch.path(), &clock()).unwrap();
    let second = KeyStore::open_or_create(scratch.path(), &clock()).unwrap();
    assert!(!second.created());
    assert_eq!(first.list(), second.list());
    assert_eq!(first.log_key().unwrap(), second.log_key().unwrap());
    assert_eq!(first.hasher().unwrap().hash("a", "b"), second.hasher().unwrap().hash("a", "b"));
}

#[test]
fn many_that_start_at_once_have_the_same_keys_and_one_made_them() {
    for _ in 0..20 {
        let scratch = Scratch::new();
        let stores: Vec<KeyStore> = std::thread::scope(|scope| {
            let start = || KeyStore::open_or_create(scratch.path(), &clock()).unwrap();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(start)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(stores.iter().filter(|store| store.created()).count(), 1);
        for store in &stores {
            assert_eq!(store.list(), stores[0].list());
            assert_eq!(store.log_key().unwrap(), stores[0].log_key().unwrap());
            assert_eq!(
                store.hasher().unwrap().hash("a", "b"),
                stores[0].hasher().unwrap().hash("a", "b")
            );
        }
    }
}

#[test]
fn a_first_start_that_was_cut_short_is_finished_by_the_next() {
    let scratch = Scratch::new();
    let secret = KeyStore::open_or_create(scratch.path(), &clock())
        .unwrap()
        .hasher()
        .unwrap()
        .hash("a", "b");
    std::fs::remove_file(scratch.keys("keys.json")).unwrap();
    std::fs::remove_file(scratch.keys("log.pem")).unwrap();
    let store = KeyStore::open_or_create(scratch.path(), &clock()).unwrap();
    assert!(store.created());
    assert_eq!(
        store.hasher().unwrap().hash("a", "b"),
        secret,
        "a secret that exists is never made anew"
    );
    assert_eq!(
        jwks_kids(&store).len(),
        1,
        "a key that the state file does not name does not count"
    );
}

#[test]
fn open_makes_nothing() {
    let scratch = Scratch::new();
    assert!(matches!(
        KeyStore::open(scratch.path(), &clock()),
        Err(KeyError::Io { kind: std::io::ErrorKind::NotFound, .. })
    ));
    assert!(!scratch.path().join("keys").exists());
    let nowhere = scratch.path().join("not/there");
    assert!(matches!(KeyStore::open_or_create(&nowhere, &clock()), Err(KeyError::Io { .. })));
}

#[test]
fn files_that_others_may_open_are_refused_and_the_message_says_what_to_do() {
    let scratch = Scratch::new();
    let kid = kids(&KeyStore::open_or_create(scratch.path(), &clock()).unwrap()).remove(0);
    for (file, wrong, right) in [
        ("secret", 0o640, 0o600),
        ("log.pem", 0o604, 0o600),
        ("keys.json", 0o666, 0o600),
        (&format!("{kid}.pem"), 0o620, 0o600),
        ("", 0o750, 0o700),
    ] {
        let path = if file.is_empty() { scratch.path().join("keys") } else { scratch.keys(file) };
        set_mode(&path, wrong);
        let error = KeyStore::open_or_create(scratch.path(), &clock()).unwrap_err();
        assert_eq!(error, KeyError::OpenToOthers { path: path.clone(), mode: wrong, right });
        let message = error.to_string();
        assert!(
            message.ends_with(&format!(
                "(mode {wrong:04o}); run: chmod {right:o} '{}'",
                path.display()
            )),
            "{message}"
        );
        set_mode(&path, right);
    }
    KeyStore::open_or_create(scratch.path(), &clock()).unwrap();
}

#[test]
fn rotation_and_retirement_reach_another_process_within_a_second() {
    let scratch = Scratch::new();
    let (ours, clock) = (KeyStore::open_or_create(scratch.path(), &clock()).unwrap(), clock());
    let running = KeyStore::open_or_create(scratch.path(), &clock).unwrap();
    let first = kids(&running).remove(0);

    let second = ours.rotate().unwrap();
    assert_eq!(jwks_kids(&running), [first.as_str()], "not looked at yet");
    later(&clock);
    assert_eq!(jwks_kids(&running), [second.clone(), first.clone()]);

    let before = running.generation().unwrap();
    assert_eq!(ours.retire(&first), Ok(Retired { active: second.clone(), made_new: false }));
    later(&clock);
    assert_eq!(jwks_kids(&running), [second.as_str()]);
    assert_ne!(running.generation().unwrap(), before);
    assert!(matches!(running.find(&first), Ok(Found::Retired)));
    assert!(!scratch.keys(&format!("{first}.pem")).exists(), "nothing that signs is left");

    let at = START.parse().unwrap();
    let info = |kid: &str, retired_at, active| KeyInfo {
        kid: kid.into(),
        created_at: at,
        retired_at,
        active,
    };
    assert_eq!(running.list().unwrap(), [info(&first, Some(at), false), info(&second, None, true)]);
}

#[test]
fn an_unknown_kid_is_looked_for_at_once_but_not_endlessly() {
    let scratch = Scratch::new();
    let ours = KeyStore::open_or_create(scratch.path(), &clock()).unwrap();
    let running = KeyStore::open_or_create(scratch.path(), &clock()).unwrap();
    let second = ours.rotate().unwrap();
    assert!(matches!(running.find(&second), Ok(Found::Key(..))));

    for _ in 0..100 {
        assert!(matches!(running.find("made-up"), Ok(Found::Unknown)));
    }
    let third = ours.rotate().unwrap();
    assert!(
        matches!(running.find(&third), Ok(Found::Unknown)),
        "the looks of this second are spent"
    );
}

#[test]
fn retiring_the_last_key_makes_another_and_twice_is_once() {
    let scratch = Scratch::new();
    let store = KeyStore::open_or_create(scratch.path(), &clock()).unwrap();
    let first = kids(&store).remove(0);
    let retired = store.retire(&first).unwrap();
    assert!(retired.made_new);
    assert_eq!(jwks_kids(&store), [retired.active.as_str()]);
    assert_eq!(store.retire(&first), Ok(Retired { active: retired.active, made_new: false }));
    assert_eq!(store.retire("../secret"), Err(KeyError::UnknownKid("../secret".into())));
}

#[test]
fn keys_that_cannot_be_read_any_more_are_refused_until_they_can() {
    let scratch = Scratch::new();
    let clock = clock();
    let store = KeyStore::open_or_create(scratch.path(), &clock).unwrap();
    let away = scratch.path().join("away");
    std::fs::rename(store.directory(), &away).unwrap();
    later(&clock);
    assert!(
        store.health().is_err()
            && store.jwks().is_err()
            && store.hasher().is_err()
            && store.log_key().is_err()
    );
    assert!(store.sign("at+jwt", &()).is_err() && store.find("x").is_err());
    std::fs::rename(&away, store.directory()).unwrap();
    later(&clock);
    assert_eq!(store.health(), Ok(()));

    let path = scratch.keys("secret");
    set_mode(&path, 0o644);
    later(&clock);
    assert_eq!(
        store.health(),
        Err(KeyError::OpenToOthers { path: path.clone(), mode: 0o644, right: 0o600 })
    );
    set_mode(&path, 0o600);
    later(&clock);
    assert_eq!(store.health(), Ok(()));

    let secret = std::fs::read(&path).unwrap();
    std::fs::write(&path, [0; 32]).unwrap();
    later(&clock);
    assert_eq!(
        store.health(),
        Err(KeyError::Exchanged { path: path.clone() }),
        "cards hashed before could not be found"
    );
    std::fs::write(&path, secret).unwrap();
    later(&clock);
    assert_eq!(store.health(), Ok(()));
}

#[test]
fn a_key_whose_file_was_lost_stops_everything_and_can_be_retired() {
    let scratch = Scratch::new();
    let clock = clock();
    let store = KeyStore::open_or_create(scratch.path(), &clock).unwrap();
    let kid = kids(&store).remove(0);
    std::fs::remove_file(scratch.keys(&format!("{kid}.pem"))).unwrap();
    later(&clock);
    assert!(store.health().is_err());
    assert!(store.retire(&kid).unwrap().made_new);
    assert_eq!(store.health(), Ok(()));
}

#[test]
fn a_key_under_a_false_name_is_refused() {
    let scratch = Scratch::new();
    let kid = kids(&KeyStore::open_or_create(scratch.path(), &clock()).unwrap()).remove(0);
    std::fs::copy(scratch.keys("log.pem"), scratch.keys(&format!("{kid}.pem"))).unwrap();
    assert!(matches!(KeyStore::open(scratch.path(), &clock()), Err(KeyError::Damaged { .. })));
}

#[test]
fn readers_never_see_a_half_made_change() {
    let scratch = Scratch::new();
    let writer = KeyStore::open_or_create(scratch.path(), &clock()).unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..30 {
                let old = kids(&writer).pop().unwrap();
                writer.rotate().unwrap();
                writer.retire(&old).unwrap();
            }
            done.store(true, std::sync::atomic::Ordering::SeqCst);
        });
        while !done.load(std::sync::atomic::Ordering::SeqCst) {
            KeyStore::open(scratch.path(), &clock()).unwrap();
        }
    });
}

#[test]
fn the_published_set_names_public_halves_only() {
    let scratch = Scratch::new();
    let store = KeyStore::open_or_create(scratch.path(), &clock()).unwrap();
    let x = URL_SAFE_NO_PAD.encode(store.current().unwrap().keys[0].public);
    let expected = serde_json::json!({ "keys": [
        { "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": kids(&store)[0], "x": x } ] });
    assert_eq!(store.jwks().unwrap(), expected);
    assert!(
        super::super::jwks::parse(expected.to_string().as_bytes()).is_ok(),
        "another service could trust it"
    );
}
