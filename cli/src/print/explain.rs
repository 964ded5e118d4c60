//! The story of a release: what happened, why, what users noticed, what differs, what to do next.

use super::{
    answers, bytes, certificate, reading, release, run, shadow, short, steps, table, time, waiting,
};
use crate::exit::Exit;
use chrono::{DateTime, Utc};
use proto::v1::{
    Comparison, GetReleaseResponse, Image, ImageChange, Release, SettingChange, Wreck,
};

/// The whole of it.
pub(crate) fn story(told: &GetReleaseResponse, now: DateTime<Utc>) -> String {
    let release = told.release.clone().unwrap_or_default();
    let comparison = told.comparison.as_ref();
    let advice: Vec<_> = told.advice.iter().map(|text| format!("  - {text}")).collect();
    let parts = [
        Some(head(&release)),
        part("What happened", &happened(&release, now)),
        part("Why", &release.failure.iter().map(release::failure).collect::<Vec<_>>()),
        part("What is left to look into", &left(&release)),
        part("While traffic moved", &switched(&release)),
        part(&against(comparison), &comparison.map_or_else(Vec::new, |it| differs(it, &release))),
        part("What to do next", &advice),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("\n\n")
}

/// Lines under a heading; nothing without lines.
fn part(heading: &str, lines: &[String]) -> Option<String> {
    (!lines.is_empty()).then(|| format!("{heading}\n{}", lines.join("\n")))
}

fn head(shown: &Release) -> String {
    let facts = table::facts(&[
        ("content", release::content(shown)),
        ("cause", format!("{} by {}", shown.cause, shown.by)),
        ("strategy", shown.strategy.clone()),
        ("pinned", if shown.pinned { "yes".to_owned() } else { String::new() }),
        ("trace", shown.trace_id.clone()),
    ]);
    format!("{}\n{facts}", release::end(shown))
}

fn happened(shown: &Release, now: DateTime<Utc>) -> Vec<String> {
    let timed: Vec<_> = shown.steps.iter().map(steps::Step::from).collect();
    let is_bad = release::outcome(shown.state()) == Some(Exit::Failed);
    let began = shown.steps.iter().map(|step| time::clock(step.start_time.as_ref()));
    let lines = began.zip(steps::lines(&timed, is_bad, now));
    let mut lines: Vec<_> = lines.map(|(began, line)| format!("  {began}{line}")).collect();
    lines.extend(answers::lines(shown));
    lines.extend(shown.errands.iter().rev().map(|ran| format!("    {}", run::line(ran))));
    lines.extend(release::canary(shown));
    lines.extend(waiting::lines(shown));
    lines
}

fn switched(shown: &Release) -> Vec<String> {
    let copies = shown.shadow.iter().map(shadow::sentence);
    let readings = Some(reading::sentence(&shown.readings)).filter(|told| !told.is_empty());
    let told = copies.chain(readings).chain(shown.certificate.iter().map(certificate::sentence));
    told.map(|sentence| format!("  {sentence}")).collect()
}

/// Where to look at what failed, on the machine of the engine.
fn left(shown: &Release) -> Vec<String> {
    let lines = |wreck: &Wreck| {
        let Wreck { service, container, until_time } = wreck;
        let until = time::clock(until_time.as_ref());
        [
            format!("  {service}, stopped, until {until} or `slipway gc --apply`:"),
            format!("    docker diff {container}             what it wrote"),
            format!("    docker cp {container}:PATH .        files of it"),
        ]
    };
    let mut all: Vec<String> = shown.wrecks.iter().flat_map(lines).collect();
    if !all.is_empty() {
        let Release { app, environment, number, .. } = shown;
        all.push(format!("  slipway logs {app} {environment} --release {number}"));
    }
    all
}

fn against(comparison: Option<&Comparison>) -> String {
    comparison
        .map_or_else(String::new, |it| format!("What differs from #{}, which was good", it.number))
}

fn differs(before: &Comparison, shown: &Release) -> Vec<String> {
    let mut lines = Vec::new();
    if before.commit != shown.commit {
        lines.push(format!(
            "  commits {}..{}",
            or_none(short(&before.commit)),
            or_none(short(&shown.commit))
        ));
    }
    if before.model != shown.model {
        let (before, now) = (or_none(short(&before.model)), or_none(short(&shown.model)));
        lines.push(format!("  model {before} -> {now}"));
    }
    lines.extend(before.images.iter().map(image));
    lines.extend(before.settings.iter().map(setting));
    if lines.is_empty() {
        lines.push("  nothing: the content is the same".to_owned());
    }
    lines
}

fn image(change: &ImageChange) -> String {
    let told = |image: &Option<Image>| image.as_ref().map_or_else(|| "none".to_owned(), version);
    format!("  image of {}: {} -> {}", change.service, told(&change.before), told(&change.after))
}

fn version(image: &Image) -> String {
    let digest = short(&image.digest);
    match image.size_bytes {
        1.. => format!("{digest} ({})", bytes(image.size_bytes)),
        _ => digest.to_owned(),
    }
}

fn setting(change: &SettingChange) -> String {
    format!("  {}: {} -> {}", change.path, or_none(&change.before), or_none(&change.after))
}

fn or_none(value: &str) -> &str {
    if value.is_empty() { "none" } else { value }
}

#[cfg(test)]
mod tests;
