// SPDX-License-Identifier: MIT OR Apache-2.0
//! `makegood config`: what is in force, and what there is to set.

use std::io::Write;

use clap::Subcommand;

use super::{DEFAULT_PAGE, Flags, environment, load};
use crate::cli::{Done, FINE, Stop, complain};
use crate::policies::harmless;

/// What can be asked about the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print every key and its value, as it is in force
    #[command(after_help = "Examples:
  makegood config show --origin
  makegood config show --json | jq '.keys[] | select(.origin.kind != \"default\")'

Secrets are not printed. But for them, what is printed without --origin is a settings file that says the same.

Exit codes: 0 all is well, 2 something is wrong with the configuration (it is told on standard error, all of it).")]
    Show {
        /// What else there is to say about where it comes from
        #[command(flatten)]
        flags: Flags,

        /// Print beside each value who set it: the default, a line of a file, a variable, a flag
        #[arg(long)]
        origin: bool,

        /// Print JSON: a list of keys with value and origin
        #[arg(long, conflicts_with = "origin")]
        json: bool,
    },
    /// Print the page that explains every key, with its default
    #[command(after_help = "Example:
  makegood config defaults | less")]
    Defaults,
}

impl ConfigCommand {
    /// Runs it.
    ///
    /// # Errors
    /// Something is wrong with the configuration, or the output cannot be written.
    pub fn run(&self, out: &mut dyn Write) -> Done {
        let text = match self {
            Self::Defaults => DEFAULT_PAGE.to_owned(),
            Self::Show {
                flags,
                origin,
                json,
            } => {
                let loaded = load(flags, &environment())
                    .map_err(|problems| Stop::Message(harmless(&problems.to_string())))?;
                for warning in &loaded.warnings {
                    complain(&harmless(&format!("warning: {warning}")));
                }
                if *json {
                    format!("{:#}\n", loaded.json())
                } else {
                    harmless(&loaded.page(*origin))
                }
            }
        };
        out.write_all(text.as_bytes())?;
        Ok(FINE)
    }
}
