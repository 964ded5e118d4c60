//! `slipway drift data` beside Evidently's `DataDriftPreset`, on the same two Parquet files: processor time and the most
//! memory at once. Once more alone, on files of which a data frame would not fit in memory.

use crate::cost::{self, Cost};
use crate::fraud::{features, groups};
use crate::sample::median;
use crate::table::Line;
use anyhow::{Context, Result};
use clap::Args;
use drift::Kind;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Evidently needs so many times the processor time, at least, without its imports.
const WANTED_TIMES: f64 = 40.0;
/// And so many times the memory.
const WANTED_MEMORY: f64 = 20.0;
/// What the largest files may take: 1 GB.
const WANTED_MIB: f64 = 1e9 / (1024.0 * 1024.0);
/// What runs shorter is run so often that as many rows are read: processor time is counted in hundredths of a second.
const ROWS_OF_A_ROUND: usize = 500_000;
const SCRIPT: &str = include_str!("drift/preset.py");

/// How to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Rows of each of the two tables, beside Evidently.
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 100_000, 1_000_000])]
    rows: Vec<usize>,
    /// Rows of each table that only we read; 0 for none.
    #[arg(long, default_value_t = 10_000_000)]
    alone: usize,
    /// How often each side is measured.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// A Python in which Evidently is installed.
    #[arg(long, env = "EVIDENTLY_PYTHON")]
    python: Option<PathBuf>,
}

/// Two tables in files.
struct Tables {
    reference: PathBuf,
    current: PathBuf,
    rows: usize,
}

/// What Evidently says of itself.
#[derive(Debug, Deserialize)]
struct Said {
    seconds: f64,
    drifted: f64,
}

/// What one round cost.
struct Round {
    ours: Cost,
    /// Of the whole process, and seconds without the imports.
    theirs: Option<(Cost, f64)>,
}

/// Measures and prints.
pub(crate) async fn run(options: Options) -> Result<Vec<Line>> {
    let folder = tempfile::tempdir().context("making a directory")?;
    let slipway = stories::program("router").with_file_name("slipway");
    let python = options.python.filter(|path| !path.as_os_str().is_empty());
    if python.is_none() {
        println!("Evidently is not installed; there is nothing to compare with");
    }
    let script = folder.path().join("preset.py");
    std::fs::write(&script, SCRIPT).context("writing the script")?;
    let theirs = python.as_deref().map(|python| (python, script.as_path()));
    let mut lines = Vec::new();
    for rows in options.rows {
        let tables = Tables::make(folder.path(), rows).await?;
        let mut rounds = Vec::new();
        for number in 1..=options.rounds {
            let round = tables.round(&slipway, theirs).await?;
            println!("{rows:>9} rows  round {number}  {round}");
            rounds.push(round);
        }
        lines.extend(judge(rows, &rounds));
    }
    if options.alone > 0 {
        let tables = Tables::make(folder.path(), options.alone).await?;
        let cost = tables.ours(&slipway).await?;
        println!("{:>9} rows  alone    {}", options.alone, text(cost));
        lines.push(alone(options.alone, cost));
    }
    Ok(lines)
}

impl Tables {
    async fn make(folder: &Path, rows: usize) -> Result<Self> {
        let paths = [(false, "reference"), (true, "current")]
            .map(|(after, name)| (after, folder.join(format!("{name}.parquet"))));
        let written = paths.clone().map(|(after, path)| {
            tokio::task::spawn_blocking(move || {
                dataset::write_groups(&path, groups(rows, after, 1 + u64::from(after)))
            })
        });
        for written in written {
            written.await??;
        }
        let [(_, reference), (_, current)] = paths;
        Ok(Self { reference, current, rows })
    }

    async fn round(&self, slipway: &Path, python: Option<(&Path, &Path)>) -> Result<Round> {
        let theirs = match python {
            Some((python, script)) => Some(self.theirs(python, script).await?),
            None => None,
        };
        Ok(Round { ours: self.ours(slipway).await?, theirs })
    }

    async fn ours(&self, slipway: &Path) -> Result<Cost> {
        let arguments = ["drift", "data", "--output", "json", "--reference"].map(PathBuf::from);
        let mut arguments = arguments.to_vec();
        arguments.extend([self.reference.clone(), "--current".into(), self.current.clone()]);
        let times = u32::try_from(ROWS_OF_A_ROUND / self.rows.max(1))?.max(1);
        Ok(cost::of(slipway, &arguments, times).await?.0)
    }

    async fn theirs(&self, python: &Path, script: &Path) -> Result<(Cost, f64)> {
        let all = features();
        let named = |kind| {
            let these = all.iter().filter(|feature| feature.kind == kind);
            PathBuf::from(these.map(|feature| feature.name).collect::<Vec<_>>().join(","))
        };
        let (num, cat) = (named(Kind::Num), named(Kind::Cat));
        let arguments = [script.to_owned(), self.reference.clone(), self.current.clone(), num, cat];
        let (cost, printed) = cost::of(python, &arguments, 1).await?;
        let said: Said = serde_json::from_str(&printed)
            .with_context(|| format!("Evidently said something else: {printed}"))?;
        anyhow::ensure!(said.drifted > 0.0, "Evidently saw none of the changes");
        Ok((cost, said.seconds))
    }
}

fn text(cost: Cost) -> String {
    format!("{:.3} s of a processor, {:.0} MiB", cost.seconds, cost.mib)
}

impl std::fmt::Display for Round {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ours {}", text(self.ours))?;
        match self.theirs {
            Some((cost, own)) => {
                write!(f, "   Evidently {}, {own:.1} s of it after imports", text(cost))
            }
            None => Ok(()),
        }
    }
}

fn judge(rows: usize, rounds: &[Round]) -> Vec<Line> {
    let middle = |of: fn(&Round) -> Option<f64>| median(rounds.iter().filter_map(of).collect());
    let seconds = middle(|round| Some(round.ours.seconds));
    let mib = middle(|round| Some(round.ours.mib));
    let time = Line::new(format!("drift, {rows} rows, processor"), format!("{seconds:.3} s"));
    let memory = Line::new(format!("drift, {rows} rows, memory"), format!("{mib:.0} MiB"));
    if rounds.iter().all(|round| round.theirs.is_none()) {
        return vec![time, memory];
    }
    let whole = middle(|round| Some(round.theirs?.0.seconds));
    let own = middle(|round| Some(round.theirs?.1));
    let their_mib = middle(|round| Some(round.theirs?.0.mib));
    let (times, larger) = (own / seconds, their_mib / mib);
    vec![
        time.beside(format!("Evidently {own:.1} s ({whole:.1} s with imports)"), times)
            .goal(format!(">= {WANTED_TIMES}"), times >= WANTED_TIMES),
        memory
            .beside(format!("Evidently {their_mib:.0} MiB"), larger)
            .goal(format!(">= {WANTED_MEMORY}"), larger >= WANTED_MEMORY),
    ]
}

fn alone(rows: usize, cost: Cost) -> Line {
    Line::new(format!("drift, {rows} rows, memory"), text(cost))
        .beside("limit 1 GB", cost.mib / WANTED_MIB)
        .goal("< 1 GB", cost.mib < WANTED_MIB)
}
