//! What a cell of a CSV file says. What pandas takes for missing, a truth or a number, is one here, too: that is what
//! most tables were written and read with.

/// What pandas reads as missing.
const MISSING: [&[u8]; 19] = [
    b"",
    b"#N/A",
    b"#N/A N/A",
    b"#NA",
    b"-1.#IND",
    b"-1.#QNAN",
    b"-NaN",
    b"-nan",
    b"1.#IND",
    b"1.#QNAN",
    b"<NA>",
    b"N/A",
    b"NA",
    b"NULL",
    b"NaN",
    b"None",
    b"n/a",
    b"nan",
    b"null",
];
const LONGEST_MISSING: usize = 9;

/// A cell of a column of numbers or truths.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cell {
    Missing,
    Flag(bool),
    /// Written without point and exponent.
    Whole(f64),
    Real(f64),
    Text,
}

pub(crate) fn is_missing(bytes: &[u8]) -> bool {
    bytes.len() <= LONGEST_MISSING && MISSING.contains(&bytes)
}

impl Cell {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        // Most cells are numbers: what begins with a digit is not looked up.
        let is_number = bytes.first().is_some_and(u8::is_ascii_digit) && !bytes.contains(&b'#');
        if !is_number && is_missing(bytes) {
            return Self::Missing;
        }
        match bytes {
            b"True" | b"TRUE" | b"true" => return Self::Flag(true),
            b"False" | b"FALSE" | b"false" => return Self::Flag(false),
            _ => {}
        }
        let Ok(text) = std::str::from_utf8(bytes.trim_ascii()) else { return Self::Text };
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        let is_whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse::<f64>() {
            Ok(value) if value.is_nan() => Self::Text,
            // Others than 64-bit integers are fractions to pandas.
            Ok(value) if is_whole && is_integer(text) => Self::Whole(value),
            Ok(value) => Self::Real(value),
            Err(_) => Self::Text,
        }
    }
}

/// Digits that are a 64-bit integer.
fn is_integer(digits: &str) -> bool {
    digits.len() <= 18 || digits.parse::<i64>().is_ok() || digits.parse::<u64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::Cell::{self, Flag, Missing, Real, Text, Whole};

    #[test]
    fn cells_are_what_pandas_reads() {
        let (least, beyond) = ("-9223372036854775808", "18446744073709551616");
        let cells = [
            "", "NA", "1.#IND", "7", "-7", " 7", "7.0", "1e3", "inf", "True", "x", "7x", "NAN",
            least, beyond,
        ];
        let read = cells.map(|cell| Cell::of(cell.as_bytes()));
        let expected = [
            Missing,
            Missing,
            Missing,
            Whole(7.0),
            Whole(-7.0),
            Whole(7.0),
            Real(7.0),
            Real(1000.0),
            Real(f64::INFINITY),
            Flag(true),
            Text,
            Text,
            Text,
            Whole(-2_f64.powi(63)),
            Real(2_f64.powi(64)),
        ];
        assert_eq!(read, expected);
    }
}
