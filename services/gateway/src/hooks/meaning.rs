//! What a delivery asks for: a movement of a ref with or without a change, or nothing.

use crate::accept::Wish;
use crate::app::App;
use crate::order::{Before, Movement};
use crate::repository::Repository;
use crate::title::title;
use crate::understood::{Deletion, Push, Understood};
use events::payload::ChangeCause;
use events::{AppName, CommitSha, GitRef, PrincipalName, skip};

/// What a delivery asks for.
#[derive(Debug)]
pub(super) enum Meaning {
    /// A ref moved, and a change is wanted, or not because of this.
    Moved { git_ref: GitRef, movement: Movement, wish: Result<Wish, String> },
    /// No change follows; somebody may have to look instead.
    Nothing { reason: String, look: Option<Look> },
}

/// What a delivery says to look at, because it does not tell all of it.
#[derive(Debug)]
pub(super) enum Look {
    /// The heads of the remote.
    Heads,
    /// What CI says of a commit.
    Ci(CommitSha),
}

impl Look {
    /// Asks for the look, for the app `name`.
    pub(super) fn ask(&self, app: &App, name: &AppName) {
        match self {
            Self::Heads => app.looks.ask(name),
            Self::Ci(commit) => app.ci.hint(name, commit),
        }
    }
}

fn nothing(reason: impl Into<String>) -> Meaning {
    Meaning::Nothing { reason: reason.into(), look: None }
}

/// What `understood` asks of the app whose repository is `ours`.
pub(super) fn of(understood: Understood, ours: Option<&Repository>) -> Meaning {
    let foreign = |given: Option<&String>| {
        let given = given?;
        ours?.is_surely_not(given).then(|| format!("{given} is not the repository of the app"))
    };
    match understood {
        Understood::Ping => nothing("the webhook works"),
        Understood::Ignored { reason } => nothing(reason),
        Understood::Look { reason } => Meaning::Nothing { reason, look: Some(Look::Heads) },
        Understood::Ci(commit) => {
            let reason = format!("CI of {} is looked at by what waits for it", commit.short());
            Meaning::Nothing { reason, look: Some(Look::Ci(commit)) }
        }
        Understood::Push(push) => match foreign(push.repository.as_ref()) {
            Some(reason) => nothing(reason),
            None => pushed(push),
        },
        Understood::Deleted(gone) => match foreign(gone.repository.as_ref()) {
            Some(reason) => nothing(reason),
            None => deleted(gone),
        },
    }
}

fn pushed(push: Push) -> Meaning {
    let movement = Movement {
        before: Before::Known(push.before),
        after: Some(push.commit.clone()),
        pushed_at: push.pushed_at,
    };
    let cause = match push.git_ref {
        GitRef::Branch(_) => ChangeCause::Push,
        GitRef::Tag(_) => ChangeCause::Tag,
    };
    let wish = match skip::word(&push.git_ref, &push.message) {
        Some(word) => Err(format!("the commit message says {word}")),
        None => Ok(Wish {
            commit: push.commit,
            cause,
            forced: push.forced,
            title: title(&push.message),
            by: PrincipalName::new(&push.by),
            environments: Vec::new(),
        }),
    };
    Meaning::Moved { git_ref: push.git_ref, movement, wish }
}

fn deleted(gone: Deletion) -> Meaning {
    let wish = Err(format!("{} was deleted", gone.git_ref));
    let movement =
        Movement { before: Before::Known(gone.before), after: None, pushed_at: gone.pushed_at };
    Meaning::Moved { git_ref: gone.git_ref, movement, wish }
}
