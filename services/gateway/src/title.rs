//! Text of others as people read it in lists and notifications.

/// Longest title kept, in characters.
const LENGTH: usize = 200;

/// The first line of `message` without control characters, cut at 200 characters.
pub(crate) fn title(message: &str) -> Option<String> {
    let line = message.trim_start().lines().next()?.trim_end();
    Some(plain(line)).filter(|title| !title.is_empty())
}

/// `text` without control characters, cut at 200 characters.
pub(crate) fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LENGTH).collect()
}

#[cfg(test)]
mod tests {
    use super::title;

    #[test]
    fn a_title_is_one_plain_line() {
        assert_eq!(title("fix: x\r\n\r\nlong story").as_deref(), Some("fix: x"));
        assert_eq!(title("\x1b[31mred\x07").as_deref(), Some("[31mred"));
        assert_eq!(title(" \n"), None);
        assert_eq!(title(&"ä".repeat(300)).map(|t| t.chars().count()), Some(200));
    }
}
