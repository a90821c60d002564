//! How fast the service is, measured against what its databases can do on the same machine in the
//! same run.
//!
//! `cargo bench` prints the tables of `docs/performance.md`; `cargo bench -- --help` tells the
//! options.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::float_arithmetic)] // a bench may stop where it stands
#![allow(clippy::disallowed_methods)] // it reads arguments and folders like any program

mod bare;
mod database;
mod growth;
mod load;
mod measure;
mod no_op;
mod options;
mod plain_postgres;
mod plain_sqlite;
mod processes;
mod report;
mod samples;
mod service;
mod shop;
mod transfer;

use database::{Cluster, Database};
use measure::Bench;
use options::Options;
use service::Folder;
use std::path::Path;

/// The service's own: the bare batch loop runs in this process.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, address, home] = arguments.as_slice()
        && first == "no-op-server"
    {
        return no_op::serve(address, Path::new(home));
    }
    let options = match Options::read(arguments.into_iter()) {
        Ok(options) => options,
        Err(told) => return println!("{told}"),
    };
    println!(
        "{}; {} rounds, {} returns each.",
        processes::machine(),
        options.rounds,
        options.returns
    );
    if options.sqlite {
        measure(&options, &|folder, name| Database::sqlite(folder, name));
    }
    if options.postgres {
        let cluster = Cluster::given_or_started(options.postgres_url.as_deref(), options.tuned);
        if !options.young {
            measure(&options, &|_, name| Database::postgres(&cluster.url, name));
        }
        if options.young || options.growth.is_empty() && !options.quick {
            young(&options, &Database::postgres(&cluster.url, "young"));
        }
    }
}

fn young(options: &Options, database: &Database) {
    let folder = Folder::new();
    eprintln!("{}, young", database.name);
    let mut bench = Bench::open(options, database, &folder);
    bench.young();
    bench.report.print(&format!("{}, from the first return on", database.version()));
}

fn measure(options: &Options, new: &dyn Fn(&Folder, &str) -> Database) {
    let folder = Folder::new();
    let database = new(&folder, "bench");
    eprintln!("{}", database.name);
    let mut bench = Bench::open(options, &database, &folder);
    if options.growth.is_empty() {
        bench.all();
    } else {
        let folder = Folder::new();
        let database = new(&folder, "small");
        growth::measure(&mut bench, &mut Bench::open(options, &database, &folder));
    }
    bench.report.print(&database.version());
}
