//! What Ruby does when Kamal runs: values that it computes, and lines that are instructions to it.

use crate::ledger::Ledger;
use crate::place::{Mark, Place};
use manifest::yaml::{Node, Value};

/// `source` with nothing in the lines that are instructions alone, which no reader of YAML takes, and their numbers.
/// Nothing when there are none.
pub(crate) fn without_instructions(source: &str) -> Option<(String, Vec<usize>)> {
    let (mut plain, mut lines, mut open) = (String::new(), Vec::new(), false);
    for (number, line) in (1..).zip(source.lines()) {
        let text = line.trim();
        let begins = text.starts_with("<%") && !text.starts_with("<%=");
        let is_alone = text.find("%>").is_none_or(|end| end + 2 == text.len());
        if open || (begins && is_alone) {
            open = !text.ends_with("%>");
            lines.push(number);
        } else {
            plain.push_str(line);
        }
        plain.push('\n');
    }
    let some = !lines.is_empty() && !open;
    some.then_some((plain, lines))
}

/// Tells of instructions to Ruby in these lines.
pub(crate) fn tell(lines: &[usize], ledger: &mut Ledger) {
    for line in lines {
        let mark = Mark { path: "<% %>".to_owned(), line: *line, column: 1 };
        let help = "check what stands around it: all of it is read, whatever it decides";
        ledger.left_at(&mark, "an instruction to Ruby, which is not run", help.to_owned());
    }
}

/// `root` with nothing where a value is computed, which is told.
pub(super) fn taken_out(mut root: Node, ledger: &mut Ledger) -> Node {
    let mut open = vec![Place::root(&root)];
    while let Some(place) = open.pop() {
        if place.text().is_some_and(|text| text.contains("<%")) {
            let why = "Ruby computes it when Kamal runs";
            ledger.left(&place, why, "write the value, or set it as a secret");
        }
        open.extend(place.children());
    }
    take_out(&mut root);
    root
}

fn take_out(node: &mut Node) {
    match &mut node.value {
        Value::Scalar { text, plain } if text.contains("<%") => {
            text.clear();
            *plain = true;
        }
        Value::Scalar { .. } => {}
        Value::List(items) => items.iter_mut().for_each(take_out),
        Value::Map(entries) => entries.iter_mut().for_each(|(_, node)| take_out(node)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_go_and_lines_stay_where_they_are() {
        let source = "<% require \"x\" -%>\na: 1\n  <% if b\n     c %>\nd: <%= e %>\n<% f %>: g\n";
        let (plain, lines) = without_instructions(source).expect("there are some");
        assert_eq!(plain, "\na: 1\n\n\nd: <%= e %>\n<% f %>: g\n");
        assert_eq!(lines, [1, 3, 4]);
        assert_eq!(without_instructions("a: 1\nb: <%= c %>\n"), None);
        assert_eq!(without_instructions("<% never ends\na: 1\n"), None);
    }
}
