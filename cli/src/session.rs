//! What a command works with: the output, the server, and the local platform's directory.

use crate::args::Global;
use crate::client::Server;
use crate::error::Error;
use crate::output::Output;
use crate::up::{Layout, State};
use chrono::{DateTime, Utc};

/// Where the platform listens when nothing else is said.
const DEFAULT_SERVER: &str = "http://127.0.0.1:8801";

/// What a command works with.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) out: Output,
    global: Global,
}

impl Session {
    /// A session as the global options want it.
    pub(crate) fn new(global: Global) -> Self {
        Self { out: Output::new(global.output), global }
    }

    /// The directory of the local platform.
    pub(crate) fn layout(&self) -> Layout {
        Layout::new(self.global.data_dir.clone().unwrap_or_else(Layout::default_root))
    }

    /// Now, to tell ages.
    #[expect(clippy::unused_self, reason = "time belongs to the session as the output does")]
    #[expect(clippy::disallowed_methods, reason = "shown to people, nothing is decided by it")]
    pub(crate) fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    /// The API of the platform that runs on this machine, when one does.
    fn local(&self) -> Option<String> {
        self.local_address("api")
    }

    /// Where a part of the platform that `slipway up` runs on this machine answers.
    pub(crate) fn local_address(&self, name: &str) -> Option<String> {
        State::read(&self.layout()).ok().flatten()?.addresses.get(name).cloned()
    }

    /// Who runs this program, for those who read the history.
    #[expect(clippy::unused_self, reason = "whoever runs it belongs to the session")]
    pub(crate) fn account(&self) -> String {
        let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).ok().flatten();
        user.map_or_else(|| nix::unistd::geteuid().to_string(), |user| user.name)
    }

    /// Where the platform is asked.
    pub(crate) fn address(&self) -> String {
        let address = self.global.server.clone().or_else(|| self.local());
        address.unwrap_or_else(|| DEFAULT_SERVER.to_owned())
    }

    /// A client of the platform; connects when first used.
    pub(crate) fn server(&self) -> Result<Server, Error> {
        let address = self.address();
        let is_local = self.local().is_some_and(|local| local == address);
        Ok(Server::new(&address, self.token(is_local)?.as_deref())?)
    }

    /// The token. The one of the local platform is never shown to another server.
    fn token(&self, is_local: bool) -> Result<Option<String>, Error> {
        // A variable that is set to nothing is as good as one that is not set.
        if let Some(token) = self.global.token.as_deref().filter(|token| !token.trim().is_empty()) {
            return Ok(Some(token.to_owned()));
        }
        if let Some(path) = &self.global.token_file {
            let text = std::fs::read_to_string(path)
                .map_err(|source| Error::Read { path: path.display().to_string(), source })?;
            return Ok(Some(text.trim().to_owned()));
        }
        let own = std::fs::read_to_string(self.layout().admin_token());
        Ok(own.ok().filter(|_| is_local).map(|text| text.trim().to_owned()))
    }
}
