//! What builds and releases left, and what becomes of it.

use super::{bytes, table, words};
use proto::v1::CollectedItem;

/// One line for each item, those that go last, and what they come to.
pub(crate) fn list(items: &[CollectedItem], applied: bool) -> String {
    let goes = if applied { "removed" } else { "goes" };
    let mut sorted: Vec<&CollectedItem> = items.iter().collect();
    sorted.sort_by_key(|item| (item.removed, item.kind));
    let mut table = table::Table::new(["WHAT", "NAME", "SIZE", "", "WHY"], "nothing is left over");
    for item in sorted {
        let size = if item.size_bytes == 0 { String::new() } else { bytes(item.size_bytes) };
        let what = if item.removed { goes } else { "stays" };
        let kind = words(item.kind().as_str_name());
        table.row([kind, item.name.clone(), size, what.to_owned(), item.reason.clone()]);
    }
    if items.is_empty() {
        return table.render();
    }
    let gone = items.iter().filter(|item| item.removed);
    let (count, sum) = gone.fold((0, 0), |(n, sum), item| (n + 1, sum + item.size_bytes));
    let items = if count == 1 { "1 item".to_owned() } else { format!("{count} items") };
    let sum = match (count, applied) {
        (0, _) => "nothing to remove".to_owned(),
        (_, true) => format!("{items} removed, {} with what they shared", bytes(sum)),
        (_, false) => {
            let sum = bytes(sum);
            format!("{items} would go, {sum} with what they share: slipway gc --apply")
        }
    };
    format!("{}\n\n{sum}", table.render())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::v1::collected_item::Kind;

    fn item(kind: Kind, name: &str, megabytes: i64, removed: bool, reason: &str) -> CollectedItem {
        CollectedItem {
            kind: kind.into(),
            name: name.to_owned(),
            id: String::new(),
            size_bytes: megabytes * 1024 * 1024,
            removed,
            reason: reason.to_owned(),
        }
    }

    fn items() -> [CollectedItem; 4] {
        [
            item(
                Kind::Container,
                "slipway.default.shop.production.api.1.0",
                0,
                true,
                "no release goes back to it",
            ),
            item(Kind::Image, "127.0.0.1:8812/shop/api:sha-1", 120, true, "no release needs it"),
            item(
                Kind::Image,
                "127.0.0.1:8812/shop/api:sha-2",
                121,
                false,
                "live: apps/shop/environments/production/releases/2",
            ),
            item(Kind::BuildLog, "12 builds of shop", 1, false, "younger than 30 days"),
        ]
    }

    #[test]
    fn what_would_go_and_why_the_rest_stays_is_told() {
        insta::assert_snapshot!(list(&items(), false), @"
        WHAT       NAME                                     SIZE              WHY
        image      127.0.0.1:8812/shop/api:sha-2            121.0 MiB  stays  live: apps/shop/environments/production/releases/2
        build log  12 builds of shop                        1.0 MiB    stays  younger than 30 days
        image      127.0.0.1:8812/shop/api:sha-1            120.0 MiB  goes   no release needs it
        container  slipway.default.shop.production.api.1.0             goes   no release goes back to it

        2 items would go, 120.0 MiB with what they share: slipway gc --apply
        ");
    }

    #[test]
    fn what_went_is_told() {
        let told = list(&items(), true);
        assert!(told.ends_with("2 items removed, 120.0 MiB with what they shared"), "{told}");
        assert_eq!(list(&[], true), "nothing is left over");
    }
}
