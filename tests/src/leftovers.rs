//! What may be left behind where nothing should be.

use crate::{Docker, World};

impl World {
    /// Lock files that git left in the builder's mirrors.
    pub fn git_locks(&self) -> Vec<String> {
        let mut folders = vec![self.data().join("builder/mirrors")];
        let mut locks = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "lock") {
                    locks.push(path.display().to_string());
                }
            }
        }
        locks
    }
}

impl Docker {
    /// The ids of the platform's images.
    pub fn images(&self) -> Vec<String> {
        let mut ids = self.names(&["image", "ls", "--quiet", "--filter", &self.filter()]);
        ids.dedup();
        ids
    }

    /// The id of the container of `service` that runs.
    pub fn container_of(&self, service: &str) -> String {
        let service = format!("label=slipway.service={service}");
        let listed =
            self.names(&["ps", "--quiet", "--filter", &self.filter(), "--filter", &service]);
        assert_eq!(listed.len(), 1, "one container of {service} runs: {listed:?}");
        listed.into_iter().next().expect("asserted")
    }
}
