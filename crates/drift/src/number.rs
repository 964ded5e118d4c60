//! Numbers in JSON that may be none: `"nan"`, `"inf"` and `"-inf"` as words, which JSON has no numbers for.

use serde::{Serialize, Serializer};

/// A number of a report.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Number(pub f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_finite() {
            serializer.serialize_f64(self.0)
        } else if self.0.is_nan() {
            serializer.serialize_str("nan")
        } else {
            serializer.serialize_str(if self.0 > 0.0 { "inf" } else { "-inf" })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_a_word() {
        let all = [1.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(Number);
        let json = serde_json::to_string(&all).expect("is JSON");
        assert_eq!(json, r#"[1.5,"nan","inf","-inf"]"#);
    }
}
