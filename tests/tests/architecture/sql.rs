//! Each service keeps to its own schema, and to checked queries.

use crate::tree::{File, files, production, services};

/// The schema every service shares: owned by the crate `pg`.
const SHARED: &str = "bus";
/// Words after which SQL names a table.
const BEFORE_A_TABLE: [&str; 7] = ["from", "join", "into", "update", "table", "references", "on"];
/// Ways to run a query that the compiler has not checked against the schema.
const UNCHECKED: [&str; 4] =
    ["sqlx::query(", "sqlx::query_as(", "sqlx::query_scalar(", "sqlx::raw_sql("];

/// The schemas that the SQL in `text` names. Rust code around it does no harm: only the names of schemas count.
fn schemas<'a>(text: &'a str, all: &'a [String]) -> impl Iterator<Item = &'a str> {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || "(),;\"'".contains(c))
        .filter(|w| !w.is_empty())
        .collect();
    let pairs: Vec<(&str, &str)> = words.windows(2).map(|pair| (pair[0], pair[1])).collect();
    pairs.into_iter().filter_map(|(before, name)| {
        let is_place = BEFORE_A_TABLE.contains(&before.to_ascii_lowercase().as_str());
        let (schema, table) = name.split_once('.').filter(|_| is_place)?;
        let known = all.iter().any(|known| known == schema);
        (known && table.starts_with(|c: char| c.is_ascii_lowercase())).then_some(schema)
    })
}

fn all_schemas() -> Vec<String> {
    services().into_iter().chain([SHARED.to_owned()]).collect()
}

fn foreign(own: &str, files: &[File]) -> Vec<String> {
    let all = all_schemas();
    let mut found = Vec::new();
    for file in files {
        let others = schemas(&file.text, &all).filter(|schema| *schema != own && *schema != SHARED);
        found.extend(others.map(|schema| format!("{} names {schema}", file.path)));
    }
    found
}

#[test]
fn the_reading_of_sql_finds_what_it_should() {
    let all = all_schemas();
    let sql = "insert into deployer.release select * from\n bus.outbox o join gateway.app on x.y";
    assert_eq!(schemas(sql, &all).collect::<Vec<_>>(), ["deployer", "bus", "gateway"]);
}

#[test]
fn no_service_names_the_schema_of_another() {
    for service in services() {
        let folders = [format!("services/{service}/src"), format!("services/{service}/migrations")];
        let folders: Vec<&str> = folders.iter().map(String::as_str).collect();
        let mut sources = files(&folders, "rs");
        sources.extend(files(&folders, "sql"));
        let found = foreign(&service, &sources);
        assert!(found.is_empty(), "ask the owner by gRPC: {found:#?}");
    }
}

#[test]
fn shared_code_names_only_the_shared_schema() {
    let mut sources = files(&["crates", "cli/src"], "rs");
    sources.extend(files(&["crates"], "sql"));
    let found = foreign(SHARED, &sources);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn queries_are_checked_by_the_compiler() {
    // Names of schemas cannot be parameters, so making one is written by hand.
    let exception = "crates/pg/src/migrate.rs";
    let found: Vec<String> = production()
        .into_iter()
        .filter(|file| file.path != exception)
        .filter(|file| UNCHECKED.iter().any(|call| file.code().contains(call)))
        .map(|file| file.path)
        .collect();
    assert!(found.is_empty(), "use the macros query!, query_as! and query_scalar!: {found:#?}");
}
