//! What a release is like that is cut: its manifest, its job, and how it has to end.

/// What the release is like that is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scene {
    /// It becomes live.
    Good,
    /// It has half of the traffic first, and becomes live when it is shown to be no worse.
    Canary,
    /// It gets copies of all requests first, and becomes live when it is shown to be no worse.
    Shadow,
    /// A job runs before it starts, and it becomes live.
    Migrates,
    /// A job sets its environment up, and it becomes live.
    SetUp,
    /// A job that sets its environment up fails and is undone. The next release sets it up.
    Undone,
    /// CI has to be green for it, is, and it becomes live.
    Checked,
    /// A job tries the candidate before it has users, and it becomes live.
    Tried,
    /// A job tries the candidate before it has users and once more when it has, and it becomes live.
    TriedTwice,
    /// It becomes live, and a job runs after it.
    Greets,
    /// It is live, and somebody asks for a job.
    Asked,
    /// It is live, and what a job was to do by the clock was missed for days.
    Overdue,
    /// Somebody has to agree to it, does, and it becomes live.
    Approved,
    /// A freeze holds it until somebody puts that aside, and it becomes live.
    Frozen,
    /// It stops being ready while it bakes.
    TurnsBad,
    /// The same after a job that cannot be undone: somebody is asked, and takes it back.
    Asks,
    /// The same without being asked, and a job runs when it was taken back.
    Cleans,
    /// It never gets ready.
    NeverReady,
    /// It is ready, and does not answer as `verify` wants it.
    AnswersBadly,
    /// The same, and a job runs when it failed.
    Mourns,
}

/// Which of the images it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Image {
    Good,
    TurnsBad,
    NeverReady,
    AnswersBadly,
}

pub(super) const BAKE: &str = "    bake: 1s";
/// Long enough to see also on a busy machine that it turns bad; nothing waits for its end.
const LONG: &str = "    bake: 1m";
const APPROVAL: &str = "    approval: 1\n    bake: 1s";
/// It never opens by itself.
const FREEZE: &str = "    freeze: [{ deny: \"* * * * *\", for: 1m }]\n    bake: 1s";
/// As much slower as can be said: on a busy machine the slowest answers say little.
const CANARY: &str = "    strategy: { canary: { steps: [50, 100], hold: 2s, analysis: { p95: 1000% } } }\n    bake: 1s";
/// Two chameleons answer alike but for what says which one it is.
const SHADOW: &str = "    strategy: { shadow: { share: 100%, for: 2s, ignore: [/version, /instance, /release], \
    analysis: { p95: 1000% } } }\n    bake: 1s";

/// The job of a scene.
#[derive(Debug)]
struct Task {
    /// When it runs, as the manifest says it.
    at: &'static str,
    /// What it does after it wrote that it ran.
    ending: &'static str,
    /// Its runs until the release has ended: why, and how each ended.
    runs: &'static [&'static str],
}

/// The job of release `number`. No other has one of that name, so that what it did is told from what others did.
pub(super) fn job(number: i64) -> String {
    format!("job-{number}")
}

/// A command that writes `word` down, and goes on for a while.
fn writes(word: &str, ending: &str) -> String {
    let code = format!("open('/data/ran', 'a').write({word} + ' '); time.sleep(1){ending}");
    format!("[python, -c, \"import os, time; {code}\"]")
}

impl Scene {
    fn task(self) -> Option<Task> {
        let (at, runs): (_, &'static [_]) = match self {
            Self::Migrates => ("before_release", &["before_release succeeded"]),
            Self::Asks => ("before_release, irreversible: true", &["before_release succeeded"]),
            Self::SetUp => ("first_release", &["first_release succeeded"]),
            Self::Undone => ("first_release", &["first_release failed", "undo succeeded"]),
            Self::Tried => ("verify", &["verify succeeded"]),
            Self::TriedTwice => {
                ("verify, again: true", &["verify succeeded", "verify_again succeeded"])
            }
            Self::Greets => ("after_release", &["after_release succeeded"]),
            Self::Asked => ("manual", &["manual succeeded"]),
            Self::Overdue => (
                "schedule, schedule: \"30 2 * * *\", timezone: Europe/Berlin",
                &["schedule succeeded"],
            ),
            Self::Cleans => ("on_rollback", &["on_rollback succeeded"]),
            Self::Mourns => ("on_failure", &["on_failure succeeded"]),
            Self::Good
            | Self::Canary
            | Self::Shadow
            | Self::Checked
            | Self::Approved
            | Self::Frozen
            | Self::TurnsBad
            | Self::NeverReady
            | Self::AnswersBadly => return None,
        };
        let ending = if self == Self::Undone { "; exit(4)" } else { "" };
        Some(Task { at, ending, runs })
    }

    /// The manifest `text` of the app as the scene wants it, with the job of release `number`.
    pub(super) fn manifest(self, text: &str, number: i64) -> String {
        let asks = [
            (Self::Canary, CANARY),
            (Self::Shadow, SHADOW),
            (Self::Approved, APPROVAL),
            (Self::Frozen, FREEZE),
        ];
        let asked = asks.into_iter().find(|(scene, _)| *scene == self).map(|(_, asked)| asked);
        let asked = asked.or(Some(LONG).filter(|_| self.image() == Image::TurnsBad));
        let text = asked.map_or_else(|| text.to_owned(), |asked| text.replace(BAKE, asked));
        let Some(Task { at, ending, .. }) = self.task() else { return text };
        let command = writes("os.environ['SLIPWAY_JOB']", ending);
        let undo = if matches!(self, Self::SetUp | Self::Undone) {
            let word = "os.environ['SLIPWAY_JOB'].replace('job', 'undo')";
            format!(", undo: {}", writes(word, ""))
        } else {
            String::new()
        };
        let job = job(number);
        let jobs = format!(
            "jobs: {{ {job}: {{ service: web, at: {at}, command: {command}{undo} }} }}\nenvironments:"
        );
        text.replace("environments:", &jobs)
    }

    /// It is judged by what many ask; else a gap is noticed by few.
    pub(super) fn is_judged(self) -> bool {
        matches!(self, Self::Canary | Self::Shadow)
    }

    /// It waits for somebody who decides.
    pub(super) fn waits(self) -> bool {
        matches!(self, Self::Approved | Self::Frozen | Self::Asks)
    }

    /// Its job is due when it is live already.
    pub(super) fn is_live_before(self) -> bool {
        matches!(self, Self::Asked | Self::Overdue)
    }

    /// Its job's runs until it has ended, the first first; nothing where it has none.
    pub(super) fn runs(self) -> &'static [&'static str] {
        self.task().map_or(&[], |task| task.runs)
    }

    /// Which of the images it has.
    pub(super) fn image(self) -> Image {
        match self {
            Self::Good
            | Self::Canary
            | Self::Shadow
            | Self::Migrates
            | Self::SetUp
            | Self::Undone
            | Self::Checked
            | Self::Tried
            | Self::TriedTwice
            | Self::Greets
            | Self::Asked
            | Self::Overdue
            | Self::Approved
            | Self::Frozen => Image::Good,
            Self::TurnsBad | Self::Asks | Self::Cleans => Image::TurnsBad,
            Self::NeverReady => Image::NeverReady,
            Self::AnswersBadly | Self::Mourns => Image::AnswersBadly,
        }
    }

    /// The state in which it has to end.
    pub(super) fn ends(self) -> &'static str {
        match self.image() {
            Image::Good if self == Self::Undone => "failed",
            Image::Good => "live",
            Image::TurnsBad => "rolled_back",
            Image::NeverReady | Image::AnswersBadly => "failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn what_a_scene_wants_is_a_manifest() {
        let text = fixture::manifest("shop");
        let scenes = [Scene::Undone, Scene::TriedTwice, Scene::Overdue, Scene::Asks, Scene::Shadow];
        for scene in scenes {
            let written = scene.manifest(&text, 7);
            let read = manifest::parse(&written).expect("it is good");
            assert_eq!(read.jobs.len(), usize::from(!scene.runs().is_empty()), "{written}");
            assert_ne!(written, text);
        }
    }
}
