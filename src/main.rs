//! The binary: hands the command line and the settings to the `cli` room, which does all the rest.

use returndesk::cli;
use returndesk::config::Config;
use std::process::ExitCode;

/// Half of what a return costs the service is many small pieces of memory: this one takes a fifth
/// less than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run(std::env::args_os(), Config::from_environment())
}
