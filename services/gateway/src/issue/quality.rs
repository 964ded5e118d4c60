//! What an issue says of a model that got worse: how much, since when, compared with what, and what to do. Pure.

use super::text::{code, line, time};
use crate::title::plain;
use events::payload::{DriftV1, FigureV1, QualityV1};

pub(super) fn about(body: &mut String, drift: &DriftV1) {
    let (app, environment) = (&drift.app, &drift.environment);
    let because: Vec<String> = drift.findings.iter().map(|it| plain(&it.message)).collect();
    let because = because.join("; ");
    line(body, &format!("By what was true of its predictions: {because}."));
    if let Some(quality) = &drift.quality {
        measured(body, quality);
    }
    let why = because.replace('"', "");
    line(body, "\nWhat to do:\n\n```");
    line(body, &format!("slipway drift show {app} {environment}"));
    line(body, &format!("slipway drift check {app} {environment}"));
    line(body, &format!("slipway retrain {app} --environment {environment} --reason \"{why}\""));
    line(body, &format!("slipway rollback {app} {environment}"));
    line(body, &format!("slipway drift accept {app} {environment} --quality --why \"...\""));
    line(body, &format!("slipway drift mute {app} {environment} --hours 72 --why \"...\""));
    line(body, "```\n");
    line(
        body,
        "`check` says whether requests changed, too; `retrain` makes the model anew; `rollback` goes back to the release before; \
         `accept` makes how good it is now the standard.",
    );
}

fn measured(body: &mut String, quality: &QualityV1) {
    let QualityV1 { number, model, against, standard, told, told_before, .. } = quality;
    let (from, to) = (time(quality.from), time(quality.to));
    line(body, &format!("\nRelease {number}, model {}, {from} to {to}.", code(model)));
    let before = match (against, standard) {
        (Some(model), None) => format!("the model before it, {}", code(model)),
        (Some(model), Some(version)) => format!(
            "what was accepted of the model before it, {}, version {version} of the standard",
            code(model)
        ),
        (None, Some(version)) => {
            format!("what was accepted of it, version {version} of the standard")
        }
        (None, None) => "itself before".to_owned(),
    };
    line(body, &format!("Compared with {before}.\n"));
    line(body, "| | now | before |");
    line(body, "|---|---|---|");
    line(body, &format!("| predictions | {told} | {told_before} |"));
    for figure in &quality.figures {
        line(body, &row(figure));
    }
}

fn row(figure: &FigureV1) -> String {
    let FigureV1 { name, now, before } = figure;
    format!("| {} | {now:.3} | {before:.3} |", plain(&name.replace('_', " ")))
}
