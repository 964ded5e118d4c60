//! The reference of the manifest, from the declarations of its types.

use std::fmt::Write as _;

/// One key of a mapping in the reference.
pub(crate) struct Row {
    key: &'static str,
    pub(crate) kind: String,
    default: String,
    about: String,
}

impl Row {
    pub(crate) fn new(
        key: &'static str,
        about: &[&str],
        default: Option<&str>,
        origin: Option<&str>,
        required: bool,
    ) -> Self {
        let default = match (default, origin, required) {
            (Some("{}"), _, _) => "see there".to_owned(),
            (Some(default), Some(origin), _) => format!("`{default}`: {origin}"),
            (Some(default), None, _) => format!("`{default}`"),
            (None, _, true) => "required".to_owned(),
            (None, _, false) => "none".to_owned(),
        };
        Self { key, kind: String::new(), default, about: joined(about) }
    }

    /// A key that stands for one of several.
    pub(crate) fn one_of(key: &'static str, about: &[&str], keys: &[&str]) -> Self {
        let others: Vec<_> = keys.iter().map(|key| format!("`{key}`")).collect();
        let default = if keys.len() == 1 {
            "required".to_owned()
        } else {
            format!("one of {}", others.join(", "))
        };
        Self { key, kind: String::new(), default, about: joined(about) }
    }
}

fn joined(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

struct Section {
    name: &'static str,
    about: String,
    short: Option<&'static str>,
    rows: Vec<Row>,
}

/// The sections of the reference, in the order in which the grammar first mentions them.
#[derive(Default)]
pub(crate) struct Docs {
    sections: Vec<Section>,
}

impl Docs {
    /// Registers a mapping once and returns a link to it.
    pub(crate) fn section(
        &mut self,
        name: &'static str,
        about: &[&str],
        short: Option<&'static str>,
        rows: impl FnOnce(&mut Self) -> Vec<Row>,
    ) -> String {
        if self.sections.iter().all(|section| section.name != name) {
            let n = self.sections.len();
            self.sections.push(Section { name, about: joined(about), short, rows: Vec::new() });
            self.sections[n].rows = rows(self);
        }
        format!("[{name}](#{})", name.to_lowercase())
    }

    pub(crate) fn markdown(&self) -> String {
        let mut text = String::new();
        for section in &self.sections {
            write!(text, "\n## {}\n\n{}\n", section.name, section.about)
                .expect("a String takes everything");
            if let Some(short) = section.short {
                write!(text, "\nA bare value `x` stands for `{{ {short}: x }}`.\n")
                    .expect("a String takes everything");
            }
            text.push_str("\n| key | type | default | |\n|---|---|---|---|\n");
            for Row { key, kind, default, about } in &section.rows {
                let cell = |text: &str| text.replace('|', "\\|");
                let (kind, default, about) = (cell(kind), cell(default), cell(about));
                writeln!(text, "| `{key}` | {kind} | {default} | {about} |")
                    .expect("a String takes everything");
            }
        }
        text
    }
}
