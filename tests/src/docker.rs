//! The engine as an operator's hands: the docker client, by argv. What stories ask again and again is asked without it.

mod list;

use std::collections::BTreeSet;
use std::process::Command;

/// The engine, seen through one platform's labels.
#[derive(Debug, Clone)]
pub struct Docker {
    host: String,
    platform: String,
}

impl Docker {
    /// The containers of `platform` on the engine at `host`.
    pub fn new(host: &str, platform: &str) -> Self {
        Self { host: host.to_owned(), platform: platform.to_owned() }
    }

    /// Runs the client and returns what it prints; panics with its complaint.
    pub fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "docker {arguments:?}: {complaint}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn command(&self, arguments: &[&str]) -> std::process::Output {
        Command::new("docker")
            .args(["--host", &self.host])
            .args(arguments)
            .output()
            .expect("the docker client is installed")
    }

    pub(crate) fn filter(&self) -> String {
        format!("label=slipway.instance={}", self.platform)
    }

    /// The platform's containers and how each is, for people; or why the engine does not say.
    pub(crate) fn told(&self) -> String {
        let format = "{{.Names}}  {{.Status}}  {{.Image}}";
        let told = self.command(&["ps", "--all", "--format", format, "--filter", &self.filter()]);
        String::from_utf8_lossy(&[told.stdout, told.stderr].concat()).into_owned()
    }

    /// Whether the engine has this image.
    pub fn has_image(&self, reference: &str) -> bool {
        self.command(&["image", "inspect", reference]).status.success()
    }

    /// Those of `digests` that images of the platform have.
    pub fn digests_among(&self, digests: &[String]) -> Vec<String> {
        let (format, filter) = ("{{.Digest}}", self.filter());
        let found =
            self.names(&["image", "ls", "--digests", "--format", format, "--filter", &filter]);
        digests.iter().filter(|digest| found.contains(digest)).cloned().collect()
    }

    /// An image that somebody makes of the only container of `service`, with all its labels, and names as they like.
    pub fn derived(&self, service: &str) -> String {
        let name = format!("somebody-elses:{}", self.platform);
        self.run(&["commit", "--pause=false", &self.id_of(service), &name]);
        name
    }

    /// Kills every container of the release with this uid.
    pub fn kill_release(&self, uid: &str) {
        let label = format!("label=slipway.release={uid}");
        let ids = self.names(&["ps", "--quiet", "--filter", &self.filter(), "--filter", &label]);
        assert!(!ids.is_empty(), "no container of release {uid} runs");
        for id in ids {
            self.run(&["kill", &id]);
        }
    }

    /// What `docker inspect` says of the container of `service`, in the given format.
    pub fn inspect(&self, service: &str, format: &str) -> String {
        self.run(&["inspect", "--format", format, &self.id_of(service)])
    }

    /// What `command` prints in the container of `service`, as its own user.
    pub fn exec(&self, service: &str, command: &[&str]) -> String {
        let id = self.id_of(service);
        self.run(&[&["exec", &id], command].concat())
    }

    pub(crate) fn names(&self, arguments: &[&str]) -> Vec<String> {
        let mut names: Vec<String> = self
            .run(arguments)
            .lines()
            .map(str::to_owned)
            .filter(|name| !name.is_empty())
            .collect();
        names.sort();
        names
    }

    /// Stops and removes the platform's containers, as many as it returns, and its networks. Volumes stay.
    pub fn stop(&self) -> usize {
        let containers = self.names(&["ps", "--all", "--quiet", "--filter", &self.filter()]);
        let all = |first: [&'static str; 2]| {
            let rest = containers.iter().map(String::as_str);
            first.into_iter().chain(rest).collect::<Vec<_>>()
        };
        if !containers.is_empty() {
            // One that a person removes at the same moment is as gone as it should be.
            self.command(&all(["stop", "--time=10"]));
            self.command(&all(["rm", "--force"]));
        }
        for network in self.names(&["network", "ls", "--quiet", "--filter", &self.filter()]) {
            self.command(&["network", "rm", &network]);
        }
        containers.len()
    }

    /// Takes the names at `registry` off the platform's images; one that has no other name is gone with its last.
    pub(crate) fn forget_images(&self, registry: &str) {
        // Tags first: with the last one of a repository its digests go too.
        for format in ["{{.Repository}}:{{.Tag}}", "{{.Repository}}@{{.Digest}}"] {
            let filter = self.filter();
            let mut names =
                self.names(&["image", "ls", "--digests", "--format", format, "--filter", &filter]);
            names.retain(|name| name.starts_with(registry) && !name.contains("<none>"));
            for name in names {
                self.command(&["image", "rm", &name]);
            }
        }
    }

    /// Removes everything of the platform: containers, networks, volumes. For the end of a test.
    pub fn clean(&self) {
        let kinds: [(&[&str], &[&str]); 4] = [
            (&["ps", "--all"], &["rm", "--force", "--volumes"]),
            (&["network", "ls"], &["network", "rm"]),
            (&["volume", "ls"], &["volume", "rm"]),
            (&["image", "ls"], &["image", "rm", "--force"]),
        ];
        for (list, remove) in kinds {
            // What cannot be listed now is found by the set-up scripts.
            let listed = self.command(&[list, &["--quiet", "--filter", &self.filter()]].concat());
            let listed = String::from_utf8_lossy(&listed.stdout);
            let left: BTreeSet<&str> = listed.lines().filter(|it| !it.is_empty()).collect();
            if !left.is_empty() {
                self.command(&[remove, &left.into_iter().collect::<Vec<_>>()].concat());
            }
        }
    }
}
