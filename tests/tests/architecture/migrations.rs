//! Migrations: those that were released stay as they are, newer ones come after them and only expand, so that
//! programs of the release before run on.

use crate::tree::{File, files, read};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use stories::upgrade::{Migration, released};

fn all() -> Vec<File> {
    let mut all = files(&["crates", "services"], "sql");
    all.retain(|file| file.path.contains("/migrations/"));
    all
}

fn of(file: &File) -> Migration<'_> {
    Migration { hash: "", path: &file.path }
}

fn is_released(file: &File) -> bool {
    released().any(|it| it.path == file.path)
}

#[test]
fn what_was_released_is_not_changed() {
    let changed = |it: &Migration<'_>| hex::encode(Sha256::digest(read(it.path))) != it.hash;
    let changed: Vec<&str> = released().filter(changed).map(|it| it.path).collect();
    assert!(changed.is_empty(), "write a new migration instead: {changed:#?}");
    assert!(released().count() > 6);
}

#[test]
fn newer_migrations_come_after_the_released_ones() {
    let mut last = BTreeMap::new();
    for it in released() {
        let known: &mut Option<i64> = last.entry(it.schema()).or_default();
        *known = (*known).max(it.version());
    }
    let all = all();
    let early = |file: &&File| last.get(of(file).schema()) >= Some(&of(file).version());
    let early: Vec<&str> = all
        .iter()
        .filter(|file| !is_released(file))
        .filter(early)
        .map(|file| file.path.as_str())
        .collect();
    assert!(early.is_empty(), "give them a higher number: {early:#?}");
}

#[test]
fn newer_migrations_only_expand() {
    let contracts = |file: &File| contractions(&file.text).map(|it| format!("{}: {it}", file.path));
    let all = all();
    let found: Vec<String> =
        all.iter().filter(|file| !is_released(file)).filter_map(contracts).collect();
    assert!(found.is_empty(), "programs of the release before still use it: {found:#?}");
}

/// The first thing in `sql` that takes something away from programs which do not know of it.
fn contractions(sql: &str) -> Option<String> {
    let lines = sql.lines().map(|line| line.split("--").next().unwrap_or_default());
    let text = lines.collect::<Vec<_>>().join(" ").to_ascii_lowercase();
    let statements = text.split(';').map(|it| it.split_whitespace().collect::<Vec<_>>().join(" "));
    statements.into_iter().find_map(|statement| {
        let Some(table) = statement.strip_prefix("alter table ") else {
            let takes = ["drop ", "truncate ", "alter "];
            return takes.iter().any(|word| statement.starts_with(word)).then(|| statement.clone());
        };
        let (_, actions) = table.split_once(' ').unwrap_or((table, ""));
        let takes = |action: &&str| takes_away(action, actions);
        split(actions).into_iter().find(takes).map(str::to_owned)
    })
}

/// Whether one action of an `alter table` does. A constraint that goes allows more; one that comes allows less,
/// unless it is the wider form of one that goes with it.
fn takes_away(action: &str, actions: &str) -> bool {
    let words: Vec<&str> = action.split(' ').collect();
    match words.as_slice() {
        ["drop", "constraint", ..]
        | ["alter", "column", _, "set" | "drop", "default", ..]
        | ["alter", "column", _, "drop", "not", "null"] => false,
        ["add", "constraint", name, ..] => !actions.contains(&format!("drop constraint {name}")),
        ["add", "column", ..] => action.contains(" not null") && !action.contains(" default "),
        _ => true,
    }
}

/// Parts between commas that stand in no parentheses.
fn split(text: &str) -> Vec<&str> {
    let mut depth = 0;
    let outer = move |c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    };
    text.split(outer).map(str::trim).collect()
}

#[test]
fn the_reading_of_migrations_finds_what_it_should() {
    let expand = "create table a.b (id int not null); -- drop table a.b\n\
                  alter table a.b add column c text, add column d int not null default 0;\n\
                  alter table a.b drop constraint b_check, add constraint b_check check (c in ('x', 'y'))";
    assert_eq!(contractions(expand), None);
    for contract in [
        "drop table a.b",
        "alter table a.b drop column c",
        "alter table a.b rename column c to d",
        "alter table a.b add column c int, alter column c type bigint",
        "alter table a.b alter column c set not null",
        "alter table a.b add column c text not null",
        "alter table a.b add constraint b_check check (c in ('x', 'y'))",
        "alter type a.kind rename value 'x' to 'y'",
        "alter table a.b\n    rename to c",
    ] {
        assert!(contractions(contract).is_some(), "{contract}");
    }
}
