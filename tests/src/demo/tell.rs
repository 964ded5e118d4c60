//! Every word of the demonstration, on standard output. Errors of writing are nobody's problem here.

use super::follow::Step;
use super::platform::Platform;
use super::table::{WIDTH, between, cut, milliseconds, span, wrap};
use super::team::{APP, Push};
use super::users::HOST;
use chrono::{DateTime, Utc};
use proto::v1::{Build, Failure, Release};
use serde_json::Value;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::time::Duration;
use testkit::{Answer, Report};

/// What each act shows.
const ACTS: [(&str, &str); 14] = [
    (
        "The platform starts",
        "Five services with a Postgres, a NATS server and an image registry of their own.",
    ),
    (
        "A team registers its repository",
        "A small scoring service with a model in it, from examples/fraud-api.",
    ),
    (
        "A push becomes a release",
        "GitHub calls with a signed push. From there on nobody does anything.",
    ),
    (
        "A second version replaces the first while users ask",
        "Blue-green: the new one is proved first, then takes all traffic, and the old one drains.",
    ),
    (
        "A version that never gets ready",
        "Its slipway.yaml names a model that is not there. Users must not notice.",
    ),
    (
        "A version that turns bad after the switch",
        "It answers well 200 times, then with errors. It is watched, and must go back by itself.",
    ),
    ("One command takes a live release back", "Without git, registry or build."),
    (
        "Somebody changes a running container behind everybody's back",
        "What runs is compared with what was released, field by field, and restored.",
    ),
    (
        "The deployer is killed in the middle of a release",
        "It is started again, takes the release over where it was, and completes it.",
    ),
    (
        "NATS is killed and loses its data in the middle of a release",
        "Truth is in Postgres: news is only late, and the release is completed.",
    ),
    (
        "A canary that is worse",
        "Half of the users get it, and a tenth of its answers are errors: the analysis sends it back.",
    ),
    (
        "A canary without users",
        "Nothing can be told of it: it is not passed blindly, nor failed for silence. A person is asked.",
    ),
    (
        "From staging to production",
        "A tag goes to staging; what lived there comes to production with the same image, once agreed.",
    ),
    (
        "What users send is not what the model was trained on any more",
        "It is found in captured traffic and filed; somebody agrees, and a new model takes over.",
    ),
];
/// Lines of probes and logs that a failure shows.
const EVIDENCE: usize = 4;

/// One line.
pub(super) fn line(text: &str) {
    // Where nobody reads any more, the demonstration goes on; its exit status tells the rest.
    drop(writeln!(std::io::stdout(), "{text}"));
}

fn fact(name: &str, text: &str) {
    line(&format!("  {name:<12}{}", wrap(text, 14)));
}

fn bold(text: &str) -> String {
    let is_terminal = std::io::stdout().is_terminal();
    if is_terminal { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
}

/// An act begins.
pub(super) fn act(number: usize) {
    let (title, promise) = ACTS[number - 1];
    line(&format!("\n{}\n   {promise}\n", bold(&format!("{number}. {title}"))));
}

/// What runs and where.
pub(super) fn platform(platform: &Platform, took: Duration) {
    line("  program       process  answers at");
    for (name, process, address) in platform.programs() {
        line(&format!("  {name:<12}  {process:>7}  {address}"));
    }
    line("");
    fact("traffic", &format!("{} (the router's door for users)", platform.url("traffic")));
    fact("webhooks", &format!("{} (the gateway's door for forges)", platform.url("hooks")));
    fact("data, logs", &platform.folder.display().to_string());
    fact("started in", &span(took));
}

/// The app is known.
pub(super) fn registered(repository: &Path, hooks: &str, path: &str, secret: &str) {
    command(&["app", "add", APP, &repository.display().to_string()]);
    fact("webhook", &format!("{hooks}{path}"));
    let shown: String = secret.chars().take(6).collect();
    fact("secret", &format!("{shown}... (shown in full once, for the forge's settings)"));
}

/// A command is run.
pub(super) fn command(arguments: &[&str]) {
    let quoted =
        |word: &&str| if word.contains(' ') { format!("\"{word}\"") } else { (*word).to_owned() };
    let words: Vec<_> = arguments.iter().map(quoted).collect();
    line(&cut(&format!("  $ slipway {}", words.join(" "))));
}

/// GitHub called; the table of steps begins.
pub(super) fn pushed(push: &Push, name: &str, path: &str) {
    let commit = short(&push.commit);
    fact("push", &format!("{commit} {:?} on {name}; GitHub posts to {path}, signed", push.message));
    line("\n    ended after      took  step");
    let detail = "202: durable, before anything else is done";
    step("webhook", push.took, push.took, detail);
}

fn step(name: &str, ended: Duration, took: Duration, detail: &str) {
    let (ended, took) = (span(ended), span(took));
    line(&cut(&format!("  {ended:>13}{took:>10}  {name:<13}  {detail}")));
}

/// Steps that have ended since the last time, timed from the push.
pub(super) fn steps(steps: &[Step], from: DateTime<Utc>) {
    // The state that it ends in takes no time.
    for one in
        steps.iter().filter(|one| !matches!(one.name.as_str(), "live" | "failed" | "rolled back"))
    {
        step(&one.name, between(from, one.end), between(one.start, one.end), &one.detail);
    }
}

/// The steps of a release that no push asked for, timed from its beginning.
pub(super) fn release_steps(all: &[Step]) {
    let Some(first) = all.first() else { return };
    line("\n    ended after      took  step");
    steps(all, first.start);
}

/// What the registry says of the images of a build.
pub(super) fn images(build: &Build) {
    for service in &build.services {
        let image = service.image.clone().unwrap_or_default();
        let name = if service.reused { "same image" } else { "image" };
        let digest = image.digest.chars().take(19).collect::<String>();
        line(&cut(&format!("  {:>23}  {name:<13}  {}@{digest}...", "", image.repository)));
    }
}

/// A release is live.
pub(super) fn live(release: &Release, push: &Push) {
    let ended = release.end_time.as_ref().and_then(proto::time::from_timestamp);
    let after = ended.map(|ended| span(between(push.at, ended))).unwrap_or_default();
    line("");
    fact("release", &format!("{} is live {after} after the push", release.number));
}

/// What a user gets.
pub(super) fn answer(url: &str, host: &str, answer: &Answer) {
    line(&format!("  $ curl --header 'Host: {host}' {url}"));
    line(&format!("  {}", wrap(answer.text().trim(), 3)));
}

/// What users got, by period.
pub(super) fn users(periods: &[(&str, &Report)]) {
    line("\n  users         sent  failed       p50       p95  answers by version");
    for (name, report) in periods {
        let versions: Vec<_> = report
            .by_version
            .iter()
            .map(|(version, count)| format!("{version}: {count}"))
            .collect();
        let (p50, p95) = (milliseconds(report.quantile(0.5)), milliseconds(report.quantile(0.95)));
        let (sent, failed, versions) = (report.sent, report.failed(), versions.join(", "));
        line(&format!("  {name:<10}{sent:>8}{failed:>8}{p50:>10}{p95:>10}  {versions}"));
    }
}

/// Why something did not go well, with the evidence.
pub(super) fn why(failure: Option<&Failure>) {
    let Some(failure) = failure else { return };
    line("");
    fact("reason", &failure.reason);
    fact("because", &failure.message);
    for (name, lines) in [("probes", &failure.probe_lines), ("log", &failure.log_lines)] {
        let last = &lines[lines.len().saturating_sub(EVIDENCE)..];
        for (place, said) in last.iter().enumerate() {
            let name = if place == 0 { name } else { "" };
            line(&cut(&format!("  {name:<12}| {said}")));
        }
    }
}

/// Somebody does something with other tools.
pub(super) fn by_hand(words: &[&str]) {
    line(&cut(&format!("  $ {}", words.join(" "))));
}

/// Something went wrong, as the act wants it.
pub(super) fn struck(what: &str) {
    line(&cut(&format!("  {:>23}  *** {what}", "")));
}

/// What runs is not what was released.
pub(super) fn drift(said: &Value, took: Duration) {
    fact("drifted", &format!("told {} after it was done", span(took)));
    for finding in said["findings"].as_array().into_iter().flatten() {
        for field in finding["fields"].as_array().into_iter().flatten() {
            let text = |name: &str| field[name].as_str().unwrap_or_default().to_owned();
            let (name, released, now) = (text("field"), text("released"), text("now"));
            fact("field", &format!("{name} is {now}, released was {released}"));
        }
        fact("cause", finding["cause"].as_str().unwrap_or_default());
    }
}

/// What runs is what was released again.
pub(super) fn healed(took: Duration) {
    fact("in sync", &format!("{} later: a successor proved itself before it went", span(took)));
}

/// Users send something else.
pub(super) fn shifted(times: f64) {
    line("");
    fact("users", &format!("pay {times} times as much from now on, and get answers as before"));
}

/// What captured traffic is, compared with what the model was trained on.
pub(super) fn data_drift(said: &Value, took: Duration) {
    let text = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
    let verdict = text("verdict").trim_start_matches("VERDICT_").replace('_', " ").to_lowercase();
    let rows = count(&said["row_count"]);
    fact(&verdict, &format!("{} after; {rows} requests, {}", span(took), text("because")));
}

/// A count in JSON, as a number or as digits.
fn count(said: &Value) -> String {
    said.as_str().map_or_else(|| said.to_string(), str::to_owned)
}

/// What GitHub has.
pub(super) fn issue(issue: &Value, took: Duration) {
    let text = |name: &str| issue[name].as_str().unwrap_or_default();
    let (title, state, link) = (text("title"), text("state"), text("html_url"));
    fact("issue", &format!("{state} {} after: {title:?}, {link}", span(took)));
}

/// How good a model is by what was true of its predictions.
pub(super) fn quality(name: &str, model: &Value) {
    let now = &model["now"];
    let percent = |name: &str| 100.0 * now[name].as_f64().unwrap_or_default();
    let (right, precise, found) = (percent("accuracy"), percent("precision"), percent("recall"));
    let told = count(&now["told_count"]);
    fact(
        name,
        &format!(
            "{right:.1} % of {told} were right; {precise:.1} % of what it suspects is fraud, and it finds {found:.1} %"
        ),
    );
}

/// What a command prints.
pub(super) fn output(text: &str) {
    for said in text.lines() {
        line(&cut(&format!("  | {said}")));
    }
}

/// A person has to decide.
pub(super) fn asks(sentence: &str) {
    line("");
    fact("asks", &format!("a person: {sentence}"));
}

/// A release went back by itself.
pub(super) fn sent_back(release: &Release, took: Duration, meanwhile: &Report) {
    line("");
    let back = format!("by itself, {} after the switch", span(took));
    fact("went back", &format!("release {} {back}", release.number));
    if release.pinned {
        fact("pinned", "no push, tag or poll deploys this content again");
    }
    #[expect(clippy::cast_precision_loss, reason = "a share for people")]
    let share = 100.0 * meanwhile.failed() as f64 / meanwhile.sent.max(1) as f64;
    let statuses = meanwhile.by_status.keys().filter(|status| !(200..300).contains(*status));
    let statuses: Vec<_> = statuses.map(u16::to_string).collect();
    let honest = format!(
        "{} of {} requests failed ({share:.1} %; status {}) until it was back: a fault that shows \
         only in answers to users is seen only there",
        meanwhile.failed(),
        meanwhile.sent,
        statuses.join(", ")
    );
    fact("users", &honest);
}

/// A person took a release back.
pub(super) fn taken_back(release: &Release, back: Duration, took: Duration) {
    line("");
    fact("users", &format!("are back on version 1.0.0 {} after the command", span(back)));
    let watched = format!("{} after the command, watched until then", span(took));
    fact("release", &format!("{} is live {watched}", release.number));
}

/// The end: what runs, what was released, how to look around and how to stop.
pub(super) fn end(platform: &Platform, releases: &[Release], took: Duration) {
    line(&format!("\n{}\n", bold("The platform keeps running")));
    line("  release  state        cause         commit      trace");
    for release in releases.iter().rev() {
        let (number, state, commit) = (release.number, state(release), short(&release.commit));
        let (cause, trace) = (&release.cause, &release.trace_id);
        line(&format!("  {number:>7}  {state:<11}  {cause:<12}  {commit:<10}  {trace}"));
    }
    line("");
    let port = platform.url("traffic").rsplit(':').next().unwrap_or_default();
    fact("app", &format!("http://{HOST}:{port}/version"));
    fact("API", &format!("{} (gRPC; /healthz, /readyz, /metrics)", platform.url("api")));
    fact("webhooks", &format!("{}/hooks/{APP}", platform.url("hooks")));
    fact("registry", platform.url("registry"));
    fact("GitHub", "was played by this demonstration, and ends with it");
    let folder = platform.folder.display();
    fact("logs", &format!("{folder}/logs"));
    fact("traces", "go to your collector once OTEL_EXPORTER_OTLP_ENDPOINT names it");
    fact("look around", &format!("SLIPWAY_DATA={folder} {} status {APP}", platform.slipway.path()));
    fact("stop", "make down");
    line(&format!("\n  All {} acts went as promised, in {}.", ACTS.len(), span(took)));
}

/// It was stopped.
pub(super) fn stopped(said: &str, containers: usize, folder: &Path) {
    line(&format!(
        "{said}; {containers} containers of apps removed, and their images; data stay in {}",
        folder.display()
    ));
}

/// The demonstration failed.
pub fn failure(error: &anyhow::Error) {
    let text = format!("{error:#}");
    let rule = "-".repeat(WIDTH);
    line(&format!("\n{rule}\nNot as promised\n{}", wrap_lines(&text)));
    line("\nThe platform was left as it is: look at its logs, then `make down`.");
}

fn wrap_lines(text: &str) -> String {
    text.lines().map(|line| wrap(line, 0)).collect::<Vec<_>>().join("\n")
}

fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}

/// The state of a release, in words.
pub(super) fn state(release: &Release) -> String {
    let name = release.state().as_str_name();
    name.trim_start_matches("STATE_").replace('_', " ").to_lowercase()
}
