//! Runs of jobs.

use super::{last, short, table, time, words};
use crate::exit::Exit;
use chrono::{DateTime, Utc};
use proto::v1::run::State;
use proto::v1::{Committed, Job, Run};

/// How a run in this state ended; nothing while it is due or runs.
pub(crate) fn exit(state: State) -> Option<Exit> {
    match state {
        State::Unspecified | State::AwaitingApproval | State::Due | State::Running => None,
        State::Succeeded => Some(Exit::Done),
        State::Failed => Some(Exit::Failed),
        State::Stopped | State::Skipped => Some(Exit::Interrupted),
    }
}

/// The state in words, with the exit code where that is not what the state says.
fn state(run: &Run) -> String {
    let state = words(run.state().as_str_name());
    match run.exit_code.filter(|code| *code != 0) {
        Some(code) => format!("{state} ({code})"),
        None => state,
    }
}

/// From its start to its end; empty before.
fn took(run: &Run) -> String {
    let (start, end) = (time::at(run.start_time.as_ref()), time::at(run.end_time.as_ref()));
    start.zip(end).map_or_else(String::new, |(start, end)| time::span(time::between(start, end)))
}

/// Where it is, in one line.
pub(crate) fn line(run: &Run) -> String {
    let id = last(&run.name);
    let place = format!("{}/{}", run.app, run.environment);
    let why = match (run.reason.as_str(), run.message.as_str()) {
        ("", _) => committed(run).map(|where_to| format!(": {where_to}")).unwrap_or_default(),
        (reason, message) => format!(": {reason}: {message}"),
    };
    let took = match took(run).as_str() {
        "" => String::new(),
        took => format!(" after {took}"),
    };
    format!("job {} of {place} #{}: {}{took}{why}  [{id}]", run.job, run.release_number, state(run))
}

/// Where what it made is.
fn committed(run: &Run) -> Option<String> {
    let committed = run.committed.as_ref()?;
    let Committed { release_url, release_error, .. } = committed;
    let made = made(committed);
    Some(match (release_url.as_str(), release_error.as_str()) {
        ("", "") => made,
        ("", error) => format!("{made}, not released: {error}"),
        (url, _) => format!("{made}, released at {url}"),
    })
}

/// Where a commit is, and whether it is a new one.
pub(crate) fn made(committed: &Committed) -> String {
    let Committed { branch, commit, changed, .. } = committed;
    if *changed {
        format!("committed {} to {branch}", short(commit))
    } else {
        format!("nothing differs from {branch} at {}", short(commit))
    }
}

/// Many runs, newest first.
pub(crate) fn list(runs: &[Run], now: DateTime<Utc>) -> String {
    let head = ["RUN", "JOB", "WHY", "RELEASE", "STATE", "BY", "TOOK", "AGE"];
    let mut table = table::Table::new(head, "no runs yet");
    for run in runs {
        table.row([
            last(&run.name).to_owned(),
            run.job.clone(),
            run.kind.replace('_', " "),
            format!("{}/{} #{}", run.app, run.environment, run.release_number),
            state(run),
            run.by.clone(),
            took(run),
            time::age(run.create_time.as_ref(), now),
        ]);
    }
    table.render()
}

/// When a job is due next, in one line.
pub(crate) fn next(job: &Job, now: DateTime<Utc>) -> String {
    let zone = if job.timezone.is_empty() { "UTC" } else { &job.timezone };
    let ahead = time::at(job.next_time.as_ref()).map(|next| time::span(time::between(now, next)));
    format!(
        "next: {} of {}/{} in {} at {}  (\"{}\" {zone})",
        job.job,
        job.app,
        job.environment,
        ahead.unwrap_or_default(),
        time::clock(job.next_time.as_ref()),
        job.schedule
    )
}

/// All there is to know of one run, with its last lines.
pub(crate) fn show(run: &Run, log_lines: &[String], now: DateTime<Utc>) -> String {
    let why = match run.reason.as_str() {
        "" => String::new(),
        reason => format!("{reason}: {}", run.message),
    };
    let made = run.committed.clone().unwrap_or_default();
    let facts = table::facts(&[
        ("run", last(&run.name).to_owned()),
        ("job", format!("{} ({})", run.job, run.kind.replace('_', " "))),
        ("release", format!("{}/{} #{}", run.app, run.environment, run.release_number)),
        ("state", state(run)),
        ("why", why),
        ("command", run.command.join(" ")),
        ("by", run.by.clone()),
        ("because", run.why.clone()),
        ("made", committed(run).unwrap_or_default()),
        ("model", short(&made.model).to_owned()),
        ("metrics", made.metrics),
        ("for", time::clock(run.slot_time.as_ref())),
        ("due", time::age(run.create_time.as_ref(), now)),
        ("began", time::clock(run.start_time.as_ref())),
        ("ended", time::clock(run.end_time.as_ref())),
        ("took", took(run)),
    ]);
    let lines = log_lines.iter().map(|line| format!("| {line}"));
    std::iter::once(facts).chain(lines).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed() -> Run {
        let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        Run {
            name: "runs/018f".to_owned(),
            app: "shop".to_owned(),
            environment: "production".to_owned(),
            job: "report".to_owned(),
            kind: "after_release".to_owned(),
            release_number: 3,
            by: "ana".to_owned(),
            state: State::Failed.into(),
            exit_code: Some(3),
            reason: "JOB_FAILED".to_owned(),
            message: "job report ended with exit code 3".to_owned(),
            command: vec!["python".to_owned(), "report.py".to_owned()],
            create_time: at(0),
            start_time: at(1),
            end_time: at(43),
            slot_time: None,
            committed: None,
            why: String::new(),
        }
    }

    #[test]
    fn a_run_is_told_in_one_line() {
        insta::assert_snapshot!(line(&failed()), @"job report of shop/production #3: failed (3) after 42s: JOB_FAILED: job report ended with exit code 3  [018f]");
        let due = Run { state: State::Due.into(), ..Run::default() };
        assert_eq!(exit(due.state()), None);
    }

    #[test]
    fn what_a_run_made_is_told_with_where_it_is() {
        let (branch, commit) = ("main".to_owned(), "1234567890abcdef".to_owned());
        let committed = Committed { branch, commit, changed: true, ..Committed::default() };
        let made = |changed| Run {
            state: State::Succeeded.into(),
            exit_code: Some(0),
            reason: String::new(),
            message: String::new(),
            committed: Some(Committed { changed, ..committed.clone() }),
            ..failed()
        };
        insta::assert_snapshot!(line(&made(true)), @"job report of shop/production #3: succeeded after 42s: committed 1234567890 to main  [018f]");
        let mut released = made(true);
        released.committed.as_mut().expect("committed").release_url = "https://x.y/1".to_owned();
        assert!(line(&released).contains("to main, released at https://x.y/1"), "{released:?}");
        insta::assert_snapshot!(line(&made(false)), @"job report of shop/production #3: succeeded after 42s: nothing differs from main at 1234567890  [018f]");
    }

    #[test]
    fn runs_are_listed_with_why_and_how_they_ended() {
        let now = DateTime::from_timestamp(60, 0).expect("in range");
        insta::assert_snapshot!(list(&[failed()], now), @r"
        RUN   JOB     WHY            RELEASE             STATE       BY   TOOK  AGE
        018f  report  after release  shop/production #3  failed (3)  ana  42s   1m00s ago
        ");
    }

    #[test]
    fn a_job_by_the_clock_says_when_it_is_next() {
        let job = Job {
            app: "shop".to_owned(),
            environment: "production".to_owned(),
            job: "report".to_owned(),
            schedule: "0 2 * * *".to_owned(),
            next_time: Some(prost_types::Timestamp { seconds: 7_200, nanos: 0 }),
            ..Job::default()
        };
        insta::assert_snapshot!(next(&job, DateTime::UNIX_EPOCH), @r#"next: report of shop/production in 2h00m at 1970-01-01 02:00:00Z  ("0 2 * * *" UTC)"#);
    }

    #[test]
    fn a_run_is_shown_with_what_it_wrote() {
        let now = DateTime::from_timestamp(60, 0).expect("in range");
        insta::assert_snapshot!(show(&failed(), &["no rows".to_owned()], now), @r"
        run:     018f
        job:     report (after release)
        release: shop/production #3
        state:   failed (3)
        why:     JOB_FAILED: job report ended with exit code 3
        command: python report.py
        by:      ana
        due:     1m00s ago
        began:   1970-01-01 00:00:01Z
        ended:   1970-01-01 00:00:43Z
        took:    42s
        | no rows
        ");
    }
}
