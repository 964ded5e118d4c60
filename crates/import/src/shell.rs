//! Command lines that others hand to a shell, as lists of arguments.

/// What a shell would do something with.
const SPECIAL: [char; 17] =
    ['|', '&', ';', '<', '>', '(', ')', '$', '`', '*', '?', '[', ']', '{', '}', '~', '\n'];

/// The arguments of `line`, or nothing when it takes a shell to understand it.
pub(crate) fn split(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.trim().chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' => words.extend(word.take()),
            '\'' | '"' => {
                let text = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        end if end == c => break,
                        '\\' | '$' | '`' if c == '"' => return None,
                        other => text.push(other),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(chars.next().filter(|c| *c != '\n')?),
            c if SPECIAL.contains(&c) => return None,
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    let assigns = words.first().is_some_and(|first| first.contains('='));
    if words.is_empty() || assigns { None } else { Some(words) }
}

/// The arguments of `line`: its words, or a shell in the container that is handed all of it. Whether it
/// takes the shell is told, too.
pub(crate) fn arguments(line: &str) -> (Vec<String>, bool) {
    match split(line) {
        Some(words) => (words, false),
        None => (["sh", "-c", line.trim()].map(str::to_owned).to_vec(), true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_need_no_shell() {
        let words = |line| split(line).map(|words| words.join("|"));
        assert_eq!(
            words("uvicorn main:app  --port 80").as_deref(),
            Some("uvicorn|main:app|--port|80")
        );
        assert_eq!(words(r#"sh -c 'a b' "c d" ''"#).as_deref(), Some("sh|-c|a b|c d|"));
        for line in ["a && b", "echo $X", "X=1 y", "a > b", "", "'open", r#""$X""#] {
            assert_eq!(words(line), None, "{line}");
        }
    }
}
