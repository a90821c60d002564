//! Disks that are full, fail, or take no writes: what cannot be written is answered 503 and not
//! half done, reads go on, and when there is room again everything goes on without a restart.

use crate::http::Client;
use crate::instances::Folder;
use crate::registers::Registers;
use crate::server::{Server, free_address};
use crate::shop::Shop;
use crate::support::{TestDb, databases, not_tested};
use returndesk::store::Backend;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A small disk of the test's own, which it can fill.
struct Disk(Folder);

impl Disk {
    /// Mounts one, where the tests may.
    fn of(megabytes: u32) -> Option<Disk> {
        let folder = Folder::new();
        let size = format!("size={megabytes}m");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(folder.path())
            .output();
        if !mounted.is_ok_and(|output| output.status.success()) {
            not_tested(
                "NO DISK WAS FILLED: the tests may not mount one; run them as root for that",
            );
            return None;
        }
        Some(Disk(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Leaves no room on it until what is answered is removed.
    fn fill(&self) -> std::path::PathBuf {
        let path = self.path().join("ballast");
        let mut file = std::fs::File::create(&path).unwrap();
        for piece in [65_536, 512] {
            while file.write(&vec![7; piece]).is_ok_and(|written| written > 0) {}
        }
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).output();
    }
}

/// Fills the disk under the load of all registers, makes room again, and judges.
fn fill_and_make_room(disk: &Disk, database: &TestDb) {
    let shop = Shop::on(database);
    let server = Server::run(shop.plan());
    let registers = Registers::new(&shop, &[server.address()]);
    registers.run_while(|| registers.wait_for_more(30));
    let ballast = disk.fill();
    // Whatever room the database had kept for itself is used up sooner or later.
    let refused = (0..2_000).find_map(|number| {
        let answer = registers.ask_once(&format!("till-full-{number}"), 1, 1).expect("an answer");
        (!matches!(answer.status, 201 | 422)).then_some(answer)
    });
    let refused = refused.expect("a disk without room takes no writes");
    assert_eq!(
        (refused.status, refused.json()["code"].as_str()),
        (503, Some("unavailable")),
        "{refused:?}"
    );
    assert!(refused.header("retry-after").is_some());
    let mut client = Client::connect(server.address(), &shop.token).unwrap();
    let sale = format!("/v1/sales/{}", shop.sales[0]);
    for path in ["/healthz", "/readyz", "/metrics", &sale, "/v1/returns?limit=500"] {
        assert_eq!(client.get(path).unwrap().status, 200, "{path}");
    }
    std::fs::remove_file(ballast).unwrap();
    registers.run_while(|| registers.wait_for_more(50));
    registers.judge(&database.open());
}

#[test]
fn a_full_disk_under_sqlite_loses_nothing() {
    let Some(disk) = Disk::of(16) else { return };
    fill_and_make_room(&disk, &TestDb::sqlite_in(disk.path()));
}

/// A tablespace of its own: the server's log must not be what fills up, or the server stops.
#[test]
fn a_full_disk_under_postgres_loses_nothing() {
    for database in databases().iter().filter(|database| database.backend() == Backend::Postgres) {
        let Some(disk) = Disk::of(24) else { return };
        let owner = Command::new("chown").arg("postgres").arg(disk.path()).output();
        let name = format!("space_{:x}", rand::random::<u32>());
        let place = format!("CREATE TABLESPACE {name} LOCATION '{}'", disk.path().display());
        if !owner.is_ok_and(|output| output.status.success()) || database.run_sql(&place).is_err() {
            not_tested(
                "NO DISK WAS FILLED UNDER POSTGRESQL: its server is not one of this machine",
            );
            return;
        }
        let small = format!("small_{:x}", rand::random::<u32>());
        database.run_sql(&format!("CREATE DATABASE {small} TABLESPACE {name}")).unwrap();
        let url = database.url().rsplit_once('/').unwrap().0;
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            fill_and_make_room(&disk, &TestDb::postgres_at(&format!("{url}/{small}")));
        }));
        database.run_sql(&format!("DROP DATABASE {small} WITH (FORCE)")).unwrap();
        database.run_sql(&format!("DROP TABLESPACE {name}")).unwrap();
        result.unwrap();
    }
}

/// No file may grow beyond two mebibytes: the write-ahead log cannot be continued, in the middle of
/// a page or at its end.
#[test]
fn a_disk_that_fails_loses_nothing_that_was_answered() {
    let database = TestDb::sqlite();
    let shop = Shop::on(&database);
    let registers = {
        let server = Server::run(shop.plan().before("trap '' XFSZ; ulimit -f 4096"));
        let registers = Registers::new(&shop, &[server.address()]);
        let failed = (0..5_000).find_map(|number| {
            let answer = registers.ask_once(&format!("till-{number}"), 1, 1).expect("an answer");
            (!matches!(answer.status, 201 | 422)).then_some(answer)
        });
        let failed = failed.expect("a log that cannot grow takes no commits");
        assert_eq!(
            (failed.status, failed.json()["code"].as_str()),
            (503, Some("unavailable")),
            "{failed:?}"
        );
        let mut client = Client::connect(server.address(), &shop.token).unwrap();
        assert_eq!(client.get("/v1/returns?limit=500").unwrap().status, 200);
        registers
    };
    // On a disk that works again, everything that was answered is there.
    let server = Server::run(shop.plan());
    let registers = registers.moved_to(server.address());
    registers.run_while(|| registers.wait_for_more(30));
    registers.judge(&database.open());
}

/// A file system on a file, which can be made to find itself broken, as a disk does that fails: it
/// turns read-only while files are open on it.
struct Breakable {
    folder: Folder,
    image: PathBuf,
}

impl Breakable {
    /// Makes and mounts one, where the tests may.
    fn new() -> Option<Breakable> {
        let folder = Folder::new();
        let image = folder.path().with_extension("image");
        let file = std::fs::File::create(&image).unwrap();
        file.set_len(64 << 20).unwrap();
        let disk = Breakable { folder, image };
        let made = done(Command::new("mkfs.ext4").arg("-q").arg(&disk.image));
        if made && disk.mount() && disk.trigger().is_some() {
            return Some(disk);
        }
        not_tested(
            "NO DISK TURNED READ-ONLY: the tests may not make and mount a file system of ext4; run them as root for that",
        );
        None
    }

    fn mount(&self) -> bool {
        let options = ["-o", "loop,errors=remount-ro"];
        done(Command::new("mount").args(options).arg(&self.image).arg(self.folder.path()))
    }

    /// The file by which the kernel is told that the file system is broken.
    fn trigger(&self) -> Option<PathBuf> {
        let source = Command::new("findmnt")
            .args(["-n", "-o", "SOURCE"])
            .arg(self.folder.path())
            .output()
            .ok()?;
        let device = String::from_utf8(source.stdout).ok()?;
        let trigger = Path::new("/sys/fs/ext4")
            .join(Path::new(device.trim()).file_name()?)
            .join("trigger_fs_error");
        trigger.exists().then_some(trigger)
    }

    fn turn_read_only(&self) {
        std::fs::write(self.trigger().unwrap(), "1").unwrap();
        assert!(
            std::fs::File::create(self.folder.path().join("trial")).is_err(),
            "the disk takes no more writes"
        );
    }

    /// Checked and mounted anew, as after a restart of the machine.
    fn mend(&self) {
        assert!(done(Command::new("umount").arg(self.folder.path())), "nobody uses it any more");
        // 1: faults were found and mended.
        let mended =
            Command::new("fsck.ext4").args(["-p", "-f"]).arg(&self.image).output().unwrap();
        assert!(mended.status.code().is_some_and(|code| code <= 1), "{mended:?}");
        assert!(self.mount());
    }
}

impl Drop for Breakable {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.folder.path()).output();
        let _ = std::fs::remove_file(&self.image);
    }
}

fn done(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

#[test]
fn a_disk_that_turns_read_only_loses_nothing_that_was_answered() {
    let Some(disk) = Breakable::new() else { return };
    let database = TestDb::sqlite_in(disk.folder.path());
    let shop = Shop::on(&database);
    let registers = {
        let server = Server::run(shop.plan());
        let registers = Registers::new(&shop, &[server.address()]);
        registers.run_while(|| registers.wait_for_more(50));
        disk.turn_read_only();
        for number in 0..20 {
            let answer =
                registers.ask_once(&format!("till-broken-{number}"), 1, 1).expect("an answer");
            assert_eq!(
                (answer.status, answer.json()["code"].as_str()),
                (503, Some("unavailable")),
                "{answer:?}"
            );
        }
        let mut client = Client::connect(server.address(), &shop.token).unwrap();
        let sale = format!("/v1/sales/{}", shop.sales[0]);
        for path in ["/healthz", "/metrics", &sale, "/v1/returns?limit=500"] {
            assert_eq!(client.get(path).unwrap().status, 200, "{path}");
        }
        registers
    };
    disk.mend();
    let server = Server::run(shop.plan());
    let registers = registers.moved_to(server.address());
    registers.run_while(|| registers.wait_for_more(50));
    registers.judge(&database.open());
}

/// A service that cannot write says so and ends, rather than begin to serve.
#[test]
fn a_database_that_cannot_be_written_is_not_served() {
    let database = TestDb::sqlite();
    let shop = Shop::on(&database);
    let folder = database.folder().unwrap();
    let Some(_guard) = ReadOnly::make(folder) else { return };
    let ended = shop.plan().spawn(free_address()).wait().unwrap();
    let said = std::fs::read_to_string(shop.home.path().join("stderr")).unwrap();
    assert_eq!(ended.code(), Some(3), "{said}");
    let told = said.lines().last().unwrap();
    assert!(told.contains("takes no writes"), "{said}");
}

/// Nothing can be written in a folder until this is dropped.
enum ReadOnly<'a> {
    Mounted(&'a Path),
    Modes(&'a Path),
}

impl ReadOnly<'_> {
    /// By a mount, or by its modes, which do not bind root.
    fn make(folder: &Path) -> Option<ReadOnly<'_>> {
        use std::os::unix::fs::PermissionsExt;
        let mount = |arguments: &[&str]| {
            let done = Command::new("mount").args(arguments).arg(folder).output();
            done.is_ok_and(|output| output.status.success())
        };
        let name = folder.to_str().unwrap();
        if mount(&["--bind", name]) {
            let made = ReadOnly::Mounted(folder);
            if mount(&["-o", "remount,ro,bind"]) {
                return Some(made);
            }
            not_tested("NO READ-ONLY DISK WAS TRIED: a folder cannot be mounted read-only here");
            return None;
        }
        std::fs::set_permissions(folder.join("test.db"), std::fs::Permissions::from_mode(0o400))
            .unwrap();
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o500)).unwrap();
        if std::fs::File::create(folder.join("trial")).is_ok() {
            not_tested("NO READ-ONLY DISK WAS TRIED: modes do not bind this user");
            return None;
        }
        Some(ReadOnly::Modes(folder))
    }
}

impl Drop for ReadOnly<'_> {
    fn drop(&mut self) {
        use std::os::unix::fs::PermissionsExt;
        match self {
            ReadOnly::Mounted(folder) => drop(Command::new("umount").arg(folder).output()),
            ReadOnly::Modes(folder) => {
                let _ = std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700));
            }
        }
    }
}
