//! What was true of a prediction, from text.

use crate::v1::truth_of::Is;

/// What `text` says: `true` or `false`, a number, or itself.
pub fn of_text(text: &str) -> Is {
    match (text, text.parse::<f64>()) {
        ("true" | "false", _) => Is::Flag(text == "true"),
        (_, Ok(number)) if number.is_finite() => Is::Number(number),
        _ => Is::Text(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_a_truth_a_number_or_itself() {
        assert_eq!(of_text("true"), Is::Flag(true));
        assert_eq!(of_text("-1.5"), Is::Number(-1.5));
        for text in ["DE", "True", "inf", "NaN", ""] {
            assert_eq!(of_text(text), Is::Text(text.to_owned()));
        }
    }
}
