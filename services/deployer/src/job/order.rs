//! What is to be carried out, and by whose right: that of the driver of the release that waits for it, or that of
//! whoever has the errand.

use super::Due;
use crate::db::errand;
use crate::db::release::{self, Release};
use crate::errand::Errand;
use events::PrincipalName;
use sqlx::PgConnection;

/// A job to be carried out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Order<'a> {
    /// The release whose image and configuration it uses.
    pub(crate) release: &'a Release,
    pub(crate) due: &'a Due,
    /// Variables besides those of the job, which may say otherwise.
    pub(crate) variables: &'a [(String, String)],
    /// Nothing when the release waits for it.
    pub(crate) errand: Option<&'a Errand>,
}

impl Order<'_> {
    /// Keeps the right to carry it out until the caller's transaction ends; an error when somebody else has it.
    pub(crate) async fn fence(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        match self.errand {
            Some(errand) => errand::fence(connection, errand).await,
            None => release::fence(connection, self.release).await,
        }
    }

    pub(super) fn asked_by(&self) -> &PrincipalName {
        self.errand.map_or(&self.release.origin.by, |errand| &errand.asked_by)
    }

    /// What is added to the command.
    pub(super) fn arguments(&self) -> &[String] {
        self.errand.map_or(&[], |errand| &errand.arguments)
    }
}
