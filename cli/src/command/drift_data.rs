//! `slipway drift data`: data against their reference, from files or from a database. Needs no server.

mod query;
mod readable;

pub(crate) use query::QueryError;

use crate::error::Error;
use crate::exit::Exit;
use crate::print::{drift_data, drift_page};
use crate::session::Session;
use clap::{Args, ValueEnum};
use dataset::{Table, TableError};
use drift::{Column, Judge, Kind, Methods, Mode, Pair, Report, Verdict};
use readable::{Readable, readable};
use std::collections::HashMap;
use std::path::PathBuf;

/// Which data, and how to judge them.
#[derive(Debug, Args)]
pub(crate) struct DriftData {
    /// What data should be like: CSV, plain or gzipped, Parquet, or a query in a file that ends in .sql; - is standard input
    #[arg(long, value_name = "FILE")]
    reference: PathBuf,
    /// What they are like now
    #[arg(long, value_name = "FILE")]
    current: PathBuf,
    /// Judge as another tool does
    #[arg(long, value_enum)]
    compat: Option<Compat>,
    /// Methods to show, with commas between, or all [default: those that decide]
    #[arg(long, value_name = "METHODS")]
    methods: Option<String>,
    /// How columns are treated, as amount=num,channel=cat,note=text [default: told by their values]
    #[arg(long, value_name = "COLUMN=KIND")]
    kinds: Vec<String>,
    /// How much columns count, as amount=2,note=0 [default: 1]
    #[arg(long, value_name = "COLUMN=WEIGHT")]
    importance: Vec<String>,
    /// With fewer values nothing is called unchanged
    #[arg(long, value_name = "N", default_value_t = drift::LEAST_VALUES)]
    least_values: usize,
}

/// Whose rule.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Compat {
    /// The defaults of Evidently 0.7.
    Evidently,
}

impl DriftData {
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Error> {
        let methods = self.methods.as_deref().map_or(Ok(Methods::default()), str::parse);
        let methods =
            methods.map_err(|error: drift::UnknownMethod| Error::Usage(error.to_string()))?;
        let mode = self.compat.map_or(Mode::Slipway, |Compat::Evidently| Mode::Evidently);
        let is_listed = methods != Methods::default();
        let tables = (readable(&self.reference).await?, readable(&self.current).await?);
        let report = self.judged(tables, Judge::new(mode, methods, self.least_values))?;
        let files = [&self.reference, &self.current].map(|path| path.display().to_string());
        if session.out.is_json() {
            session.out.text(&drift_data::json(&report, &files))?;
        } else if session.out.is_html() {
            session.out.text(&drift_page::page(&report, &files))?;
        } else {
            session.out.text(&drift_data::text(&report, is_listed))?;
        }
        Ok(match report.dataset.verdict {
            Verdict::Drift => Exit::Failed,
            Verdict::NoDrift => Exit::Done,
            Verdict::InsufficientData | Verdict::NotTested => Exit::Conflict,
        })
    }

    fn judged(
        &self,
        (reference, current): (Readable, Readable),
        mut judge: Judge,
    ) -> Result<Report, Error> {
        let (reference, current) = (reference.open()?, current.open()?);
        let extra = current.names().iter().filter(|name| !reference.names().contains(name));
        let names: Vec<&str> = reference.names().iter().chain(extra).map(String::as_str).collect();
        let kinds: HashMap<String, Kind> = settings("--kinds", &self.kinds, &names)?;
        let weights: HashMap<String, f64> = settings("--importance", &self.importance, &names)?;
        if let Some((name, _)) = weights.iter().find(|(_, weight)| !(0.0..=1e6).contains(*weight)) {
            return Err(Error::Usage(format!("--importance: that of {name:?} is not 0 or more")));
        }
        for names in names.chunks(reference.at_once().min(current.at_once())) {
            let (left, right) = read(&reference, &current, names)?;
            for ((name, reference), current) in names.iter().zip(&left).zip(&right) {
                judge.add(Pair {
                    name,
                    kind: kinds.get(*name).copied(),
                    importance: weights.get(*name).copied().unwrap_or(1.0),
                    reference: reference.as_ref(),
                    current: current.as_ref(),
                });
            }
        }
        Ok(judge.report())
    }
}

type Columns = Vec<Option<Column>>;

/// The columns of both, read side by side.
fn read(
    reference: &Table,
    current: &Table,
    names: &[&str],
) -> Result<(Columns, Columns), TableError> {
    std::thread::scope(|scope| {
        let other = scope.spawn(|| current.read(names));
        let one = reference.read(names);
        let other = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Ok((one?, other?))
    })
}

/// What `name=value` lists say of columns that are there. A name may have commas and equal signs in it.
fn settings<T>(flag: &str, lists: &[String], names: &[&str]) -> Result<HashMap<String, T>, Error>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let mut found = HashMap::new();
    for list in lists {
        let mut open = String::new();
        for piece in list.split(',') {
            open.push_str(piece);
            let Some((name, value)) = open.rsplit_once('=') else {
                open.push(',');
                continue;
            };
            if !names.contains(&name) {
                let there = names.join(", ");
                let told = format!("{flag}: neither file has a column {name:?}; there are {there}");
                return Err(Error::Usage(told));
            }
            let told = |error| Error::Usage(format!("{flag}: {name}={value}: {error}"));
            let value = value.parse().map_err(told)?;
            found.insert(name.to_owned(), value);
            open.clear();
        }
        if !open.is_empty() {
            let told = format!("{flag}: {:?} is not column=value", open.trim_end_matches(','));
            return Err(Error::Usage(told));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(list: &str) -> Result<HashMap<String, Kind>, Error> {
        settings("--kinds", &[list.to_owned()], &["a", "b, c", "d=e"])
    }

    #[test]
    fn names_may_have_commas_and_equal_signs() {
        let found = kinds("a=num,b, c=cat,d=e=text").expect("is a list");
        let expected = [("a", Kind::Num), ("b, c", Kind::Cat), ("d=e", Kind::Text)];
        assert_eq!(found, expected.map(|(name, kind)| (name.to_owned(), kind)).into());
    }

    #[test]
    fn what_is_wrong_is_told() {
        let told = |list| kinds(list).expect_err("is wrong").to_string();
        assert!(told("x=num").contains("there are a, b, c"));
        assert!(told("a=number").contains("num, cat"));
        assert!(told("a").contains("is not column=value"));
    }
}
