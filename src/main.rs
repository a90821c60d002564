//! The binary: hands the command line and the settings to the `cli` room, which does all the rest.

use returndesk::cli;
use returndesk::config::Config;
use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run(std::env::args_os(), Config::from_environment())
}
