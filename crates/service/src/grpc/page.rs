//! Pages of a list. A token holds where the page ended and of which list it is: with other arguments it
//! is refused.

use super::status;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use tonic::Status;

/// How many items a page has when the request does not say.
pub const DEFAULT_SIZE: i32 = 50;
/// How many items a page has at most.
pub const LARGEST_SIZE: i32 = 500;
const SCOPE_BYTES: usize = 8;

/// Which page of a list is wanted. `Cursor` is what the list is sorted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<Cursor> {
    /// The last item of the page before this one.
    pub after: Option<Cursor>,
    size: i32,
    scope: [u8; SCOPE_BYTES],
}

impl<Cursor: Serialize + DeserializeOwned> Page<Cursor> {
    /// The page a request wants. `scope` is every other argument of the request, in one text.
    pub fn wanted(page_size: i32, page_token: &str, scope: &str) -> Result<Self, Status> {
        let size = match page_size {
            ..0 => return Err(status::invalid("page_size", "must not be negative")),
            0 => DEFAULT_SIZE,
            size => size.min(LARGEST_SIZE),
        };
        let scope = fingerprint(scope);
        let after = if page_token.is_empty() {
            None
        } else {
            let cursor = decode(page_token, scope).ok_or_else(|| {
                status::invalid(
                    "page_token",
                    "use the token of the page before, with the same arguments",
                )
            })?;
            Some(cursor)
        };
        Ok(Self { after, size, scope })
    }

    /// How many rows to ask the database for: one more than the page has, to know whether it is the last.
    pub fn limit(&self) -> i64 {
        i64::from(self.size) + 1
    }

    /// The items of this page and the token of the next, empty at the end.
    pub fn cut<Item>(
        &self,
        mut items: Vec<Item>,
        cursor: impl FnOnce(&Item) -> Cursor,
    ) -> (Vec<Item>, String) {
        let size = usize::try_from(self.size).expect("a page has a positive size");
        let more = items.len() > size;
        items.truncate(size);
        let token = match items.last() {
            Some(last) if more => encode(&cursor(last), self.scope),
            _ => String::new(),
        };
        (items, token)
    }
}

fn fingerprint(scope: &str) -> [u8; SCOPE_BYTES] {
    let mut fingerprint = [0; SCOPE_BYTES];
    fingerprint.copy_from_slice(&Sha256::digest(scope)[..SCOPE_BYTES]);
    fingerprint
}

fn encode<Cursor: Serialize>(cursor: &Cursor, scope: [u8; SCOPE_BYTES]) -> String {
    let mut bytes = scope.to_vec();
    serde_json::to_writer(&mut bytes, cursor).expect("cursors are plain values");
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode<Cursor: DeserializeOwned>(token: &str, scope: [u8; SCOPE_BYTES]) -> Option<Cursor> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    serde_json::from_slice(bytes.strip_prefix(&scope)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tonic::Code;

    /// The items `1..=last`, read page by page as a client would.
    fn read(last: i64, page_size: i32) -> Vec<Vec<i64>> {
        let (mut pages, mut token) = (Vec::new(), String::new());
        loop {
            let page = Page::<i64>::wanted(page_size, &token, "apps/shop").expect("our own token");
            let first = page.after.unwrap_or(0) + 1;
            let rows = (first..=last).take(usize::try_from(page.limit()).expect("small")).collect();
            let (items, next) = page.cut(rows, |item| *item);
            pages.push(items);
            if next.is_empty() {
                return pages;
            }
            token = next;
        }
    }

    #[test]
    fn pages_follow_each_other_to_the_end() {
        assert_eq!(read(5, 2), [vec![1, 2], vec![3, 4], vec![5]]);
        assert_eq!(read(4, 2), [vec![1, 2], vec![3, 4]]);
        assert_eq!(read(0, 2), [Vec::<i64>::new()]);
    }

    #[test]
    fn sizes_are_bounded() {
        let limit = |size| Page::<i64>::wanted(size, "", "").map(|page| page.limit());
        assert_eq!(limit(0).expect("default"), 51);
        assert_eq!(limit(9999).expect("cut"), 501);
        assert_eq!(limit(-1).expect_err("negative").code(), Code::InvalidArgument);
    }

    #[test]
    fn a_token_is_of_one_list_only() {
        let (_, token) =
            Page::wanted(1, "", "apps/shop").expect("first").cut(vec![1, 2], |n: &i32| *n);
        assert!(Page::<i32>::wanted(1, &token, "apps/shop").is_ok());
        let refused = Page::<i32>::wanted(1, &token, "apps/blog").expect_err("another list");
        assert_eq!(refused.code(), Code::InvalidArgument);
    }

    proptest! {
        #[test]
        fn every_item_is_on_exactly_one_page(last in 0_i64..200, size in 1_i32..60) {
            prop_assert_eq!(read(last, size).concat(), (1..=last).collect::<Vec<_>>());
        }

        #[test]
        fn a_token_of_somebody_else_is_refused(token in "[A-Za-z0-9_-]{1,40}") {
            prop_assert!(Page::<i64>::wanted(1, &token, "apps/shop").is_err());
        }
    }
}
