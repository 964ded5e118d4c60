//! Columns that line up.

/// What is longer does not make its column wider.
const WIDEST: usize = 100;

/// Rows under a head; cells are padded to the widest of their column.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
    /// Said instead of a head without rows.
    empty: &'static str,
}

impl Table {
    /// A table with this head, or `empty` when no row comes.
    pub(crate) fn new<const N: usize>(head: [&str; N], empty: &'static str) -> Self {
        Self { rows: vec![head.map(str::to_owned).to_vec()], empty }
    }

    /// Adds a row.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into_iter().map(|cell| one_line(&cell)).collect());
    }

    /// The text.
    pub(crate) fn render(&self) -> String {
        if self.rows.len() == 1 {
            return self.empty.to_owned();
        }
        let columns = self.rows.first().map_or(0, Vec::len);
        let widths: Vec<usize> = (0..columns).map(|column| self.width(column)).collect();
        let lines = self.rows.iter().map(|row| line(row, &widths));
        lines.collect::<Vec<_>>().join("\n")
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0).min(WIDEST)
    }
}

/// Without line breaks, and without what a terminal takes for an order: cells come from files and from users.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() { line.extend(letter.escape_default()) } else { line.push(letter) }
    }
    line
}

fn line(row: &[String], widths: &[usize]) -> String {
    let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
    cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

/// `key: value` lines with the values in one column; empty values are left out.
pub(crate) fn facts(facts: &[(&str, String)]) -> String {
    let told: Vec<_> = facts.iter().filter(|(_, value)| !value.is_empty()).collect();
    let width = told.iter().map(|(key, _)| key.len()).max().unwrap_or(0) + 1;
    let lines = told.iter().map(|(key, value)| format!("{:width$} {value}", format!("{key}:")));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(["APP", "STATE"], "no apps");
        assert_eq!(table.render(), "no apps");
        table.row(["shop".to_owned(), "live".to_owned()]);
        table.row(["fräulein".to_owned(), String::new()]);
        insta::assert_snapshot!(table.render(), @r"
        APP       STATE
        shop      live
        fräulein
        ");
    }

    #[test]
    fn cells_stay_in_their_line() {
        let mut table = Table::new(["VALUE", "ROWS"], "no values");
        table.row(["a\nb\u{1b}[31mc".to_owned(), "1".to_owned()]);
        insta::assert_snapshot!(table.render(), @r"
        VALUE            ROWS
        a\nb\u{1b}[31mc  1
        ");
    }

    #[test]
    fn a_long_cell_widens_nothing() {
        let mut table = Table::new(["VALUE", "ROWS"], "no values");
        table.row(["x".repeat(100_000), "1".to_owned()]);
        let lines: Vec<usize> = table.render().lines().map(str::len).collect();
        assert_eq!(lines, ["VALUE".len() + 95 + 2 + 4, 100_000 + 2 + 1]);
    }

    #[test]
    fn facts_without_value_are_not_told() {
        let told =
            facts(&[("name", "x".to_owned()), ("none", String::new()), ("n", "1".to_owned())]);
        assert_eq!(told, "name: x\nn:    1");
    }
}
