//! What explains a release beyond what it is: how it differs from the last good one, and what to do next.

use crate::db::release::Release;
use crate::differences::{images, settings};
use events::payload::ImageV1;
use proto::v1;

/// How `release` differs from `stable`, which was live when it began.
pub(super) fn comparison(stable: &Release, release: &Release) -> v1::Comparison {
    let text = |value: Option<String>| value.unwrap_or_default();
    let images = images(&stable.content, &release.content).into_iter();
    let settings = settings(&stable.content, &release.content).into_iter();
    v1::Comparison {
        release: proto::name::release(&stable.app, &stable.environment, stable.number),
        number: stable.number,
        commit: text(stable.origin.commit.as_ref().map(ToString::to_string)),
        build: text(stable.origin.build.map(|build| format!("builds/{build}"))),
        model: text(stable.origin.model.clone()),
        images: images
            .map(|it| v1::ImageChange {
                service: it.name.to_string(),
                before: it.before.map(image),
                after: it.after.map(image),
            })
            .collect(),
        settings: settings
            .map(|it| v1::SettingChange {
                path: it.name,
                before: text(it.before),
                after: text(it.after),
            })
            .collect(),
    }
}

fn image(image: ImageV1) -> v1::Image {
    v1::Image {
        repository: image.repository,
        digest: image.digest.to_string(),
        // The builder knows it.
        size_bytes: 0,
    }
}

/// What to do next, with the names of the place.
pub(super) fn advice(release: &Release) -> Vec<String> {
    let place = format!("{} {}", release.app, release.environment);
    let advice = ::release::advice(&release.state).into_iter();
    advice.map(|text| text.replace("APP ENVIRONMENT", &place)).collect()
}
