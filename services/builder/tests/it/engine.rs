//! What the engine has, looked at beside the builder.

use crate::world::variable;
use bollard::Docker;
use bollard::models::ContainerCreateBody;
use bollard::query_parameters::{
    CreateContainerOptions, DownloadFromContainerOptionsBuilder, ListImagesOptionsBuilder,
    RemoveContainerOptions, RemoveImageOptions,
};
use futures_util::TryStreamExt as _;
use proto::v1::Build;
use std::collections::{BTreeMap, HashMap};
use std::io::Read as _;

/// An engine answers within this, also on a busy machine.
const SECONDS: u64 = 180;

fn docker() -> Docker {
    let host = variable("SLIPWAY_TEST_DOCKER");
    let path = host.strip_prefix("unix://").expect("a socket");
    Docker::connect_with_unix(path, SECONDS, bollard::API_DEFAULT_VERSION).expect("a client")
}

/// What the engine puts into every container.
const OF_THE_ENGINE: [&str; 6] =
    [".dockerenv", "dev/console", "etc/hostname", "etc/hosts", "etc/mtab", "etc/resolv.conf"];

/// Every file of the image of a service: its text, `-> target` for a link, with `*` before programs.
pub(crate) async fn files(build: &Build, service: &str) -> BTreeMap<String, String> {
    let docker = docker();
    let found = build.services.iter().find(|built| built.service == service).expect("the service");
    let image = found.image.as_ref().expect("an image");
    let body = ContainerCreateBody {
        image: Some(format!("{}@{}", image.repository, image.digest)),
        cmd: Some(vec!["never".to_owned()]),
        ..ContainerCreateBody::default()
    };
    let container =
        docker.create_container(None::<CreateContainerOptions>, body).await.expect("created").id;
    let all = DownloadFromContainerOptionsBuilder::new().path("/").build();
    let tar: Vec<_> =
        docker.download_from_container(&container, Some(all)).try_collect().await.expect("a tar");
    docker.remove_container(&container, None::<RemoveContainerOptions>).await.expect("removed");
    let tar = tar.concat();
    let mut archive = tar::Archive::new(&*tar);
    let entries = archive.entries().expect("entries");
    let files = entries.filter_map(|entry| text(entry.expect("an entry")));
    files.filter(|(path, _)| !OF_THE_ENGINE.contains(&path.as_str())).collect()
}

fn text(mut entry: tar::Entry<'_, &[u8]>) -> Option<(String, String)> {
    let path = entry.path().expect("a path").display().to_string();
    let path = path.trim_start_matches('/').to_owned();
    let header = entry.header().clone();
    if header.entry_type().is_symlink() {
        let target = entry.link_name().expect("readable")?.display().to_string();
        return Some((path, format!("-> {target}")));
    }
    let mut content = Vec::new();
    entry.read_to_end(&mut content).expect("readable");
    let program = if header.mode().expect("a mode") & 0o100 == 0 { "" } else { "*" };
    header
        .entry_type()
        .is_file()
        .then(|| (path, format!("{program}{}", String::from_utf8_lossy(&content))))
}

/// The configuration of the image of a service, as JSON text.
pub(crate) async fn history(build: &Build, service: &str) -> String {
    let found = build.services.iter().find(|built| built.service == service).expect("the service");
    let image = found.image.as_ref().expect("an image");
    let reference = format!("{}@{}", image.repository, image.digest);
    let inspected = docker().inspect_image(&reference).await.expect("inspected");
    let history = docker().image_history(&reference).await.expect("a history");
    format!("{inspected:?} {history:?}")
}

/// Removes what the builder of one test made.
pub(crate) async fn remove_images(instance: &str) {
    let filters = HashMap::from([("label", vec![format!("slipway.instance={instance}")])]);
    let list = ListImagesOptionsBuilder::new().filters(&filters).build();
    for image in docker().list_images(Some(list)).await.expect("a list") {
        for name in image.repo_tags {
            let removed = docker().remove_image(&name, None::<RemoveImageOptions>, None).await;
            // One that is gone already is as gone as it should be.
            let is_gone = matches!(
                removed,
                Ok(_)
                    | Err(bollard::errors::Error::DockerResponseServerError {
                        status_code: 404,
                        ..
                    })
            );
            assert!(is_gone, "{name}: {removed:?}");
        }
    }
}

/// Processes of this machine whose command line has `text`.
pub(crate) fn processes_with(text: &str) -> usize {
    let processes = std::fs::read_dir("/proc").expect("processes").flatten();
    let command =
        |path: std::path::PathBuf| std::fs::read(path.join("cmdline")).unwrap_or_default();
    let has =
        |command: &Vec<u8>| String::from_utf8_lossy(command).replace('\0', " ").contains(text);
    processes.map(|process| command(process.path())).filter(has).count()
}
