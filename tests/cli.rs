//! The built binary, as whoever runs it sees it: exit status, stdout, stderr and the files it
//! leaves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // functions that only these tests call

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder of its own, removed when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path =
            std::env::temp_dir().join(format!("returndesk-cli-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).unwrap();
        Folder(path)
    }

    fn file(&self, name: &str, text: &str) -> String {
        fs::write(self.0.join(name), text).unwrap();
        self.path(name)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    /// Runs the binary here, with a data directory of its own and nothing of this machine's
    /// environment.
    fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_returndesk"));
        command
            .env_clear()
            .env("RETURNDESK_DATA_DIR", self.path("data"))
            .current_dir(&self.0)
            .args(arguments);
        Ran::from(command.output().unwrap())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[derive(Debug)]
struct Ran {
    status: i32,
    out: String,
    err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Ran {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran {
            status: output.status.code().unwrap(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}

impl Ran {
    #[track_caller]
    fn gives(self, status: i32) -> Ran {
        assert_eq!(self.status, status, "{self:?}");
        self
    }
}

const RETAIL: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n\
    536365,85123A,HANGING HEART,2,2010-12-01 08:26:00,2.55,17850,United Kingdom\n\
    536365,71053,LANTERN,6,2010-12-01 08:26:00,3.39,17850,United Kingdom\n\
    C536379,D,Discount,-1,2010-12-01 09:41:00,27.50,14527,United Kingdom\n\
    536366,22633,HAND WARMER,6,2010-12-01 08:28:00,1.85,17850,United Kingdom\n";

fn sale(receipt: &str, total: &str) -> String {
    let head = r#""store":"UK1","register":"1","business_date":"2011-01-05","sold_at":"2011-01-05T10:00:00+00:00""#;
    let terms = r#""operator":"7","channel":"store","currency":"GBP","prices_include_tax":true"#;
    let lines = r#""lines":[{"line":1,"sku":"A1","quantity":"1","unit_price":"5.00","net":"5.00","taxes":[]}]"#;
    let tenders = format!(r#""tenders":[{{"tender":1,"type":"cash","amount":"{total}"}}]"#);
    format!(r#"{{{head},"receipt":"{receipt}",{terms},{lines},{tenders},"total":"{total}"}}"#)
}

/// A folder whose database has a store and three sales.
fn shop(name: &str) -> Folder {
    let folder = Folder::new(name);
    let retail = folder.file("retail.csv", RETAIL);
    // The credit is no sale: it is named, and the answer is no.
    let ran = folder.run(&["import", &retail, "--from", "online-retail"]).gives(1);
    assert!(ran.out.starts_with("2 recorded, 0 known before, 0 refused"), "{ran:?}");
    assert!(
        ran.err.contains("Added store UK1") && ran.err.contains("1 passed over: credits"),
        "{ran:?}"
    );
    folder
}

fn log_key(folder: &Folder) -> String {
    let keys = folder.run(&["keys", "list"]).gives(0);
    let line = keys.out.lines().last().unwrap();
    line.split_once(": ").unwrap().1.to_owned()
}

#[test]
fn a_token_makes_keys_and_prints_nothing_but_itself() {
    let folder = Folder::new("token");
    let token = [
        "token",
        "--role",
        "manager",
        "--role",
        "cashier",
        "--store",
        "0042",
        "--operator",
        "2001",
        "--ttl",
        "30m",
    ];
    let ran = folder.run(&token).gives(0);
    assert_eq!((ran.out.lines().count(), ran.out.trim().split('.').count()), (1, 3), "{ran:?}");
    assert!(ran.err.contains("Made the service's keys"), "{ran:?}");
    assert!(folder.0.join("data/keys/keys.json").exists());
    assert_eq!(folder.run(&token).gives(0).err, "");
    for wrong in [["--ttl", "8"], ["--role", "boss"], ["--store", "a b"]] {
        folder.run(&[&token[..], &wrong].concat()).gives(2);
    }
    for (option, value, why) in [
        ("--operator", "2001\u{200b}", "it must have 1 to 64 of A-Z"),
        ("--operator", "service", "the service itself uses that name"),
        ("--register", "3\u{85}", "it must have 1 to 64 of A-Z"),
        ("--store", "..", "the service itself uses that name"),
    ] {
        let given = |name| if name == option { value } else { "1" };
        let names = ["--operator", "--register", "--store"].map(|name| [name, given(name)]);
        let ran = folder.run(&[&["token", "--role", "manager"][..], &names.concat()].concat());
        assert!(ran.err.contains(why), "{option} {value:?}: {ran:?}");
        assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{option} {value:?}");
    }
}

#[test]
fn keys_are_listed_rotated_and_retired_and_the_log_is_told() {
    let folder = shop("keys");
    let first = folder.run(&["keys", "list"]).gives(0).out[..16].to_owned();
    let second = folder.run(&["keys", "rotate"]).gives(0).out.trim().to_owned();
    let listed = folder.run(&["keys", "list"]).gives(0).out;
    let states: Vec<&str> =
        listed.lines().take(2).filter_map(|line| line.split("  ").last()).collect();
    assert_eq!(states, ["verifies", "signs"], "{listed}");
    folder.run(&["keys", "retire", &first]).gives(0);
    folder.run(&["keys", "retire", &second]).gives(0);
    folder.run(&["keys", "retire", "nosuchkey"]).gives(2);
    let export = folder.run(&["audit", "export", "--output", "-"]).gives(0).out;
    let told = |event: &str| export.matches(&format!("\"event\":\"{event}\"")).count();
    assert_eq!(
        (told("key.created"), told("key.rotated"), told("key.retired")),
        (3, 1, 2),
        "{export}"
    );
}

#[test]
fn a_bad_line_is_named_and_the_rest_is_recorded_once() {
    let folder = shop("import");
    let lines = [
        sale("R-1", "5.00"),
        "{\"store\":".into(),
        String::new(),
        sale("R-2", "6.00"),
        sale("R-3", "5.00"),
    ];
    let file = folder.file("sales.ndjson", &lines.join("\n"));
    let ran = folder.run(&["import", &file]).gives(1);
    assert!(ran.out.starts_with("2 recorded, 0 known before, 2 refused"), "{ran:?}");
    assert!(ran.err.contains("line 2: ") && ran.err.contains("line 4: "), "{ran:?}");
    assert!(ran.err.contains("1 does_not_add_up"), "{ran:?}");
    let again = folder.run(&["import", &file]).gives(1);
    assert!(again.out.starts_with("0 recorded, 2 known before, 2 refused"), "{again:?}");
    folder.run(&["import", "nosuchfile"]).gives(3);
    folder.run(&["import", &file, "--store", "UK1"]).gives(2);
}

#[test]
fn a_policy_is_linted_and_published_by_two_people() {
    let folder = Folder::new("policy");
    let rule = |set: &str| {
        format!(
            r#"{{"currency":"USD","governed_by":"sale","rules":[{{"id":"all","when":{{}},"set":{set}}}]}}"#
        )
    };
    let good = folder.file(
        "good.json",
        &rule(r#"{"window":{"days":30,"after":"refuse"},"conditions":["unopened"],"refund_to":{"*":["original"]}}"#),
    );
    let bad = folder.file("bad.json", &rule(r#"{"window":{"days":"soon"},"colour":"red"}"#));
    folder.run(&["policy", "lint", &good]).gives(0);
    let linted = folder.run(&["policy", "lint", &bad]).gives(1);
    assert!(
        linted.out.contains("/rules/0/set/colour")
            && linted.out.contains("/rules/0/set/window/days"),
        "{linted:?}"
    );
    let publish = |file: &str, publisher: &str| {
        folder.run(&["policy", "publish", file, "--author", "5001", "--publisher", publisher])
    };
    publish(&bad, "5002").gives(1);
    publish(&good, "5001").gives(2);
    let ran = publish(&good, "5002").gives(0);
    assert_eq!(
        ran.out.lines().last(),
        Some("Published version 2 of standard, effective at once."),
        "{ran:?}"
    );
}

#[test]
fn an_export_verifies_and_a_changed_byte_is_named() {
    let folder = shop("audit");
    let (key, file) = (log_key(&folder), folder.path("log.ndjson"));
    folder.run(&["audit", "export", "--output", &file]).gives(0);
    let verify = |file: &str, key: &str| folder.run(&["audit", "verify", file, "--key", key]);
    let ran = verify(&file, &key).gives(0);
    assert!(ran.out.contains("holds") && ran.out.contains("store UK1: entries 1 to 3"), "{ran:?}");

    let text = fs::read_to_string(&file).unwrap();
    let altered = folder
        .file("altered.ndjson", &text.replacen("\"total\":\"25.44\"", "\"total\":\"25.45\"", 1));
    assert_ne!(fs::read_to_string(&altered).unwrap(), text);
    let ran = verify(&altered, &key).gives(1);
    assert!(ran.err.contains("of store \"UK1\" (edited)") && ran.err.contains("line "), "{ran:?}");
    let cut = folder.file("cut.ndjson", &text[..text.trim_end().rfind('\n').unwrap() + 1]);
    verify(&cut, &key).gives(1);

    folder
        .run(&[
            "token",
            "--role",
            "admin",
            "--store",
            "*",
            "--operator",
            "1",
            "--data-dir",
            "other",
        ])
        .gives(0);
    let other = folder.run(&["keys", "list", "--data-dir", "other"]).gives(0).out;
    verify(&file, other.trim().rsplit(' ').next().unwrap()).gives(1);
    verify("nosuchfile", &key).gives(3);
    verify(&file, "no+vkey").gives(2);
}

#[test]
fn one_store_gives_the_same_bytes_again_and_csv_has_its_manifest_beside_it() {
    let folder = shop("csv");
    let key = log_key(&folder);
    let export = |name: &str| {
        let file = folder.path(name);
        folder
            .run(&["audit", "export", "--format", "csv", "--store", "UK1", "--output", &file])
            .gives(0);
        file
    };
    let (first, second) = (export("a.csv"), export("b.csv"));
    assert_eq!(fs::read(&first).unwrap(), fs::read(&second).unwrap());
    assert_eq!(
        fs::read(format!("{first}.manifest")).unwrap(),
        fs::read(format!("{second}.manifest")).unwrap()
    );
    folder
        .run(&[
            "audit",
            "verify",
            &first,
            "--key",
            &key,
            "--checkpoint",
            &format!("{second}.manifest"),
        ])
        .gives(0);
    fs::remove_file(format!("{first}.manifest")).unwrap();
    folder.run(&["audit", "verify", &first, "--key", &key]).gives(3);
    folder.run(&["audit", "export", "--format", "csv", "--output", "-"]).gives(2);
}

#[test]
fn the_log_is_verified_where_it_lives() {
    let folder = shop("database");
    let url = format!("sqlite://{}", folder.path("data/returndesk.db"));
    let file = folder.path("log.ndjson");
    folder.run(&["audit", "export", "--output", &file]).gives(0);
    let ran = folder.run(&["audit", "verify", "--database", &url]).gives(0);
    assert!(ran.out.contains("store UK1: entries 1 to 3"), "{ran:?}");
    let key = log_key(&folder);
    folder
        .run(&["audit", "verify", "--database", &url, "--checkpoint", &file, "--key", &key])
        .gives(0);
    folder.run(&["audit", "verify", "--database", &format!("{url}.other")]).gives(2);
    assert!(
        !Path::new(&folder.path("data/returndesk.db.other")).exists(),
        "looking must not make a database"
    );
}

#[test]
fn wrong_use_is_two_and_help_is_none() {
    let folder = Folder::new("use");
    for wrong in [
        &[][..],
        &["sell"],
        &["audit", "verify"],
        &["audit", "verify", "file"],
        &["serve", "--bind", "here"],
    ] {
        folder.run(wrong).gives(2);
    }
    folder.run(&["migrate", "--database", "mysql://h/d"]).gives(2);
    assert!(folder.run(&["--help"]).gives(0).out.contains("returndesk"));
    let migrated = folder.run(&["migrate"]).gives(0);
    assert!(migrated.out.contains("Applied"), "{migrated:?}");
    assert!(folder.run(&["migrate"]).gives(0).out.contains("up to date"));
}

#[test]
fn the_demo_walks_to_its_end() {
    let folder = Folder::new("demo");
    let demo = ["demo", "--exit", "--bind", "127.0.0.1:0", "--sales", "200"];
    let ran = folder.run(&demo).gives(0);
    let steps = ran.out.lines().filter(|line| line.starts_with("━━")).count();
    assert_eq!(steps, 12, "{}", ran.out);
    assert!(
        ran.out.contains("Idempotent-Replayed: true") && ran.out.contains("(edited)"),
        "{}",
        ran.out
    );
    folder.run(&demo).gives(0);
    fs::create_dir(folder.0.join("precious")).unwrap();
    folder.file("precious/file", "x");
    folder.run(&[&demo[..], &["--data-dir", "precious"]].concat()).gives(2);
    assert!(folder.0.join("precious/file").exists());
}
