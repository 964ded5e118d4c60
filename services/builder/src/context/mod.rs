//! What a build sees: the files of a commit under the context, without what `.dockerignore` names.

pub mod dockerfile;
pub mod glob;
pub mod ignore;
pub mod key;
pub mod tar;
