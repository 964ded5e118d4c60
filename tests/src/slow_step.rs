//! A step of a build that takes its time and can be seen from outside: what stands between begun and done.

use std::time::Duration;
use testkit::{Repo, eventually};

/// Until the engine runs the step: what comes before it in a build.
const BEGIN: Duration = Duration::from_mins(5);
/// Until the engine has ended a step that nobody wants any more; by itself it would go on for longer.
const END: Duration = Duration::from_mins(3);

/// A `RUN` that sleeps, unlike any other on this machine.
#[derive(Debug)]
pub struct SlowStep {
    command: String,
}

impl SlowStep {
    /// From the next commit on the image of `repo` takes `seconds` more to build.
    pub fn add(repo: &Repo, seconds: u32) -> Self {
        let fraction = uuid::Uuid::new_v4().as_u128() % 1_000_000_000;
        let command = format!("sleep {seconds}.{fraction:09}");
        let path = repo.path().join("Dockerfile");
        let dockerfile = std::fs::read_to_string(path).expect("a Dockerfile");
        let base = dockerfile.lines().next().expect("a first line");
        let rest = dockerfile.trim_start_matches(base);
        repo.write("Dockerfile", &format!("{base}\nRUN {command}{rest}"));
        Self { command }
    }

    /// From the next commit on the image of `repo` is built without it.
    pub fn remove(&self, repo: &Repo) {
        let path = repo.path().join("Dockerfile");
        let dockerfile = std::fs::read_to_string(path).expect("a Dockerfile");
        repo.write("Dockerfile", &dockerfile.replace(&format!("RUN {}\n", self.command), ""));
    }

    /// Waits until the engine runs it.
    pub async fn begun(&self) {
        let what = format!("the engine to run {:?}", self.command);
        eventually(&what, BEGIN, async || self.runs().then_some(())).await;
    }

    /// Waits until the engine does not run it any more.
    pub async fn ended(&self) {
        let what = format!("the engine to end {:?}", self.command);
        eventually(&what, END, async || (!self.runs()).then_some(())).await;
    }

    /// Whether a process of this machine runs it.
    pub fn runs(&self) -> bool {
        let processes = std::fs::read_dir("/proc").expect("processes").flatten();
        let mut commands = processes.map(|process| {
            // One that ends meanwhile runs nothing.
            let command = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&command).replace('\0', " ")
        });
        commands.any(|command| command.contains(&self.command))
    }
}
