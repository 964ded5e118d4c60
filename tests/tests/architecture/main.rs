//! Rules of the house that can be read off the source: they need no database, no engine and no network.
//! A rule that breaks here names the file and what to do.

mod contracts;
mod crates;
mod documents;
mod events;
mod files;
mod invariants;
mod migrations;
mod settings;
mod sql;
mod tree;
