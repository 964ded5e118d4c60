//! `git ls-remote`, by the `git` program: argv, an environment of our own, a time limit, no prompt.

mod command;
mod credentials;
mod list;

pub(crate) use command::{GitError, look};
pub(crate) use credentials::{Credentials, SECRETS};
pub(crate) use list::Remote;
