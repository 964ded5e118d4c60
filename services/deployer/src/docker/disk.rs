//! What the machine of the engine has to give.

use super::{Engine, EngineError};

/// Figures for the checks before a release.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Capacity {
    /// Bytes free where images and volumes are; unknown when the engine is on another machine.
    pub disk_free: Option<u64>,
    /// Bytes there in total.
    pub disk_total: Option<u64>,
    /// Percent of it that are in use, of what may be used.
    pub disk_used_percent: Option<u64>,
    /// Bytes of memory of the machine.
    pub memory_total: Option<u64>,
    /// Bytes of memory that new processes can have; unknown when the engine is on another machine.
    pub memory_available: Option<u64>,
    /// Processors.
    pub cpus: Option<u32>,
}

impl Engine {
    /// What the machine has to give now.
    pub async fn capacity(&self) -> Result<Capacity, EngineError> {
        let info = self.ask("describe", "itself", self.docker.info()).await?;
        let disk = info.docker_root_dir.and_then(|root| nix::sys::statvfs::statvfs(&*root).ok());
        let meminfo = disk.and_then(|_| std::fs::read_to_string("/proc/meminfo").ok());
        Ok(Capacity {
            disk_free: disk.map(|disk| disk.blocks_available() * disk.fragment_size()),
            disk_total: disk.map(|disk| disk.blocks() * disk.fragment_size()),
            disk_used_percent: disk.and_then(|disk| {
                let used = disk.blocks().saturating_sub(disk.blocks_free());
                (used * 100).checked_div(used + disk.blocks_available())
            }),
            memory_total: info.mem_total.and_then(|bytes| bytes.try_into().ok()),
            memory_available: meminfo.as_deref().and_then(memory_available),
            cpus: info.ncpu.and_then(|cpus| cpus.try_into().ok()),
        })
    }
}

fn memory_available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn available_memory_is_read_in_bytes() {
        let meminfo = "MemTotal:       24576 kB\nMemAvailable:   12288 kB\n";
        assert_eq!(memory_available(meminfo), Some(12288 * 1024));
        assert_eq!(memory_available("MemTotal: 1 kB\n"), None);
    }
}
