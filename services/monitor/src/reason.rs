//! The kinds of difference.

/// What differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// It should be there and is not.
    Missing,
    /// Another container is where it should be.
    Replaced,
    /// It is there and does not run.
    Stopped,
    /// It runs another image.
    Image,
    /// It may do more, or runs as somebody else.
    Privilege,
    /// Other variables.
    Env,
    /// Another command, entry point, working directory or signal to stop.
    Command,
    /// Other volumes or folders.
    Mounts,
    /// Ports of the machine lead into it.
    Ports,
    /// Other networks, or other names in them.
    Network,
    /// It may use more or less.
    Limits,
    /// Something else happens when it ends.
    RestartPolicy,
    /// Other labels, or another name.
    Labels,
    /// The router sends requests elsewhere.
    Route,
    /// It has our labels and belongs to nothing.
    Orphaned,
}

/// Why a text is no reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a reason of drift")]
pub struct UnknownReason(String);

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 15] = [
        Self::Missing,
        Self::Replaced,
        Self::Stopped,
        Self::Image,
        Self::Privilege,
        Self::Env,
        Self::Command,
        Self::Mounts,
        Self::Ports,
        Self::Network,
        Self::Limits,
        Self::RestartPolicy,
        Self::Labels,
        Self::Route,
        Self::Orphaned,
    ];

    /// The stable code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "MISSING",
            Self::Replaced => "REPLACED",
            Self::Stopped => "STOPPED",
            Self::Image => "IMAGE",
            Self::Privilege => "PRIVILEGE",
            Self::Env => "ENV",
            Self::Command => "COMMAND",
            Self::Mounts => "MOUNTS",
            Self::Ports => "PORTS",
            Self::Network => "NETWORK",
            Self::Limits => "LIMITS",
            Self::RestartPolicy => "RESTART_POLICY",
            Self::Labels => "LABELS",
            Self::Route => "ROUTE",
            Self::Orphaned => "ORPHANED",
        }
    }

    /// The kind of difference that another value of `field` is.
    pub fn of_field(field: &str) -> Self {
        match field.split('.').next().unwrap_or_default() {
            "env" => Self::Env,
            "user" | "security" => Self::Privilege,
            "mounts" => Self::Mounts,
            "ports" => Self::Ports,
            "networks" => Self::Network,
            "limits" => Self::Limits,
            "restart_policy" => Self::RestartPolicy,
            "labels" | "name" => Self::Labels,
            "routes" => Self::Route,
            _ => Self::Command,
        }
    }

    /// One look is enough. Anything else may be a moment between two states.
    pub const fn is_certain_at_once(self) -> bool {
        matches!(self, Self::Image | Self::Privilege)
    }

    /// Something that should run does not.
    pub const fn is_missing(self) -> bool {
        matches!(self, Self::Missing | Self::Stopped)
    }
}

impl std::str::FromStr for Reason {
    type Err = UnknownReason;

    fn from_str(text: &str) -> Result<Self, UnknownReason> {
        let same = |reason: &Self| reason.as_str() == text;
        Self::ALL.into_iter().find(same).ok_or_else(|| UnknownReason(text.to_owned()))
    }
}
