//! The disk below the data directory.

use super::Finding;
use nix::sys::statvfs::statvfs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

/// Less than this and builds are refused soon.
const LOW: u64 = 10 * GIB;
/// Less than this and nothing works for long.
const TOO_LOW: u64 = 2 * GIB;
const GIB: u64 = 1024 * 1024 * 1024;

/// The nearest directory that exists.
fn nearest(path: &Path) -> &Path {
    path.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"))
}

/// How much space is free.
pub(super) fn space(root: &Path) -> Finding {
    let place = nearest(root);
    let Ok(disk) = statvfs(place) else {
        return Finding::warn(
            "disk",
            format!("{} tells nothing", place.display()),
            "look yourself",
        );
    };
    let free = disk.blocks_available() * disk.fragment_size();
    let seen = format!("{} GiB free at {}", free / GIB, place.display());
    let advice = "make space: images and build caches take most; `docker system df` tells";
    match free {
        ..TOO_LOW => Finding::fail("disk", seen, advice),
        TOO_LOW..LOW => Finding::warn("disk", seen, advice),
        _ => Finding::ok("disk", seen),
    }
}

/// Whether the data directory is ours and closed to others.
pub(super) fn rights(root: &Path) -> Finding {
    const NAME: &str = "data directory";
    let Ok(metadata) = std::fs::metadata(root) else {
        return Finding::ok(NAME, format!("{} is made at the first start", root.display()));
    };
    let user = nix::unistd::geteuid().as_raw();
    if metadata.uid() != user {
        let seen = format!("{} belongs to user {}", root.display(), metadata.uid());
        return Finding::warn(NAME, seen, "use the same user as `slipway up`, or --data-dir");
    }
    let secrets = std::fs::metadata(root.join("secrets"));
    let is_open = secrets.is_ok_and(|secrets| secrets.permissions().mode() & 0o077 != 0);
    if is_open {
        let seen = format!("{}/secrets can be read by others", root.display());
        return Finding::fail(NAME, seen, "chmod 700 it, and make new tokens");
    }
    Finding::ok(NAME, root.display().to_string())
}
