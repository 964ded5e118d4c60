//! Whether what lived in one environment may be released in another. Pure.

use crate::create::PINNED;
use ::release::Failure;
use events::payload::ImageV1;
use events::{ReleaseId, ServiceName};
use manifest::{PromoteFrom, PromoteMode, Span};
use std::collections::BTreeMap;
use std::time::Duration;

/// Why images may not be released yet.
pub(super) const NOT_SOAKED: &str = "NOT_SOAKED";

/// A release that is or was live in the environment that is promoted from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lived {
    pub(crate) id: ReleaseId,
    pub(crate) number: i64,
    pub(crate) images: BTreeMap<ServiceName, ImageV1>,
    /// How long it was live, without a break, by the clock of the database.
    pub(crate) lasted: Duration,
    /// It still is.
    pub(crate) is_live: bool,
    /// It brought an earlier release back.
    pub(crate) restores: bool,
    /// Its content was rolled back there.
    pub(crate) pinned: bool,
}

impl Lived {
    /// Whether it ran with these images.
    fn had(&self, images: &BTreeMap<ServiceName, ImageV1>) -> bool {
        let same = |(service, image): (&ServiceName, &ImageV1)| {
            self.images.get(service).is_some_and(|mine| mine.digest == image.digest)
        };
        images.iter().all(same)
    }
}

/// When a live release goes on by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    Now,
    After(Duration),
    Never,
}

/// When `lived` goes on by itself to where `from` is asked for. What was brought back was proved long ago, or never: a
/// person may promote it.
pub(crate) fn by_itself(from: &PromoteFrom, lived: &Lived) -> Next {
    let is_asked_for = from.mode == PromoteMode::Manual;
    if is_asked_for || !lived.is_live || lived.restores || lived.pinned {
        return Next::Never;
    }
    match from.soak.duration().saturating_sub(lived.lasted) {
        Duration::ZERO => Next::Now,
        left => Next::After(left),
    }
}

/// What `lived` lacks to be released where `from` is asked for; nothing when it may be.
pub(crate) fn lacking(from: &PromoteFrom, lived: &Lived) -> Option<Failure> {
    let PromoteFrom { environment, soak, .. } = from;
    let number = lived.number;
    if lived.pinned {
        let message = format!("release {number} of {environment} was rolled back there");
        return Some(Failure::new(PINNED, message));
    }
    if lived.lasted >= soak.duration() {
        return None;
    }
    let lasted = Span::seconds(lived.lasted.as_secs());
    let message = if lived.is_live {
        format!("release {number} of {environment} has been live for {lasted} of {soak}")
    } else {
        format!(
            "release {number} of {environment} was live for {lasted} of {soak} when another took its place"
        )
    };
    Some(Failure::new(NOT_SOAKED, message))
}

/// What comes next to where `from` is asked for, of all that lived there, for people; `is_done`: it was promoted before.
pub(crate) fn told(from: &PromoteFrom, all: &[Lived], is_done: bool) -> String {
    let PromoteFrom { environment, .. } = from;
    let Some(live) = all.iter().find(|lived| lived.is_live) else {
        return format!("nothing is live in {environment}");
    };
    let number = live.number;
    match (by_itself(from, live), lacking(from, live)) {
        _ if is_done => format!("release {number} of {environment} was promoted before"),
        (Next::Now, _) => {
            format!("release {number} of {environment} has soaked and comes by itself")
        }
        (Next::After(left), lacking) => {
            let why = lacking.map_or_else(String::new, |failure| failure.message);
            format!("{why}, and comes by itself in {}", Span::seconds(left.as_secs()))
        }
        (Next::Never, Some(lacking)) => {
            format!("{}, and comes when it is promoted", lacking.message)
        }
        (Next::Never, None) => {
            format!("release {number} of {environment} has soaked, and comes when it is promoted")
        }
    }
}

/// The release of `all`, the newest first, that proved `images` for where `from` is asked for; else what is lacking, for
/// people.
pub(crate) fn proved<'l>(
    from: &PromoteFrom,
    images: &BTreeMap<ServiceName, ImageV1>,
    all: &'l [Lived],
) -> Result<&'l Lived, String> {
    let same = || all.iter().filter(|lived| lived.had(images));
    if let Some(proved) = same().find(|lived| lacking(from, lived).is_none()) {
        return Ok(proved);
    }
    let why = same().find_map(|lived| lacking(from, lived)).map_or_else(
        || format!("no release with these images was live in {}", from.environment),
        |lacking| lacking.message,
    );
    Err(format!("{why}; this environment takes {from}"))
}

#[cfg(test)]
mod tests;
