//! What a team wrote before: a file of App Platform, Compose or Kamal becomes a `slipway.yaml` and a report.
//!
//! Pure: text in, text out. Three front ends read into one small form, in which every value knows where it
//! comes from; so whatever of the source is not in the manifest is in the report, without anybody having
//! to remember it. What the manifest's own reader does not take is taken out again and told.

mod amount;
mod app_platform;
mod argument;
mod compose;
mod error;
mod form;
mod kamal;
mod kind;
mod ledger;
mod mount;
mod name;
mod once;
mod place;
mod probe;
mod report;
mod settle;
mod shell;
mod suspect;
mod tree;
mod write;

pub use error::ImportError;
pub use kind::Kind;
pub use report::{Carried, Entry, Outcome, Report};

use ledger::Ledger;
use manifest::yaml::Node;
use place::Place;

/// What is asked of an import.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// What the source is, instead of telling by its content.
    pub kind: Option<Kind>,
    /// The name of the app, instead of the one in the source.
    pub app: Option<String>,
    /// The folder of the repository: its name is the app's when nothing else names it.
    pub folder: Option<String>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Imported {
    /// A `slipway.yaml` that is valid in all its environments.
    pub manifest: String,
    /// What became of every key of the source.
    pub report: Report,
}

/// The `slipway.yaml` that says what `source` says, as far as it can.
pub fn import(source: &str, options: &Options) -> Result<Imported, ImportError> {
    let (root, instructions) = parsed(source, options)?;
    place::refuse_duplicates(&root)?;
    let kind = kind::of(&root, options.kind)?;
    let mut ledger = Ledger::default();
    kamal::erb::tell(&instructions, &mut ledger);
    let (root, mut app) = match kind {
        Kind::AppPlatform => app_platform::read(root, &mut ledger),
        Kind::Compose => compose::read(root, &mut ledger),
        Kind::Kamal => kamal::read(root, &mut ledger),
    };
    argument::tell(&app, &mut ledger);
    if let Some(name) = &options.app {
        app.rename(name);
    } else if let (None, Some(folder)) = (&app.name, &options.folder) {
        app.rename(&name::label(folder));
    }
    settle::settle(kind, app, &Place::root(&root), ledger)
}

/// The tree of `source`, and the lines of it that only Ruby understands, where it is a file of Kamal's.
fn parsed(source: &str, options: &Options) -> Result<(Node, Vec<usize>), ImportError> {
    if let Some((plain, lines)) = kamal::erb::without_instructions(source)
        && let Ok(root) = manifest::yaml::parse(&plain)
        && kind::of(&root, options.kind) == Ok(Kind::Kamal)
    {
        return Ok((root, lines));
    }
    let root = manifest::yaml::parse(source).map_err(ImportError::Unreadable)?;
    Ok((root, Vec::new()))
}
