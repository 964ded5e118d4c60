//! What the sizes of instances mean: processors and memory.

/// Sizes of earlier days: processors, MiB.
const NAMED: [(&str, &str, u64); 9] = [
    ("basic-xxs", "1", 512),
    ("basic-xs", "1", 1024),
    ("basic-s", "1", 2048),
    ("basic-m", "2", 4096),
    ("professional-xs", "1", 1024),
    ("professional-s", "1", 2048),
    ("professional-m", "2", 4096),
    ("professional-l", "4", 8192),
    ("professional-1l", "4", 8192),
];

/// Processors and memory of a size, as the manifest writes them.
pub(super) fn meaning(slug: &str) -> Option<(String, String)> {
    if let Some((_, cpus, mib)) = NAMED.iter().find(|(name, ..)| *name == slug) {
        return Some(((*cpus).to_owned(), manifest::Bytes::new(mib << 20).to_string()));
    }
    let (cpus, memory) = slug.strip_prefix("apps-")?.split_once("vcpu-")?;
    let cpus = cpus.rsplit('-').next()?;
    let memory = memory.split("gb").next()?;
    cpus.parse::<u16>().ok()?;
    Some((cpus.to_owned(), crate::amount::bytes(&format!("{memory}g"))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_processors_and_memory() {
        let said = |slug| meaning(slug).map(|(cpus, memory)| format!("{cpus} {memory}"));
        assert_eq!(said("apps-s-1vcpu-0.5gb").as_deref(), Some("1 512MiB"));
        assert_eq!(said("apps-d-2vcpu-8gb").as_deref(), Some("2 8GiB"));
        assert_eq!(said("apps-s-1vcpu-1gb-fixed").as_deref(), Some("1 1GiB"));
        assert_eq!(said("basic-xxs").as_deref(), Some("1 512MiB"));
        assert_eq!(said("large"), None);
    }
}
