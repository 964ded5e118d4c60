//! One attempt: the issue of what drifts is there and says so, or none is open any more. Cut anywhere it may be done again:
//! an issue is found by its mark.

use super::Due;
use crate::app::App;
use crate::db::issue;
use crate::github::issues::Issue;
use crate::report::NotTold;
use service::fail_point::reach;

/// Under which issues are looked for.
const LABEL: &str = "drift";

/// Tells what is so.
pub(crate) async fn tell(app: &App, due: &Due) -> Result<(), NotTold> {
    let Some(client) = &app.github else { return Ok(()) };
    let slug = client.settings().slug(&due.app, &due.repository);
    // Whose repository is at no GitHub any more has nothing to be told.
    let Some(slug) = slug else { return Ok(issue::done(&app.pool, due, None).await?) };
    let mark = format!("{} drift of {}/{}", due.kind.as_str(), due.app, due.environment);
    if due.is_open {
        let (title, text) = (due.text.title.as_str(), due.text.body.as_str());
        let wanted = Issue { mark: &mark, label: LABEL, title, text };
        let open = if due.may_file {
            Some(client.ensure_issue(&slug, wanted).await?)
        } else {
            client.change_issue(&slug, wanted).await?
        };
        reach(|| "gateway.issue.filed".to_owned()).await.map_err(sqlx::Error::from)?;
        let filed = open.as_ref().map(|open| (open.number, open.html_url.as_str()));
        return Ok(issue::done(&app.pool, due, filed).await?);
    }
    // One whose answer was lost, too.
    if let Some(open) = client.find_issue(&slug, (LABEL, &mark)).await? {
        client.close_issue(&slug, open.number).await?;
    }
    Ok(issue::done(&app.pool, due, None).await?)
}
