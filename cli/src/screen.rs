//! The part of a terminal that is redrawn while something moves.

use crate::error::Error;
use crate::output::Output;

/// Clears from the cursor to the end of the screen.
const CLEAR: &str = "\x1b[J";

/// Lines at the bottom of the terminal that the next drawing replaces.
#[derive(Debug)]
pub(crate) struct Screen<'a> {
    out: &'a Output,
    height: usize,
}

impl<'a> Screen<'a> {
    /// A screen below what was written so far.
    pub(crate) fn new(out: &'a Output) -> Self {
        Self { out, height: 0 }
    }

    /// Replaces the last drawing, unless something was noted below it. Long lines are cut by the terminal, so that one line is one row.
    pub(crate) fn draw(&mut self, lines: &[String]) -> Result<(), Error> {
        if self.out.was_noted() {
            self.height = 0;
        }
        let text = frame(self.height, lines);
        self.height = lines.iter().map(|line| line.lines().count().max(1)).sum();
        self.out.raw(&text)
    }
}

fn frame(height: usize, lines: &[String]) -> String {
    let up = if height == 0 { String::new() } else { format!("\x1b[{height}A\r") };
    let body: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
    format!("{up}{CLEAR}\x1b[?7l{body}\x1b[?7h")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_drawing_replaces_the_last() {
        assert_eq!(frame(0, &["a".to_owned()]), "\u{1b}[J\u{1b}[?7la\n\u{1b}[?7h");
        assert_eq!(frame(2, &[]), "\u{1b}[2A\r\u{1b}[J\u{1b}[?7l\u{1b}[?7h");
    }
}
