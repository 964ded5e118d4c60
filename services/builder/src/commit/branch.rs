//! To which branch the files of an environment go. Pure.

use events::GitRef;
use manifest::Environment;

/// The branch that `environment` tracks and its release came from, or else the first that it tracks by name.
pub fn of(environment: &Environment, released: Option<&GitRef>) -> Option<GitRef> {
    let track = environment.track.as_ref()?;
    let own = released.filter(|it| matches!(it, GitRef::Branch(_)) && track.covers(it));
    own.cloned().or_else(|| {
        let names = track.branch.0.iter().map(ToString::to_string);
        names.filter(|name| !name.contains(['*', '?'])).find_map(|name| GitRef::branch(&name).ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn branch(track: &str, released: &str) -> Option<String> {
        let text = format!(
            "app: a\nservices: {{ w: {{ build: . }} }}\nenvironments: {{ p: {{ track: {track} }} }}\n"
        );
        let manifest = manifest::parse(&text).expect("a manifest");
        let environment = manifest.environments.values().next().expect("an environment");
        of(environment, GitRef::parse(released).ok().as_ref()).map(|branch| branch.to_string())
    }

    #[test]
    fn files_go_where_their_release_came_from() {
        let main = Some("refs/heads/main".to_owned());
        assert_eq!(branch("{ branch: main }", "refs/heads/main"), main);
        assert_eq!(branch("{ branch: main, tag: 'v*' }", "refs/tags/v1"), main);
        assert_eq!(branch("{ branch: main }", "refs/heads/other"), main);
        let hotfix = Some("refs/heads/fix/1".to_owned());
        assert_eq!(branch("{ branch: [main, 'fix/*'] }", "refs/heads/fix/1"), hotfix);
        assert_eq!(branch("{ branch: ['fix/*', main] }", ""), main);
    }

    #[test]
    fn an_environment_without_a_branch_of_its_own_gets_none() {
        assert_eq!(branch("{ tag: 'v*' }", "refs/tags/v1"), None);
        assert_eq!(branch("{ branch: 'fix/*' }", "refs/tags/v1"), None);
    }
}
