//! Where output goes. A reader that went away (`| head`) ends the program quietly.

use crate::args::Format;
use crate::error::Error;
use crate::print::json;
use std::cell::Cell;
use std::io::{IsTerminal, Write};

/// Standard output, for people or for programs.
#[derive(Debug)]
pub(crate) struct Output {
    format: Format,
    terminal: bool,
    /// People were told something on standard error since that was asked last.
    noted: Cell<bool>,
}

impl Output {
    /// Output in `format`.
    pub(crate) fn new(format: Format) -> Self {
        Self { format, terminal: std::io::stdout().is_terminal(), noted: Cell::new(false) }
    }

    /// Whether programs read it.
    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Whether it is a page for a browser.
    pub(crate) fn is_html(&self) -> bool {
        self.format == Format::Html
    }

    /// Whether lines already written can be redrawn.
    pub(crate) fn can_redraw(&self) -> bool {
        self.terminal && self.format == Format::Table
    }

    /// Writes `text`, ended by exactly one line break.
    pub(crate) fn text(&self, text: &str) -> Result<(), Error> {
        self.raw(&format!("{}\n", text.trim_end_matches('\n')))
    }

    /// Writes `text` as it is.
    #[expect(clippy::unused_self, reason = "where output goes is the output's business")]
    pub(crate) fn raw(&self, text: &str) -> Result<(), Error> {
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(Error::Output)
    }

    /// Writes `message` as JSON for programs, and what `table` makes of it for people.
    pub(crate) fn message<M: prost::Name>(
        &self,
        message: &M,
        table: impl FnOnce(&M) -> String,
    ) -> Result<(), Error> {
        if self.is_json() { self.text(&json::pretty(message)) } else { self.text(&table(message)) }
    }

    /// Writes one `message` of a stream: a line of JSON for programs, of text for people.
    pub(crate) fn item<M: prost::Name>(
        &self,
        message: &M,
        line: impl FnOnce(&M) -> String,
    ) -> Result<(), Error> {
        if self.is_json() { self.text(&json::line(message)) } else { self.text(&line(message)) }
    }

    /// Tells people on standard error what is going on; programs do not need it.
    pub(crate) fn note(&self, text: &str) {
        if !self.is_json() {
            self.noted.set(true);
            complain(text);
        }
    }

    /// Whether something was noted since this was asked last: on a terminal that stands below what was drawn.
    pub(crate) fn was_noted(&self) -> bool {
        self.noted.take()
    }
}

/// Writes a line to standard error; there is nowhere to report that this failed.
pub(crate) fn complain(text: &str) {
    drop(writeln!(std::io::stderr(), "{text}"));
}
