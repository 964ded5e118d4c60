//! Which images a Dockerfile starts from: every `FROM`, `COPY --from` and `RUN --mount=from` that is
//! neither a stage of its own nor `scratch`.
//!
//! Only as much of the syntax is read as that needs; whether the file is right is the engine's to say.

use std::collections::{BTreeMap, BTreeSet};

/// The image references in `text`, with `args` and the defaults before the first `FROM` filled in.
pub fn bases(text: &str, args: &BTreeMap<String, String>) -> BTreeSet<String> {
    let mut reader =
        Reader { args, defaults: BTreeMap::new(), stages: BTreeSet::new(), bases: BTreeSet::new() };
    for instruction in instructions(text) {
        reader.read(&instruction);
    }
    reader.bases
}

struct Reader<'a> {
    args: &'a BTreeMap<String, String>,
    defaults: BTreeMap<String, String>,
    stages: BTreeSet<String>,
    bases: BTreeSet<String>,
}

impl Reader<'_> {
    fn read(&mut self, instruction: &str) {
        let mut words = instruction.split_ascii_whitespace();
        match words.next().unwrap_or_default().to_ascii_uppercase().as_str() {
            "ARG" if self.bases.is_empty() && self.stages.is_empty() => self.default(words),
            "FROM" => self.from(words),
            "COPY" | "ADD" => self.options(words, "--from="),
            "RUN" => self.options(words, "--mount="),
            _ => {}
        }
    }

    fn default<'w>(&mut self, words: impl Iterator<Item = &'w str>) {
        for (name, value) in words.filter_map(|word| word.split_once('=')) {
            let value = self.filled(unquoted(value));
            self.defaults.insert(name.to_owned(), value);
        }
    }

    fn from<'w>(&mut self, words: impl Iterator<Item = &'w str>) {
        let words: Vec<&str> = words.filter(|word| !word.starts_with("--")).collect();
        if let Some(image) = words.first() {
            self.base(image);
        }
        if let [_, by, name] = words[..]
            && by.eq_ignore_ascii_case("as")
        {
            self.stages.insert(name.to_ascii_lowercase());
        }
    }

    fn options<'w>(&mut self, words: impl Iterator<Item = &'w str>, option: &str) {
        for word in words.take_while(|word| word.starts_with("--")) {
            let Some(value) = word.strip_prefix(option) else { continue };
            match option {
                "--from=" => self.base(value),
                _ => value
                    .split(',')
                    .filter_map(|part| part.strip_prefix("from="))
                    .for_each(|image| self.base(image)),
            }
        }
    }

    fn base(&mut self, image: &str) {
        let image = self.filled(unquoted(image));
        let is_stage = self.stages.contains(&image.to_ascii_lowercase());
        let is_stage_number = image.bytes().all(|b| b.is_ascii_digit());
        if !is_stage && !is_stage_number && image != "scratch" {
            self.bases.insert(image);
        }
    }

    /// `text` with `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME:+other}` filled in.
    fn filled(&self, text: &str) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            filled.push_str(&rest[..at]);
            let (value, after) = self.variable(&rest[at + 1..]);
            filled.push_str(&value);
            rest = after;
        }
        filled + rest
    }

    fn variable<'t>(&self, text: &'t str) -> (String, &'t str) {
        let Some(braced) = text.strip_prefix('{') else {
            let end =
                text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
            return (self.value(&text[..end]).unwrap_or_default(), &text[end..]);
        };
        let (inside, after) = braced.split_once('}').unwrap_or((braced, ""));
        let value = match (inside.split_once(":-"), inside.split_once(":+")) {
            (Some((name, default)), _) => self.value(name).unwrap_or_else(|| default.to_owned()),
            (_, Some((name, other))) => {
                self.value(name).map(|_| other.to_owned()).unwrap_or_default()
            }
            (None, None) => self.value(inside).unwrap_or_default(),
        };
        (value, after)
    }

    fn value(&self, name: &str) -> Option<String> {
        let known = self.defaults.contains_key(name).then(|| self.args.get(name)).flatten();
        known.or_else(|| self.defaults.get(name)).filter(|value| !value.is_empty()).cloned()
    }
}

fn unquoted(text: &str) -> &str {
    text.trim_matches(['"', '\''])
}

/// One string for each instruction: continued lines joined, comments and here-documents dropped.
fn instructions(text: &str) -> Vec<String> {
    let escape = escape_character(text);
    let mut instructions = Vec::new();
    let mut current = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let line = line.trim();
        if line.starts_with('#') || line.is_empty() {
            continue;
        }
        if let Some(continued) = line.strip_suffix(escape) {
            current.push_str(continued);
            current.push(' ');
            continue;
        }
        current.push_str(line);
        for end in here_documents(&current) {
            let _inside =
                lines.by_ref().take_while(|line| line.trim_start_matches('\t') != end).count();
        }
        instructions.push(std::mem::take(&mut current));
    }
    instructions.push(current);
    instructions
}

fn escape_character(text: &str) -> char {
    let directives = text.lines().take_while(|line| line.starts_with('#'));
    let escape =
        directives.filter_map(|line| line.trim_start_matches(['#', ' ']).strip_prefix("escape="));
    escape.last().and_then(|value| value.trim().chars().next()).unwrap_or('\\')
}

/// The words that end the here-documents an instruction opens.
fn here_documents(instruction: &str) -> Vec<String> {
    let takes_them = ["RUN", "COPY", "ADD"].iter().any(|name| {
        instruction.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
    });
    let words = instruction.split_ascii_whitespace().filter_map(|word| word.strip_prefix("<<"));
    let words = words.map(|word| unquoted(word.trim_start_matches('-')).to_owned());
    if takes_them {
        words.filter(|word| !word.is_empty() && !word.starts_with('<')).collect()
    } else {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let args = BTreeMap::from([("PY".to_owned(), "3.12".to_owned())]);
        let found = bases(text, &args);
        assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), expected, "{text}");
    }

    #[test]
    fn stages_and_scratch_are_not_bases() {
        check(
            "FROM python:3.11 AS build\nFROM build\nFROM scratch\nCOPY --from=build /a /a\nCOPY --from=0 / /",
            &["python:3.11"],
        );
        check(
            "from --platform=linux/amd64 alpine as a\nCOPY --chown=1:1 --from=nginx:1 /x /y",
            &["alpine", "nginx:1"],
        );
        check(
            "FROM a\nRUN --mount=type=cache,target=/c --mount=type=bind,from=tools:1,target=/t make",
            &["a", "tools:1"],
        );
    }

    #[test]
    fn arguments_before_the_first_stage_are_filled_in() {
        check("ARG PY=3.11\nFROM python:${PY}-slim", &["python:3.12-slim"]);
        check("ARG TAG\nARG BASE=\"debian:$PY\"\nFROM ${BASE:-x}", &["debian:"]);
        check("FROM ${REGISTRY:-docker.io}/a:${V:+never}1", &["docker.io/a:1"]);
    }

    #[test]
    fn only_instructions_are_read() {
        check(
            "# FROM no\nFROM a \\\n  # comment\n  AS b\nRUN <<EOF\nFROM no\nEOF\nFROM c",
            &["a", "c"],
        );
        check("# escape=`\nFROM a `\nAS b\nCOPY --from=b x y", &["a"]);
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in "(?s).{0,300}") {
            let _bases: BTreeSet<String> = bases(&text, &BTreeMap::new());
        }

        #[test]
        fn every_plain_from_is_found(image in "[a-z][a-z0-9./-]{0,20}:[a-z0-9.]{1,8}", before in "(# [a-zA-Z]{0,9}\n){0,3}") {
            let text = format!("{before}FROM {image}\n");
            prop_assert!(bases(&text, &BTreeMap::new()).contains(&image));
        }
    }
}
