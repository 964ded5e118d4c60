//! A plan for people.

use super::{Action, DiskPlan, MemoryPlan, Plan};
use std::fmt::{Display, Formatter, Result};

impl Display for Action {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Self::Start => "start",
            Self::Replace => "replace",
            Self::ReplaceIfImageChanged => "keep or replace",
            Self::Remove => "remove",
        })
    }
}

impl Display for Plan {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(f, "{} to {}", self.app, self.environment)?;
        for reason in &self.refused {
            writeln!(f, "refused   {reason}")?;
        }
        if let Some(frozen) = &self.frozen {
            writeln!(f, "frozen    {frozen}")?;
        }
        if let Some(promoted) = &self.promoted {
            writeln!(f, "promoted  {promoted}")?;
        }
        for remark in &self.remarks {
            writeln!(f, "look at   {remark}")?;
        }
        writeln!(f, "strategy  {}: {}", self.strategy, self.why)?;
        if self.downtime.is_empty() {
            writeln!(f, "downtime  0 s")?;
        }
        for reason in &self.downtime {
            writeln!(f, "downtime  {reason}")?;
        }
        for job in &self.irreversible {
            writeln!(
                f,
                "way back  only when a person says so, once job {job} has run: it is irreversible"
            )?;
        }
        let width = self.width();
        for (name, service) in &self.services {
            let action = format!("{} x{}", service.action, service.replicas);
            writeln!(f, "service   {:<width$} {action:<18} {}", name.as_str(), service.why)?;
        }
        for wait in &self.waits {
            let longest = wait.longest.to_string();
            writeln!(f, "wait      {:<width$} {longest:<18} {}", wait.name, wait.why)?;
        }
        for gate in &self.gates {
            let longest = gate.longest.to_string();
            writeln!(f, "gate      {:<width$} {longest:<18} {}", gate.name, gate.why)?;
        }
        writeln!(f, "longest   {} for all gates together", self.longest)?;
        for judge in &self.judged {
            let most = format!("{} at most", judge.worse_by);
            writeln!(f, "judged    {:<width$} {most:<18} {}", judge.name, judge.why)?;
        }
        if let Some(compared) = &self.compared {
            writeln!(f, "compared  {compared}")?;
        }
        writeln!(f, "memory    {}", self.memory)?;
        write!(f, "disk      {}", self.disk)
    }
}

/// Names are at least so wide.
const NAME: usize = 12;

impl Plan {
    /// As wide as the longest name of what is listed.
    fn width(&self) -> usize {
        let services = self.services.keys().map(|name| name.as_str().len());
        let waits = self.waits.iter().map(|wait| wait.name.len());
        let gates = self.gates.iter().map(|gate| gate.name.len());
        let judged = self.judged.iter().map(|judge| judge.name.len());
        services.chain(waits).chain(gates).chain(judged).fold(NAME, usize::max)
    }
}

impl Display for MemoryPlan {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{} for old and new together", self.limits)?;
        if self.unlimited.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = self.unlimited.iter().map(ToString::to_string).collect();
        let have = if names.len() == 1 { "has" } else { "have" };
        write!(f, ", without {}, which {have} no limit", names.join(", "))
    }
}

impl Display for DiskPlan {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let images = if self.images == 1 { "image" } else { "images" };
        write!(f, "{} {images} at once, {} of new volumes", self.images, self.new_volumes)?;
        if self.unsized_volumes.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = self.unsized_volumes.iter().map(ToString::to_string).collect();
        write!(f, ", and {} of unknown size", names.join(", "))
    }
}
