//! What came of the copies of requests that a release got before it had users.

use proto::v1::{ShadowCounts, ShadowPlace};

/// Places that people are shown; `--output json` has more.
const PLACES: usize = 5;

/// All of it, in one line.
pub(crate) fn sentence(counts: &ShadowCounts) -> String {
    let ShadowCounts { copies, dropped, failed, compared, slower, .. } = counts;
    let (status, body) = (counts.status_different, counts.body_different);
    let unread = match counts.unread {
        0 => String::new(),
        unread => format!(" ({unread} of them by status alone)"),
    };
    format!(
        "{copies} copies, {failed} failed, {slower} slower; of {compared} answers{unread} {status} have another status, \
         {body} other JSON{}; {dropped} dropped",
        places(&counts.places)
    )
}

fn places(places: &[ShadowPlace]) -> String {
    let name = |place: &ShadowPlace| match place.pointer.as_str() {
        "" => format!("all of it {}x", place.answers),
        pointer => format!("{pointer} {}x", place.answers),
    };
    let named: Vec<_> = places.iter().take(PLACES).map(name).collect();
    if named.is_empty() { String::new() } else { format!(" ({})", named.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_of_copies_is_told_in_a_line() {
        let well = ShadowCounts { copies: 812, dropped: 3, compared: 812, ..Default::default() };
        insta::assert_snapshot!(sentence(&well), @"812 copies, 0 failed, 0 slower; of 812 answers 0 have another status, 0 other JSON; 3 dropped");
        let place = |pointer: &str, answers| ShadowPlace { pointer: pointer.to_owned(), answers };
        let ill = ShadowCounts {
            failed: 12,
            compared: 800,
            status_different: 1,
            body_different: 40,
            slower: 90,
            unread: 300,
            places: vec![place("/items/*/price", 39), place("", 1)],
            ..well
        };
        insta::assert_snapshot!(sentence(&ill), @"812 copies, 12 failed, 90 slower; of 800 answers (300 of them by status alone) 1 have another status, 40 other JSON (/items/*/price 39x, all of it 1x); 3 dropped");
    }
}
