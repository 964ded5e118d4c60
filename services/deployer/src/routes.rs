//! What a release is told whose host and path somebody else serves. Pure.

use crate::db::route_claim::Taken;
use release::Failure;

/// Says whose `taken` routes are and what to do; nothing when none is taken.
pub(crate) fn refused(taken: &[Taken]) -> Option<Failure> {
    let Taken { app, environment, .. } = taken.first()?;
    let theirs = taken.iter().filter(|it| it.app == *app && it.environment == *environment);
    let routes: Vec<String> = theirs.map(|it| format!("{}{}", it.host, it.path_prefix)).collect();
    let message = format!(
        "app {app} in {environment} serves {}; give this environment another `host` or path, or free it first: \
         release {app} in {environment} without it, or delete that app with `slipway app delete {app}`",
        routes.join(", ")
    );
    Some(Failure::new("ROUTE_TAKEN", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_the_route_and_what_to_do_is_said() {
        let taken = |path: &str| Taken {
            host: "shop.example.com".to_owned(),
            path_prefix: path.to_owned(),
            app: "store".to_owned(),
            environment: "production".to_owned(),
        };
        insta::assert_snapshot!(refused(&[taken("/"), taken("/api")]).expect("taken"), @"ROUTE_TAKEN: app store in production serves shop.example.com/, shop.example.com/api; give this environment another `host` or path, or free it first: release store in production without it, or delete that app with `slipway app delete store`");
        assert_eq!(refused(&[]), None);
    }
}
