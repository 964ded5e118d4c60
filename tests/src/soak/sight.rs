//! What the services and their data use now.

use crate::World;
use anyhow::{Context, Result};
use std::path::Path;

/// A program in one of its lives, or a place where data are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// What it is called.
    pub name: String,
    /// The process; 0 for data.
    pub life: u32,
}

/// What it uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sight {
    /// Bytes of resident memory, or of data.
    pub bytes: u64,
    /// Open files.
    pub files: u64,
    /// Threads.
    pub threads: u64,
}

/// Looks at every program that runs, at the database and at the folder of data.
pub async fn look(world: &World) -> Result<Vec<(Place, Sight)>> {
    let mut seen = Vec::new();
    for (name, life) in world.processes() {
        let sight = process(life).with_context(|| format!("look at {name}"))?;
        seen.push((Place { name: name.to_owned(), life }, sight));
    }
    let size = "select pg_database_size(current_database())";
    let database: i64 = sqlx::query_scalar(size).fetch_one(&world.truth()).await?;
    let data = |name: &str, bytes| {
        (Place { name: name.to_owned(), life: 0 }, Sight { bytes, ..Sight::default() })
    };
    seen.push(data("database", u64::try_from(database)?));
    seen.push(data("data folder", folder(world.data())));
    Ok(seen)
}

fn process(pid: u32) -> Result<Sight> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let named = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    Ok(Sight {
        bytes: named("VmRSS:").context("no resident memory")? * 1024,
        files: u64::try_from(std::fs::read_dir(format!("/proc/{pid}/fd"))?.count())?,
        threads: named("Threads:").context("no threads")?,
    })
}

/// Bytes of everything below; what goes away meanwhile counts for nothing.
fn folder(path: &Path) -> u64 {
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    let size = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(found) if found.is_dir() => folder(&entry.path()),
        // Logs of the programs are rotated by whoever runs them.
        Ok(found) if entry.path().extension().is_none_or(|kind| kind != "log") => found.len(),
        _ => 0,
    };
    entries.map(size).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_seen() {
        let sight = process(std::process::id()).expect("it is there");
        assert!(sight.bytes > 1_000_000 && sight.files > 2 && sight.threads > 0, "{sight:?}");
    }

    #[test]
    fn a_folder_counts_what_is_below_it_but_logs() {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(dir.path().join("deep")).expect("made");
        for (name, size) in [("a", 3), ("deep/b", 4), ("deep/c.log", 100)] {
            std::fs::write(dir.path().join(name), vec![0; size]).expect("written");
        }
        assert_eq!(folder(dir.path()), 7);
    }
}
