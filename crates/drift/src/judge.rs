//! Column by column: what is measured and suspected. What follows is said when all were seen, because the false
//! discoveries are controlled over everything that was tested.

use crate::categories::Key;
use crate::column::{Column, Content, Form};
use crate::finding::{Code, Finding, Gravity, clipped};
use crate::kind::Kind;
use crate::measure::{Compared, Measure, Obstacle};
use crate::method::{Method, Methods};
use crate::number::Number;
use crate::report::{ColumnReport, Mode, Report, Row, Verdict};
use crate::retyped::Retyped;
use crate::suspicion::{self, Suspicion};
use crate::{cramer, effect, evidently, picture, row_numbers, verdict};

/// Below so many values on either side it is not said that nothing changed.
pub const LEAST_VALUES: usize = 200;

/// A column of the reference and of the current table, as far as they have it.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'a> {
    /// Its name.
    pub name: &'a str,
    /// How it is treated, if that is not told by its values.
    pub kind: Option<Kind>,
    /// How much it counts: 1 as any other, 2 when half the effect matters, 0 when none does.
    pub importance: f64,
    /// In the reference.
    pub reference: Option<&'a Column>,
    /// Now.
    pub current: Option<&'a Column>,
}

/// What is known of a column before all were seen.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) report: ColumnReport,
    pub(crate) rows: Vec<Row>,
    pub(crate) suspicions: Vec<Suspicion>,
    pub(crate) findings: Vec<Finding>,
    /// There are enough values to judge it.
    pub(crate) is_enough: bool,
    /// It decides about the table.
    pub(crate) counts: bool,
    /// Equal values spoil the probability of Cramér-von Mises.
    pub(crate) is_tied: bool,
}

/// Judges a table column by column; only what is said of a column is kept of it.
#[derive(Debug)]
pub struct Judge {
    mode: Mode,
    methods: Methods,
    least: usize,
    drafts: Vec<Draft>,
}

impl Judge {
    /// By the rule of `mode`, showing `methods`, with verdicts from `least` values on.
    pub fn new(mode: Mode, methods: Methods, least: usize) -> Self {
        Self { mode, methods, least, drafts: Vec::new() }
    }

    /// Looks at a column.
    pub fn add(&mut self, pair: Pair<'_>) {
        let are_row_numbers = self.mode == Mode::Slipway
            && pair.kind.is_none()
            && row_numbers::are_in(pair.name, [pair.reference, pair.current]);
        let draft = match (pair.reference, pair.current) {
            (None, None) => return,
            _ if are_row_numbers => left_out(pair),
            (Some(reference), Some(current)) => self.compare(pair, reference, current),
            (Some(only), None) => self.alone(pair, only, Code::MissingColumn),
            (None, Some(only)) => self.alone(pair, only, Code::ExtraColumn),
        };
        self.drafts.push(draft);
    }

    /// Says what follows.
    pub fn report(self) -> Report {
        verdict::conclude(self.drafts, self.mode)
    }

    fn alone(&self, pair: Pair<'_>, only: &Column, code: Code) -> Draft {
        let kind = pair.kind.unwrap_or_else(|| Kind::of(only, self.mode));
        let (gravity, side) = if code == Code::MissingColumn {
            (Gravity::Drift, "the current table has no such column")
        } else {
            (Gravity::Notice, "the reference has no such column")
        };
        let mut draft = draft(pair, kind);
        draft.counts = gravity == Gravity::Drift && self.mode == Mode::Slipway;
        draft.findings.push(Finding::new(pair.name, code, gravity, side.to_owned()));
        draft
    }

    fn compare(&self, pair: Pair<'_>, reference: &Column, current: &Column) -> Draft {
        let told = if reference.present() > 0 { reference } else { current };
        let kind = pair.kind.unwrap_or_else(|| Kind::of(told, self.mode));
        let mut draft = draft(pair, kind);
        draft.report.n_reference = reference.present();
        draft.report.n_current = current.present();
        draft.report.nulls_reference = share(reference.missing, reference.rows);
        draft.report.nulls_current = share(current.missing, current.rows);
        // Nothing is never enough.
        let least = self.least.max(1);
        draft.is_enough = reference.present().min(current.present()) >= least;
        draft.counts = matches!(kind, Kind::Num | Kind::Cat);
        let name = pair.name;
        notices(name, reference, current, &mut draft.findings);
        let retyped = Retyped::of(reference, current);
        if let Some(retyped) = &retyped {
            let is_drift = self.mode == Mode::Evidently || !retyped.is_alike(pair.kind, kind);
            draft.findings.push(retyped.finding(name, is_drift));
        }
        if reference.rows.min(current.rows) >= self.least {
            draft.suspicions.extend(suspicion::nulls(name, reference, current));
        }
        // Evidently tells a number from the text that looks like it.
        let by_name = retyped.as_ref().filter(|_| self.mode == Mode::Slipway);
        let (left, right) = by_name.map_or((reference, current), Retyped::columns);
        let compared = Compared::new(kind, left, right);
        let is_comparable = retyped.is_none()
            || by_name.is_some_and(Retyped::is_of_one_type) && compared.is_of_its_kind();
        let are_there = reference.present().min(current.present()) > 0 && retyped.is_none();
        if draft.counts && are_there && !compared.is_of_its_kind() {
            draft.counts = false;
            let message = format!("{} cannot be treated as {}", told.word(), kind.word());
            draft.findings.push(Finding::new(name, Code::NotTested, Gravity::Notice, message));
        }
        draft.counts &= retyped.is_none() || is_comparable;
        if self.mode == Mode::Evidently || is_comparable {
            self.measure(&compared, &mut draft);
        }
        if is_comparable {
            Self::suspect(&compared, form(reference, current), &mut draft);
        }
        if matches!(kind, Kind::Text | Kind::Other) && reference.present() > 0 {
            let message = format!("no test is for such {}", told.word());
            draft.findings.push(Finding::new(name, Code::NotTested, Gravity::Notice, message));
        }
        draft
    }

    /// The rows of a column.
    fn measure(&self, compared: &Compared<'_>, draft: &mut Draft) {
        let deciding = self.deciding(compared, draft);
        let ColumnReport { kind, importance, .. } = draft.report;
        let is_asked = |method: &Method| match &self.methods {
            Methods::Deciding => deciding.contains(method),
            Methods::All => method.is_for(kind) || deciding.contains(method),
            Methods::These(these) => these.contains(method) && method.is_for(kind),
        };
        for method in Method::ALL.into_iter().filter(is_asked) {
            let said = compared.measure(method, self.mode);
            if method == Method::CramerVonMises {
                draft.is_tied = compared.both().is_ok_and(cramer::is_moved_by_ties);
            }
            let threshold = match self.mode {
                Mode::Evidently => Some(method.threshold()),
                Mode::Slipway => effect::bar(compared, method, importance),
            };
            let mut row = row(draft, method, said, threshold);
            row.deciding = deciding.contains(&method);
            if self.mode == Mode::Evidently {
                row.drifted = said.ok().map(|measure| method.tells_drift(measure.score));
            }
            draft.rows.push(row);
        }
        if self.mode == Mode::Slipway {
            let changed = distributions(compared, &deciding, draft);
            draft.suspicions.extend(changed);
        } else if !draft.rows.iter().any(|row| row.deciding) {
            // What was asked for decides instead: the first of it that says something.
            if let Some(row) = draft.rows.iter_mut().find(|row| row.score.is_some()) {
                row.deciding = true;
            }
        }
    }

    /// The methods that decide about a column.
    fn deciding(&self, compared: &Compared<'_>, draft: &Draft) -> Vec<Method> {
        let ColumnReport { kind, n_reference, n_current, .. } = draft.report;
        if n_reference == 0 || n_current == 0 {
            return Vec::new();
        }
        match (self.mode, kind) {
            (Mode::Evidently, kind) => {
                evidently::choice(kind, n_reference, compared).into_iter().collect()
            }
            (Mode::Slipway, Kind::Num) => vec![Method::Ks, Method::TTest, Method::Wasserstein],
            (Mode::Slipway, Kind::Cat) if compared.distinct <= 2 => vec![Method::Z],
            (Mode::Slipway, Kind::Cat) => vec![Method::ChiSquare, Method::JensenShannon],
            (Mode::Slipway, Kind::Text | Kind::Other) => Vec::new(),
        }
    }

    fn suspect(compared: &Compared<'_>, form: Form, draft: &mut Draft) {
        let name = draft.report.column.clone();
        let samples = compared.samples().filter(|_| draft.report.kind == Kind::Num);
        if let Some(samples) = samples {
            draft.report.plot = picture::of_numbers(samples);
            let range = suspicion::range(&name, samples).filter(|_| draft.is_enough);
            draft.suspicions.extend(range);
        }
        let is_counted = draft.report.kind == Kind::Cat;
        if let Some(categories) = compared.categories.as_ref().filter(|_| is_counted) {
            draft.report.plot = Some(picture::of_categories(categories, form));
            let values = suspicion::values(&name, categories, form).into_iter().flatten();
            draft.suspicions.extend(values);
        }
    }
}

/// Whether the distribution changed: each test with the effect that goes with it.
fn distributions(compared: &Compared<'_>, deciding: &[Method], draft: &Draft) -> Vec<Suspicion> {
    let measured = deciding.iter().find(|it| it.is_distance()).or(deciding.first());
    let effect =
        measured.and_then(|method| effect::deciding(compared, *method, draft.report.importance));
    let Some(effect) = effect else { return Vec::new() };
    let tests = deciding.iter().filter(|method| !method.is_distance());
    let measured = tests.filter_map(|method| {
        // What is shown was measured already.
        let shown = draft.rows.iter().find(|row| row.method == *method);
        let p = match shown {
            Some(row) => row.p_value?.0,
            None => compared.measure(*method, Mode::Slipway).ok()?.p_value?,
        };
        Some(Suspicion::of_distribution(*method, p, effect))
    });
    measured.collect()
}

/// Of a column that is none of the data.
fn left_out(pair: Pair<'_>) -> Draft {
    let mut draft = draft(pair, Kind::Other);
    let message = "these number the rows; they are compared if their kind is pinned".to_owned();
    draft.findings.push(Finding::new(pair.name, Code::NotTested, Gravity::Notice, message));
    draft
}

fn draft(pair: Pair<'_>, kind: Kind) -> Draft {
    let report = ColumnReport {
        column: pair.name.to_owned(),
        kind,
        verdict: Verdict::NotTested,
        because: String::new(),
        importance: pair.importance,
        n_reference: pair.reference.map_or(0, Column::present),
        n_current: pair.current.map_or(0, Column::present),
        nulls_reference: 0.0,
        nulls_current: 0.0,
        plot: None,
    };
    let (rows, suspicions, findings) = (Vec::new(), Vec::new(), Vec::new());
    Draft { report, rows, suspicions, findings, is_enough: false, counts: false, is_tied: false }
}

fn row(
    draft: &Draft,
    method: Method,
    said: Result<Measure, Obstacle>,
    threshold: Option<f64>,
) -> Row {
    let measure = said.ok();
    Row {
        column: draft.report.column.clone(),
        kind: draft.report.kind,
        method,
        deciding: false,
        score: measure.map(|it| Number(it.score)),
        statistic: measure.and_then(|it| it.statistic).map(Number),
        p_value: measure.and_then(|it| it.p_value).map(Number),
        p_adjusted: None,
        threshold: threshold.map(Number),
        drifted: None,
        error: said.err().map(|obstacle| obstacle.to_string()),
    }
}

/// What is seen without a test.
fn notices(name: &str, reference: &Column, current: &Column, findings: &mut Vec<Finding>) {
    let mut found = |code, gravity, message: String, count| {
        let finding = Finding::new(name, code, gravity, message);
        findings.push(Finding { count, ..finding });
    };
    match (reference.present(), current.present()) {
        (0, 0) => {
            found(Code::AllNull, Gravity::Notice, "no row of either has a value".to_owned(), 0);
        }
        (0, n) => {
            let message = "no row of the reference has a value: there is nothing to compare with";
            found(Code::AllNull, Gravity::Notice, message.to_owned(), n);
        }
        (_, 0) if current.rows > 0 && current.mistyped == 0 => {
            let message = "no row has a value any more".to_owned();
            found(Code::AllNull, Gravity::Drift, message, current.rows);
        }
        _ => {}
    }
    if let Some(value) = only_value(current) {
        let also = only_value(reference).is_some_and(|other| other == value);
        let also = if also { ", as in the reference" } else { "" };
        let message = format!("every value is {}{also}", clipped(&value));
        found(Code::Constant, Gravity::Notice, message, 0);
    }
    if reference.infinite + current.infinite > 0 {
        let (now, before) = (current.infinite, reference.infinite);
        let message =
            format!("{now} infinite numbers, {before} in the reference; they are left out");
        found(Code::InfiniteValues, Gravity::Notice, message, now);
    }
}

/// The value that all rows have.
fn only_value(column: &Column) -> Option<String> {
    match &column.content {
        Content::Numbers(numbers) | Content::Times(numbers) => {
            let (low, high) = (numbers.sorted().first()?, numbers.sorted().last()?);
            let is_one = low.total_cmp(high).is_eq() && column.present() > 1;
            is_one.then(|| Key::Number(*low).shown(numbers.form()))
        }
        Content::Texts(texts) => match texts.counts() {
            [(text, 2..)] => Some(text.to_string()),
            _ => None,
        },
        Content::Empty | Content::Other(_) => None,
    }
}

fn form(reference: &Column, current: &Column) -> Form {
    match (&reference.content, &current.content) {
        (Content::Numbers(numbers), _) | (_, Content::Numbers(numbers)) => numbers.form(),
        _ => Form::Real,
    }
}

fn share(part: usize, of: usize) -> f64 {
    if of == 0 { 0.0 } else { crate::count(part) / crate::count(of) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(kind: Kind, column: &Column) -> Report {
        let mut judge = Judge::new(Mode::Slipway, Methods::All, LEAST_VALUES);
        let (reference, current) = (Some(column), Some(column));
        judge.add(Pair { name: "it", kind: Some(kind), importance: 1.0, reference, current });
        judge.report()
    }

    #[test]
    fn what_is_not_of_its_kind_is_not_called_unchanged() {
        let texts = Column::texts(600, [("a".into(), 300), ("b".into(), 300)]);
        let content = Content::Other("lists");
        let lists = Column { rows: 600, missing: 0, infinite: 0, mistyped: 0, content };
        let times = Column::times(600, (0..600).map(f64::from).collect());
        for (kind, column) in [(Kind::Num, texts), (Kind::Cat, lists), (Kind::Num, times)] {
            let report = judged(kind, &column);
            assert_eq!(report.columns[0].verdict, Verdict::NotTested, "{column:?}");
            assert_eq!(report.dataset.verdict, Verdict::InsufficientData, "{column:?}");
            assert!(report.findings[0].message.contains("cannot be treated as"), "{column:?}");
        }
    }

    #[test]
    fn nothing_is_never_enough() {
        let mut judge = Judge::new(Mode::Slipway, Methods::Deciding, 0);
        let (some, none) = (
            Column::numbers(2, vec![1.0, 2.0], Form::Real),
            Column::numbers(0, vec![], Form::Real),
        );
        let (reference, current) = (Some(&some), Some(&none));
        judge.add(Pair { name: "it", kind: None, importance: 1.0, reference, current });
        let report = judge.report();
        assert_eq!(report.columns[0].verdict, Verdict::InsufficientData);
        assert_eq!(
            report.columns[0].because,
            "too few values to say: 0 against 2 of the reference"
        );
    }

    #[test]
    fn the_only_value_is_told_as_it_was_written() {
        let always = Column::numbers(600, vec![1.0; 600], Form::Flag);
        let message = &judged(Kind::Cat, &always).findings[0].message;
        assert_eq!(message, "every value is true, as in the reference");
    }
}
