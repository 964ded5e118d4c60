//! What the remote says its refs are now: `git ls-remote`.

use crate::git::command::{Git, GitError};
use crate::git::credentials::Credentials;
use crate::git::repository::Repository;
use events::{CommitSha, GitRef};
use std::path::Path;
use std::time::Duration;

/// How long a remote may take to list one ref.
const LIMIT: Duration = Duration::from_secs(30);

/// The commit of `git_ref` at the remote now; `None` when it is not there.
pub async fn head(
    repository: &Repository,
    credentials: &Credentials,
    git_ref: &GitRef,
    directory: &Path,
) -> Result<Option<CommitSha>, GitError> {
    let git = Git::new(directory, "ls-remote").arg("--").arg(repository.address());
    let git = git.arg(git_ref.to_string()).arg(format!("{git_ref}^{{}}"));
    let list = credentials.apply(git, repository).output(LIMIT).await?;
    Ok(parse(&String::from_utf8_lossy(&list), git_ref))
}

/// The commit of `git_ref` in what `git ls-remote` wrote; an annotated tag means what it points to.
fn parse(list: &str, git_ref: &GitRef) -> Option<CommitSha> {
    let wanted = git_ref.to_string();
    let of = |name: &str| {
        let mut lines = list.lines().filter_map(|line| line.split_once('\t'));
        lines.find(|(_, found)| *found == name).and_then(|(id, _)| CommitSha::parse(id).ok())
    };
    of(&format!("{wanted}^{{}}")).or_else(|| of(&wanted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_annotated_tag_means_its_commit() {
        let (tag, commit) = ("1".repeat(40), "2".repeat(40));
        let list = format!("{tag}\trefs/tags/v1\n{commit}\trefs/tags/v1^{{}}\n");
        let v1 = GitRef::tag("v1").expect("valid");
        assert_eq!(parse(&list, &v1), CommitSha::parse(&commit).ok());
        assert_eq!(parse(&list, &GitRef::tag("v").expect("valid")), None);
    }

    proptest! {
        #[test]
        fn any_list_can_be_read(list in "(?s).{0,200}") {
            prop_assert_eq!(parse(&list, &GitRef::tag("v1").expect("valid")), None);
        }
    }
}
