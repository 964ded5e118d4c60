//! Patterns for branches and tags.

use crate::grammar::text;

text!(
    /// A pattern for a branch or tag: `*` is anything but `/`, `**` is anything, `?` is one character.
    Glob, "a branch or tag pattern",
    |glob| {
        let odd = |c: char| c.is_control() || c.is_whitespace() || "~^:[]\\{}".contains(c);
        if glob.is_empty() || glob.len() > 200 || glob.contains(odd) {
            Err("use a name in which `*`, `**` and `?` stand for what varies")
        } else if glob.starts_with("refs/") {
            Err("leave out refs/heads/ and refs/tags/")
        } else {
            Ok(())
        }
    },
    "x"
);

impl Glob {
    /// Whether `name` is one of those meant.
    pub fn matches(&self, name: &str) -> bool {
        matches(&self.0, name)
    }
}

/// Whether the pattern `glob` means `name`.
pub(super) fn matches(glob: &str, name: &str) -> bool {
    let glob: Vec<char> = glob.chars().collect();
    let name: Vec<char> = name.chars().collect();
    // reached[n]: the pattern so far can match the first n characters.
    let mut reached = vec![false; name.len() + 1];
    reached[0] = true;
    let mut rest = glob.as_slice();
    while let [first, tail @ ..] = rest {
        let double = *first == '*' && tail.first() == Some(&'*');
        reached = match first {
            '*' => spread(&reached, &name, double),
            one => step(&reached, &name, *one),
        };
        rest = if double { &tail[1..] } else { tail };
    }
    reached[name.len()]
}

fn step(reached: &[bool], name: &[char], pattern: char) -> Vec<bool> {
    let fits = |c: char| if pattern == '?' { c != '/' } else { c == pattern };
    let mut next = vec![false; reached.len()];
    for (n, c) in name.iter().enumerate() {
        next[n + 1] = reached[n] && fits(*c);
    }
    next
}

fn spread(reached: &[bool], name: &[char], over_slashes: bool) -> Vec<bool> {
    let mut next = reached.to_vec();
    for (n, c) in name.iter().enumerate() {
        next[n + 1] |= next[n] && (over_slashes || *c != '/');
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matches(glob: &str, name: &str) -> bool {
        Glob::parse(glob).is_ok_and(|glob| glob.matches(name))
    }

    #[test]
    fn a_star_stops_at_a_slash_and_two_do_not() {
        assert!(matches("main", "main") && !matches("main", "main2"));
        assert!(matches("v*", "v1.2.3") && matches("v*", "v") && !matches("v*", "w1"));
        assert!(matches("release/*", "release/1") && !matches("release/*", "release/1/2"));
        assert!(matches("release/**", "release/1/2") && matches("**", "a/b"));
        assert!(matches("v?.?", "v1.2") && !matches("v?", "v12"));
    }

    proptest! {
        #[test]
        fn a_name_matches_itself_and_a_cut_of_it_with_stars(name in "[a-q/]{1,40}", cut in 0..40_usize) {
            let cut = cut.min(name.len());
            let globs = [name.clone(), format!("{}**", &name[..cut]), format!("**{}", &name[cut..])];
            for glob in globs {
                prop_assert!(matches(&glob, &name), "{glob} {name}");
            }
        }

        #[test]
        fn a_hostile_pattern_ends_soon(stars in "[*a]{1,200}") {
            let glob = format!("{stars}b");
            prop_assert!(!matches(&glob, &"a".repeat(244)));
        }
    }
}
