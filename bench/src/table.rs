//! What was measured, as one table: a figure, what it is compared with in the same run, and the goal.

use std::fmt::Write as _;

/// One figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// What was measured.
    pub(crate) what: String,
    /// What came out.
    pub(crate) value: String,
    /// The peer or limit in the same run.
    pub(crate) beside: String,
    /// The figure as a share of that.
    pub(crate) ratio: String,
    /// What it should be; empty where there is no goal.
    pub(crate) goal: String,
    /// Whether it is.
    pub(crate) met: Option<bool>,
}

impl Line {
    /// A figure without a goal.
    pub(crate) fn new(what: impl Into<String>, value: impl Into<String>) -> Self {
        let (what, value) = (what.into(), value.into());
        Self {
            what,
            value,
            beside: String::new(),
            ratio: String::new(),
            goal: String::new(),
            met: None,
        }
    }

    /// The same, compared with `beside`.
    pub(crate) fn beside(self, beside: impl Into<String>, ratio: f64) -> Self {
        Self { beside: beside.into(), ratio: format!("{ratio:.2}"), ..self }
    }

    /// The same with a goal.
    pub(crate) fn goal(self, goal: impl Into<String>, met: bool) -> Self {
        Self { goal: goal.into(), met: Some(met), ..self }
    }

    fn cells(&self) -> [&str; 6] {
        let met = match self.met {
            Some(true) => "met",
            Some(false) => "missed",
            None => "",
        };
        [&self.what, &self.value, &self.beside, &self.ratio, &self.goal, met]
    }
}

const HEAD: [&str; 6] = ["what", "value", "beside it in the same run", "ratio", "goal", ""];

/// The lines as columns.
pub(crate) fn table(lines: &[Line]) -> String {
    let rows: Vec<[&str; 6]> = std::iter::once(HEAD).chain(lines.iter().map(Line::cells)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..HEAD.len()).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            write!(line, "{cell:<width$}  ").expect("writing to a string succeeds");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_must_be() {
        let lines = [
            Line::new("overhead", "0.4 s").beside("floor 0.8 s", 1.5).goal("<= 0.5 s", true),
            Line::new("cold", "0.7 s"),
        ];
        insta::assert_snapshot!(table(&lines), @"
        what      value  beside it in the same run  ratio  goal
        overhead  0.4 s  floor 0.8 s                1.50   <= 0.5 s  met
        cold      0.7 s
        ");
    }
}
