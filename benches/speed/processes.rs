//! Processor time, as the kernel counts it, of the processes that take part.

use std::fs;

/// Seconds of processor time spent, user and system together.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spent {
    /// The service, or whatever stands in for it.
    pub service: f64,
    /// PostgreSQL and all its children; 0 where the database is SQLite, which works inside the
    /// service.
    pub database: f64,
    /// This process: the load generator.
    pub generator: f64,
}

impl Spent {
    pub fn since(self, before: Spent) -> Spent {
        Spent {
            service: self.service - before.service,
            database: self.database - before.database,
            generator: self.generator - before.generator,
        }
    }
}

/// The processes looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Watched {
    pub service: Option<u32>,
    /// The postmaster; its children are found below it.
    pub postmaster: Option<u32>,
}

impl Watched {
    pub fn spent(self) -> Spent {
        Spent {
            service: self.service.and_then(time_of).map_or(0.0, |time| time.own),
            database: self.postmaster.map_or(0.0, family),
            generator: time_of(std::process::id()).map_or(0.0, |time| time.own),
        }
    }
}

struct Time {
    parent: u32,
    own: f64,
    /// Of children that have ended and were waited for.
    ended_children: f64,
}

/// A process and its children. One that ends meanwhile is counted as an ended child of its parent.
fn family(parent: u32) -> f64 {
    let Ok(entries) = fs::read_dir("/proc") else { return 0.0 };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let children: f64 =
        pids.filter_map(time_of).filter(|time| time.parent == parent).map(|time| time.own).sum();
    children + time_of(parent).map_or(0.0, |time| time.own + time.ended_children)
}

/// `/proc/PID/stat`: after the name in parentheses, parent is the 2nd field, times the 12th to
/// 15th, in hundredths.
fn time_of(pid: u32) -> Option<Time> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks =
        |place: usize| fields.get(place)?.parse::<u32>().ok().map(|ticks| f64::from(ticks) / 100.0);
    Some(Time {
        parent: fields.get(1)?.parse().ok()?,
        own: ticks(11)? + ticks(12)?,
        ended_children: ticks(13)? + ticks(14)?,
    })
}

/// Resident memory of a process: anonymous, and mapped from files.
pub fn resident_mib(pid: u32) -> [u64; 2] {
    let told = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    ["RssAnon:", "RssFile:"].map(|name| {
        let line = told.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        let kib = line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok());
        kib.unwrap_or_default() >> 10
    })
}

/// All of the machine's memory.
pub fn memory_mib() -> u64 {
    let told = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    told.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) >> 10
}

/// What the figures depend on: processors, memory, kernel.
pub fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpu_info = read("/proc/cpuinfo");
    let field = |name: &str| {
        let line = cpu_info.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_once(':')).map_or("?", |(_, value)| value.trim()).to_owned()
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = memory_mib() >> 10;
    let kernel = read("/proc/sys/kernel/osrelease");
    let load = read("/proc/loadavg");
    let load = load.split_whitespace().next().unwrap_or("?").to_owned();
    format!(
        "{cores} × {}, {} GiB, Linux {}, load average at the start {load}",
        field("model name"),
        memory,
        kernel.trim(),
    )
}
