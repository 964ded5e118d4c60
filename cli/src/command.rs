//! The commands: one file each, with its arguments and what it asks of the platform.

mod app;
mod app_credentials;
mod approve;
mod awaited;
mod build_log;
mod builds;
mod cancel;
mod candidate;
mod check;
mod completions;
mod deliveries;
mod deploy;
mod doctor;
mod down;
mod drift;
mod drift_captured;
mod drift_data;
mod drift_issue;
mod drift_truth;
mod events;
mod explain;
mod gc;
mod import;
mod known;
mod logs;
mod notify;
mod only;
mod plan;
mod promote;
mod refuse;
mod releases;
mod retrain;
mod rollback;
mod rollback_local;
mod run;
mod runs;
mod secret;
mod status;
mod token;
mod traffic;
mod unpin;
mod up;

pub(crate) use drift_data::QueryError;

use crate::error::Error;
use crate::exit::Exit;
use crate::reference;
use crate::session::Session;
use clap::Subcommand;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the whole platform on this machine
    Up(up::Up),
    /// Stop the platform on this machine
    Down(down::Down),
    /// Check that this machine has what the platform needs, and that the platform answers
    Doctor(doctor::Doctor),
    /// Register apps and read them
    #[command(subcommand)]
    App(app::App),
    /// Check a slipway.yaml without a server
    Check(check::Check),
    /// Make a slipway.yaml of an App Platform spec, a Compose file or a Kamal deploy.yml
    Import(import::Import),
    /// Say what a deploy would do
    Plan(plan::Plan),
    /// Deploy a ref of the repository, or images
    Deploy(deploy::Deploy),
    /// List releases, or show one
    Releases(releases::Releases),
    /// Tell the story of a release: what happened, why, what differs, what to do next
    Explain(explain::Explain),
    /// Say what is live and what moves
    Status(status::Status),
    /// List builds
    Builds(builds::Builds),
    /// Read the output of what is live
    Logs(logs::Logs),
    /// Read the log of a build
    BuildLog(build_log::BuildLog),
    /// Go back to an earlier release
    Rollback(rollback::Rollback),
    /// Let content that was rolled back be deployed again
    Unpin(unpin::Unpin),
    /// End the release that moves, or a build
    Cancel(cancel::Cancel),
    /// Let a share of traffic that is held go on, or release what was proved in another environment
    Promote(promote::Promote),
    /// Run a job of what is live, and follow it to its end
    Run(run::Run),
    /// Make the model of what is live anew, and commit it where it differs
    Retrain(retrain::Retrain),
    /// List runs of jobs, or show one with its output
    Runs(runs::Runs),
    /// Agree to a release that waits for people, or put the freeze aside that holds it
    Approve(approve::Approve),
    /// End a release that waits for people
    Refuse(refuse::Refuse),
    /// Say how to ask the release that has a share of the traffic, by hand
    Candidate(candidate::Candidate),
    /// Hold each request for up to 30 seconds, then answer it with 503, until resumed
    Pause(traffic::Traffic),
    /// Take requests again after pause or maintenance
    Resume(traffic::Traffic),
    /// Answer requests with 503 until resumed
    Maintenance(traffic::Traffic),
    /// Compare what runs with what was released, and data with their reference
    Drift(drift::Drift),
    /// Set secrets; nobody can read them back
    #[command(subcommand)]
    Secret(secret::Secret),
    /// Make and end tokens
    #[command(subcommand)]
    Token(token::Token),
    /// Read and test who is told what happens
    #[command(subcommand)]
    Notify(notify::Notify),
    /// Read and replay what webhooks delivered
    Deliveries(deliveries::Deliveries),
    /// Read the events of the platform
    Events(events::Events),
    /// Say what builds and releases left on this platform's disks, or remove what nothing needs
    Gc(gc::Gc),
    /// Print completions for a shell
    Completions(completions::Completions),
    /// Print the reference of the command line as Markdown
    #[command(hide = true)]
    Reference,
    /// Become a program that ends together with the platform
    #[command(hide = true)]
    Child(crate::up::Child),
}

impl Command {
    /// Does it.
    pub(crate) fn run(self, session: &Session) -> Result<Exit, Error> {
        use proto::v1::set_traffic_request::Mode;
        if session.out.is_html() && !self.makes_page() {
            let told = "there is no page of this; only `slipway drift data` makes one";
            return Err(Error::Usage(told.to_owned()));
        }
        match self {
            Self::Child(child) => child.run(),
            Self::Reference => session.out.text(&reference::markdown()).map(|()| Exit::Done),
            Self::Check(check) => check.run(session),
            Self::Import(import) => import.run(session),
            Self::Completions(completions) => completions.run(session),
            Self::Up(up) => up.run(session),
            Self::Down(down) => down.run(session),
            Self::Doctor(doctor) => wait(doctor.run(session)),
            Self::App(app) => wait(app.run(session)),
            Self::Plan(plan) => wait(plan.run(session)),
            Self::Deploy(deploy) => wait(deploy.run(session)),
            Self::Releases(releases) => wait(releases.run(session)),
            Self::Explain(explain) => wait(explain.run(session)),
            Self::Status(status) => wait(status.run(session)),
            Self::Builds(builds) => wait(builds.run(session)),
            Self::Logs(logs) => wait(logs.run(session)),
            Self::BuildLog(log) => wait(log.run(session)),
            Self::Rollback(rollback) => wait(rollback.run(session)),
            Self::Unpin(unpin) => wait(unpin.run(session)),
            Self::Cancel(cancel) => wait(cancel.run(session)),
            Self::Promote(promote) => wait(promote.run(session)),
            Self::Run(run) => wait(run.run(session)),
            Self::Retrain(retrain) => wait(retrain.run(session)),
            Self::Runs(runs) => wait(runs.run(session)),
            Self::Approve(approve) => wait(approve.run(session)),
            Self::Refuse(refuse) => wait(refuse.run(session)),
            Self::Candidate(candidate) => wait(candidate.run(session)),
            Self::Pause(traffic) => wait(traffic.run(session, Mode::Paused)),
            Self::Resume(traffic) => wait(traffic.run(session, Mode::Serving)),
            Self::Maintenance(traffic) => wait(traffic.run(session, Mode::Maintenance)),
            Self::Drift(drift) => wait(drift.run(session)),
            Self::Secret(secret) => wait(secret.run(session)),
            Self::Token(token) => wait(token.run(session)),
            Self::Notify(notify) => wait(notify.run(session)),
            Self::Deliveries(deliveries) => wait(deliveries.run(session)),
            Self::Events(events) => wait(events.run(session)),
            Self::Gc(gc) => wait(gc.run(session)),
        }
    }

    /// Its output may be a page for a browser.
    fn makes_page(&self) -> bool {
        matches!(self, Self::Drift(drift) if drift.is_of_data())
    }
}

/// One thread is enough: a command waits for answers. It is also the thread that starts programs, whose
/// life hangs on it.
pub(crate) fn wait(work: impl Future<Output = Result<Exit, Error>>) -> Result<Exit, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(Error::Runtime)?.block_on(work)
}
