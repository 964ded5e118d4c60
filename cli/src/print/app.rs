//! Apps and how their webhooks are set up.

use super::{last, table, time};
use chrono::{DateTime, Utc};
use proto::v1::{App, CreateAppResponse};

/// Many apps.
pub(crate) fn list(apps: &[App], now: DateTime<Utc>) -> String {
    let head = ["APP", "REPOSITORY", "BRANCH", "POLICY", "AGE"];
    let mut table = table::Table::new(head, "no apps yet; `slipway app add` registers one");
    for app in apps {
        table.row([
            last(&app.name).to_owned(),
            app.repository.clone(),
            app.default_branch.clone(),
            policy(app).to_owned(),
            time::age(app.create_time.as_ref(), now),
        ]);
    }
    table.render()
}

/// Where the policy of an app comes from.
fn policy(app: &App) -> &'static str {
    if app.policy.is_empty() { "branch" } else { "applied" }
}

/// One app.
pub(crate) fn show(app: &App) -> String {
    let facts = table::facts(&[
        ("app", last(&app.name).to_owned()),
        ("repository", app.repository.clone()),
        ("branch", app.default_branch.clone()),
        ("webhook", format!("/hooks/{}", app.source)),
        ("created", time::clock(app.create_time.as_ref())),
        ("policy", policy(app).to_owned()),
    ]);
    format!("{facts}\n\n{}", app.policy).trim_end().to_owned()
}

/// An app that could be registered: what was found.
pub(crate) fn addable(answer: &CreateAppResponse) -> String {
    let app = answer.app.clone().unwrap_or_default();
    let (name, branch) = (last(&app.name), &app.default_branch);
    format!(
        "{name} can be registered: {} can be read and has {branch}; nothing was changed",
        app.repository
    )
}

/// A new app: what to enter at the forge. The secret is shown this once.
pub(crate) fn added(answer: &CreateAppResponse, hooks: &str) -> String {
    let app = answer.app.clone().unwrap_or_default();
    format!(
        "{} is registered. At the forge, add a webhook for pushes, tags and branches:\n  \
         address       {hooks}{}\n  content type  application/json\n  secret        {}\n\
         The secret is not shown again; `slipway app rotate-secret {}` makes another one.",
        last(&app.name),
        answer.webhook_path,
        answer.webhook_secret,
        last(&app.name),
    )
}
