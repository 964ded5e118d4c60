//! What follows when every column was seen: Y. Benjamini and Y. Hochberg, "Controlling the False Discovery Rate" (1995),
//! over everything that was tested, and an effect that matters.

use crate::evidently::DRIFTED_SHARE;
use crate::finding::{Code, Finding, Gravity};
use crate::judge::Draft;
use crate::kind::Kind;
use crate::method::Method;
use crate::number::Number;
use crate::report::{Dataset, Mode, Report, Row, Verdict};
use crate::suspicion::Suspicion;

/// The share of discoveries that may be false; of clean tables no more than this has any.
const FALSE_DISCOVERIES: f64 = 0.05;

/// All probabilities of a table.
struct Family {
    sorted: Vec<f64>,
}

impl Family {
    fn new(mut all: Vec<f64>) -> Self {
        all.retain(|p| !p.is_nan());
        all.sort_unstable_by(f64::total_cmp);
        Self { sorted: all }
    }

    fn size(&self) -> f64 {
        crate::count(self.sorted.len().max(1))
    }

    /// Up to here a probability is a discovery.
    fn cutoff(&self) -> f64 {
        let level = |rank: usize| crate::count(rank + 1) / self.size() * FALSE_DISCOVERIES;
        let ranked = self.sorted.iter().enumerate();
        let passed = ranked.filter(|(rank, p)| **p <= level(*rank)).map(|(rank, _)| level(rank));
        passed.fold(level(0), f64::max)
    }

    /// The least level at which it were a discovery.
    fn adjusted(&self, p: f64) -> f64 {
        let from = self.sorted.partition_point(|other| *other < p);
        let above = self.sorted.iter().enumerate().skip(from);
        above.map(|(rank, p)| p * self.size() / crate::count(rank + 1)).fold(1.0, f64::min)
    }
}

/// Says what follows.
pub(crate) fn conclude(mut drafts: Vec<Draft>, mode: Mode) -> Report {
    let family = Family::new(drafts.iter().flat_map(probabilities).collect());
    for draft in &mut drafts {
        match mode {
            Mode::Slipway => judge(draft, &family),
            Mode::Evidently => follow(draft),
        }
    }
    let dataset = match mode {
        Mode::Slipway => whole(&drafts),
        Mode::Evidently => share_of_columns(&drafts),
    };
    let (mut findings, mut columns, mut results) = (Vec::new(), Vec::new(), Vec::new());
    for draft in drafts {
        findings.extend(draft.findings);
        columns.push(draft.report);
        results.extend(draft.rows);
    }
    findings.sort_by_key(|finding| finding.gravity == Gravity::Notice);
    Report { mode, dataset, findings, columns, results }
}

/// What a draft adds to the family. Tests that decide are suspicions, too, and are not counted twice.
fn probabilities(draft: &Draft) -> Vec<f64> {
    let is_spoilt = |row: &Row| row.method == Method::CramerVonMises && draft.is_tied;
    let more = draft.rows.iter().filter(|row| !row.deciding && draft.is_enough && !is_spoilt(row));
    let more = more.filter_map(|row| row.p_value).map(|p| p.0);
    draft.suspicions.iter().filter(|it| counts(draft, it)).map(|it| it.p).chain(more).collect()
}

/// Shares of nulls and of values of another type are judged by rows, all else needs values.
fn counts(draft: &Draft, suspicion: &Suspicion) -> bool {
    let is_of_rows = suspicion.is_of(Code::NullShare) || suspicion.is_of(Code::TypeChanged);
    draft.is_enough || is_of_rows
}

fn judge(draft: &mut Draft, family: &Family) {
    let cutoff = family.cutoff();
    let importance = draft.report.importance;
    let mut reasons: Vec<String> = Vec::new();
    let mut quiet: Vec<String> = Vec::new();
    for suspicion in std::mem::take(&mut draft.suspicions) {
        let is_significant = counts(draft, &suspicion) && suspicion.p <= cutoff;
        let is_drift = is_significant && suspicion.matters(importance);
        if is_drift {
            reasons.push(suspicion.sentence());
        } else if is_significant {
            quiet.push(suspicion.sentence());
        }
        tell(draft, suspicion, is_drift, is_significant);
    }
    let grave = draft.findings.iter().filter(|it| it.gravity == Gravity::Drift);
    let untested = grave.filter(|it| it.p_value.is_none()).map(|it| it.message.clone());
    reasons.extend(untested);
    let is_drift = !reasons.is_empty();
    (draft.report.verdict, draft.report.because) = if is_drift {
        (Verdict::Drift, reasons.join("; "))
    } else if matches!(draft.report.kind, Kind::Text | Kind::Other) || !draft.counts {
        (Verdict::NotTested, "no test is for it".to_owned())
    } else if !draft.is_enough {
        insufficient(draft)
    } else if quiet.is_empty() {
        (Verdict::NoDrift, "nothing that chance does not give".to_owned())
    } else {
        (Verdict::NoDrift, format!("too little to matter: {}", quiet.join("; ")))
    };
    let is_open = draft.report.verdict == Verdict::InsufficientData;
    for row in &mut draft.rows {
        settle(row, family, cutoff, is_drift);
        row.drifted = row.drifted.filter(|_| !is_open);
    }
}

fn insufficient(draft: &mut Draft) -> (Verdict, String) {
    let (n1, n2) = (draft.report.n_reference, draft.report.n_current);
    let message = format!("too few values to say: {n2} against {n1} of the reference");
    let name = &draft.report.column;
    let finding = Finding::new(name, Code::InsufficientData, Gravity::Notice, message.clone());
    draft.findings.push(finding);
    (Verdict::InsufficientData, message)
}

/// Keeps what a suspicion has to say.
fn tell(draft: &mut Draft, suspicion: Suspicion, is_drift: bool, is_significant: bool) {
    let is_told = suspicion.is_always_told || is_significant;
    if let Some(mut finding) = suspicion.finding.filter(|_| is_told) {
        finding.gravity = if is_drift { Gravity::Drift } else { Gravity::Notice };
        draft.findings.push(finding);
    }
}

/// A row tells drift when its own threshold says so, and the column drifted.
fn settle(row: &mut Row, family: &Family, cutoff: f64, is_drift: bool) {
    let Some(Number(score)) = row.score else { return };
    if row.method.is_distance() {
        let is_far = row.threshold.is_some_and(|bar| score >= bar.0);
        row.drifted = Some(is_far && is_drift);
        return;
    }
    row.threshold = Some(Number(cutoff));
    row.p_adjusted = (!score.is_nan()).then(|| Number(family.adjusted(score)));
    row.drifted = Some(score <= cutoff && is_drift);
}

/// The table drifted when a column that counts did.
fn whole(drafts: &[Draft]) -> Dataset {
    let weight = |draft: &&Draft| draft.report.importance > 0.0;
    let with = |verdict: Verdict| {
        let these = drafts.iter().filter(weight);
        these.filter(move |draft| draft.report.verdict == verdict)
    };
    let sum = |verdict| with(verdict).map(|draft| draft.report.importance).sum::<f64>();
    let drifted_columns = with(Verdict::Drift).count();
    let judged_columns = drifted_columns + with(Verdict::NoDrift).count();
    let (drifted, quiet) = (sum(Verdict::Drift), sum(Verdict::NoDrift));
    let drifted_share = if judged_columns == 0 { 0.0 } else { drifted / (drifted + quiet) };
    let open = with(Verdict::InsufficientData).count();
    let (verdict, because) = if drifted_columns > 0 {
        let names: Vec<_> = with(Verdict::Drift).map(|it| it.report.column.as_str()).collect();
        (Verdict::Drift, format!("{}: {}", columns(drifted_columns), names.join(", ")))
    } else if judged_columns == 0 {
        (Verdict::InsufficientData, "no column has enough values".to_owned())
    } else if open > 0 {
        let judged = columns(judged_columns);
        (Verdict::NoDrift, format!("of {judged}; too few values in {}", columns(open)))
    } else {
        (Verdict::NoDrift, format!("of {}", columns(judged_columns)))
    };
    Dataset { verdict, drifted_columns, judged_columns, drifted_share, because }
}

fn columns(count: usize) -> String {
    if count == 1 { "1 column".to_owned() } else { format!("{count} columns") }
}

/// A column drifted when the method that Evidently chooses says so.
fn follow(draft: &mut Draft) {
    for suspicion in std::mem::take(&mut draft.suspicions) {
        let is_significant = suspicion.p <= FALSE_DISCOVERIES;
        tell(draft, suspicion, false, is_significant);
    }
    let deciding = draft.rows.iter().find(|row| row.deciding);
    (draft.report.verdict, draft.report.because) = match deciding {
        Some(Row { drifted: Some(true), method, .. }) => (Verdict::Drift, method.id().to_owned()),
        Some(Row { drifted: Some(false), method, .. }) => {
            (Verdict::NoDrift, method.id().to_owned())
        }
        Some(row) => (Verdict::NotTested, row.error.clone().unwrap_or_default()),
        None => (Verdict::NotTested, "no test is for it".to_owned()),
    };
}

fn share_of_columns(drafts: &[Draft]) -> Dataset {
    let with = |verdict| drafts.iter().filter(move |it| it.report.verdict == verdict).count();
    let (drifted_columns, quiet) = (with(Verdict::Drift), with(Verdict::NoDrift));
    let judged_columns = drifted_columns + quiet;
    if judged_columns == 0 {
        let because = "no column could be tested".to_owned();
        let verdict = Verdict::InsufficientData;
        return Dataset { verdict, drifted_columns, judged_columns, drifted_share: 0.0, because };
    }
    let drifted_share = crate::count(drifted_columns) / crate::count(judged_columns);
    let is_drift = drifted_share >= DRIFTED_SHARE;
    let verdict = if is_drift { Verdict::Drift } else { Verdict::NoDrift };
    let because = format!("{drifted_columns} of {judged_columns} columns drifted; half is drift");
    Dataset { verdict, drifted_columns, judged_columns, drifted_share, because }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::column::{Column, Form};
    use crate::judge::{Judge, LEAST_VALUES, Pair};
    use crate::method::Methods;

    #[test]
    fn what_equal_values_spoil_is_no_discovery() {
        let (halves, fifths) = ([0.0, 0.5], [0.0, 1.0, 2.0, 3.0, 4.5]);
        for values in [&halves[..], &fifths[..]] {
            let column = |rows| {
                let all = values.iter().copied().cycle().take(rows).collect();
                Column::numbers(rows, all, Form::Real)
            };
            let (reference, current) = (column(1000), column(500));
            let (kind, method) = (Some(Kind::Num), Method::CramerVonMises);
            let mut judge = Judge::new(Mode::Slipway, Methods::All, LEAST_VALUES);
            let (reference, current) = (Some(&reference), Some(&current));
            judge.add(Pair { name: "it", kind, importance: 1.0, reference, current });
            let report = judge.report();
            let row = report.results.iter().find(|row| row.method == method).expect("is shown");
            // As scipy says it, and far from what follows.
            assert!(row.p_value.is_some_and(|p| p.0 < 1e-5), "{row:?}");
            let cutoff = row.threshold.expect("is a test").0;
            let tests = report.results.iter().filter(|it| it.p_value.is_some()).count();
            // The range is tested, too, and has no row.
            assert!(cutoff * crate::count(tests) > FALSE_DISCOVERIES * 0.99, "{row:?}");
            assert_eq!(report.dataset.verdict, Verdict::NoDrift);
        }
    }

    #[test]
    fn discoveries_are_those_of_benjamini_and_hochberg() {
        // Their own example, at 5 %: the first four of fifteen.
        let all = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
            0.5719, 0.6528, 0.7590, 1.0,
        ];
        let family = Family::new(all.to_vec());
        let found = all.iter().filter(|p| **p <= family.cutoff()).count();
        assert_eq!(found, 4);
        assert!((family.adjusted(0.0095) - 0.0095 * 15.0 / 4.0).abs() < 1e-12);
    }
}
