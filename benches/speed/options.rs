//! What the command line asks for.

/// How much is measured.
#[derive(Clone, Debug)]
pub struct Options {
    /// How often everything is measured; medians are shown.
    pub rounds: usize,
    /// Returns recorded in one measurement at 64 connections; the others follow from it.
    pub returns: usize,
    /// Returns that lie in the database before anything is measured, in thousands of the growth
    /// table; empty: no growth.
    pub growth: Vec<usize>,
    pub sqlite: bool,
    pub postgres: bool,
    /// A PostgreSQL that is there already, instead of one that is started for the run.
    pub postgres_url: Option<String>,
    /// That one with the settings of docs/operating.md.
    pub tuned: bool,
    /// Only the write path, in one round: for work on it.
    pub quick: bool,
    /// The young PostgreSQL database, and nothing else.
    pub young: bool,
    /// Writing threads, as `desk.writers` of the service; 0: its default.
    pub writers: usize,
}

const HELP: &str = "\
cargo bench [-- OPTIONS]

  --long              five rounds of three times the size (about forty minutes)
  --quick             one round, record alone
  --growth N[,N…]     the same rates at N recorded returns, e.g. 10000,1000000,5000000, besides nothing else
  --young             a PostgreSQL database from its first return on, never analyzed, besides nothing else
  --only sqlite|postgres
  --postgres URL      use this PostgreSQL (its database is filled); without it one is started
  --tuned             the one that is started has the settings of docs/operating.md, not the distribution's
  --rounds N, --returns N, --writers N
";

impl Options {
    /// Reads the arguments; `Err` is what to tell instead of measuring.
    pub fn read(arguments: impl Iterator<Item = String>) -> Result<Options, String> {
        let mut options = Options {
            rounds: 3,
            returns: 8_000,
            growth: Vec::new(),
            sqlite: true,
            postgres: true,
            postgres_url: None,
            tuned: false,
            quick: false,
            young: false,
            writers: 0,
        };
        let mut arguments = arguments.peekable();
        while let Some(argument) = arguments.next() {
            let mut value =
                || arguments.next().ok_or_else(|| format!("{argument} needs a value\n\n{HELP}"));
            match argument.as_str() {
                // What cargo adds.
                "--bench" => {}
                "--long" => (options.rounds, options.returns) = (5, 24_000),
                "--quick" => (options.rounds, options.quick) = (1, true),
                "--only" => match value()?.as_str() {
                    "sqlite" => options.postgres = false,
                    "postgres" => options.sqlite = false,
                    other => return Err(format!("--only {other}: say sqlite or postgres")),
                },
                "--postgres" => options.postgres_url = Some(value()?),
                "--young" => (options.young, options.sqlite) = (true, false),
                "--tuned" => options.tuned = true,
                "--rounds" => options.rounds = number(&value()?)?,
                "--returns" => options.returns = number(&value()?)?,
                "--writers" => options.writers = number(&value()?)?,
                "--growth" => {
                    options.growth = value()?.split(',').map(number).collect::<Result<_, _>>()?
                }
                _ => return Err(HELP.to_owned()),
            }
        }
        Ok(options)
    }
}

fn number(text: &str) -> Result<usize, String> {
    text.replace('_', "").parse().map_err(|_| format!("{text} is no number"))
}
