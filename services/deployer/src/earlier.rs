//! Where a rollback without a number leads: further back each time, never to what was just left. Pure.

use events::ReleaseId;

/// A release that is or was live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Past {
    pub(crate) id: ReleaseId,
    pub(crate) number: i64,
    /// What it went back to, if it was a rollback.
    pub(crate) restores: Option<ReleaseId>,
    pub(crate) content_hash: String,
    pub(crate) pinned: bool,
    /// It is kept to go back to.
    pub(crate) kept: bool,
}

/// The newest release of `past` that is kept, good, and older than the one that the content of `live` came from.
pub(crate) fn earlier(past: &[Past], live: Option<ReleaseId>) -> Option<ReleaseId> {
    let live = live.and_then(|id| find(past, id));
    let before = live.map_or(i64::MAX, |live| source(past, live).number);
    past.iter()
        .filter(|one| one.kept && !one.pinned && one.number < before)
        .filter(|one| live.is_none_or(|live| live.content_hash != one.content_hash))
        .max_by_key(|one| one.number)
        .map(|one| one.id)
}

/// The release that first had what `release` brought back; itself if it was no rollback.
fn source<'p>(past: &'p [Past], release: &'p Past) -> &'p Past {
    let mut source = release;
    while let Some(restored) = source.restores.and_then(|id| find(past, id)) {
        // Nothing restores what is newer; a row that says so must not hold us here.
        if restored.number >= source.number {
            break;
        }
        source = restored;
    }
    source
}

fn find(past: &[Past], id: ReleaseId) -> Option<&Past> {
    past.iter().find(|one| one.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id(number: i64) -> ReleaseId {
        ReleaseId::new(uuid::Uuid::from_u128(u128::try_from(number).expect("numbers begin at 1")))
    }

    /// An environment of which every release goes live: what `rollback` does to it, as the deployer does it.
    #[derive(Default)]
    struct Story(Vec<Past>);

    impl Story {
        fn of(contents: &str) -> Self {
            let mut story = Self::default();
            story.release(contents);
            story
        }

        fn release(&mut self, contents: &str) {
            for content in contents.chars() {
                self.live(&content.to_string(), None);
            }
        }

        fn live(&mut self, content: &str, restores: Option<ReleaseId>) {
            for past in &mut self.0 {
                past.kept = true;
            }
            let number = i64::try_from(self.0.len()).expect("few") + 1;
            self.0.push(Past {
                id: id(number),
                number,
                restores,
                content_hash: content.to_owned(),
                pinned: false,
                kept: false,
            });
        }

        fn content(&self) -> String {
            self.0.last().map(|live| live.content_hash.clone()).unwrap_or_default()
        }

        /// Goes back to `target`; what is left behind is pinned.
        fn to(&mut self, target: ReleaseId) -> String {
            let left = self.content();
            let content = find(&self.0, target).expect("it is there").content_hash.clone();
            for past in &mut self.0 {
                past.pinned =
                    (past.pinned || past.content_hash == left) && past.content_hash != content;
            }
            self.live(&content, Some(target));
            content
        }

        fn back(&mut self) -> Option<String> {
            let target = earlier(&self.0, self.0.last().map(|live| live.id))?;
            Some(self.to(target))
        }
    }

    #[test]
    fn each_rollback_leads_further_back() {
        let mut story = Story::of("abc");
        assert_eq!(story.back().as_deref(), Some("b"));
        assert_eq!(story.back().as_deref(), Some("a"));
        assert_eq!(story.back(), None, "and not to what was left");
    }

    #[test]
    fn what_was_released_after_a_rollback_goes_back_to_it() {
        let mut story = Story::of("ab");
        assert_eq!(story.back().as_deref(), Some("a"));
        story.live("c", None);
        assert_eq!(story.back().as_deref(), Some("a"), "b is pinned");
        assert_eq!(story.back(), None);
    }

    #[test]
    fn what_was_chosen_by_number_counts_as_where_it_came_from() {
        let mut story = Story::of("abcd");
        assert_eq!(story.to(id(2)), "b");
        assert_eq!(story.back().as_deref(), Some("a"), "c is newer than b");
        assert_eq!(story.to(id(4)), "d", "a person may go anywhere");
        assert_eq!(story.back().as_deref(), Some("c"), "it was never left because it was bad");
    }

    #[test]
    fn the_same_content_again_is_no_way_back() {
        assert_eq!(Story::of("abb").back().as_deref(), Some("a"));
        assert_eq!(Story::of("aa").back(), None);
    }

    #[test]
    fn without_a_live_release_the_newest_good_one_is_earlier() {
        let mut story = Story::of("abc");
        story.0[1].pinned = true;
        assert_eq!(earlier(&story.0, None), Some(id(1)));
        assert_eq!(earlier(&[], None), None);
    }

    #[test]
    fn rows_that_restore_each_other_hold_nobody() {
        let mut story = Story::of("abc");
        story.0[2].restores = Some(id(2));
        story.0[1].restores = Some(id(3));
        assert_eq!(story.back().as_deref(), Some("a"));
    }

    proptest! {
        #[test]
        fn rollbacks_in_a_row_never_lead_where_one_was(contents in "[a-d]{1,8}", middle in "[a-d]{0,3}") {
            let mut story = Story::of(&contents);
            story.back();
            story.release(&middle);
            let mut seen = vec![story.content()];
            while let Some(content) = story.back() {
                prop_assert!(!seen.contains(&content), "{content} after {seen:?}");
                seen.push(content);
            }
        }
    }
}
