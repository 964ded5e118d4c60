//! What images say of themselves against what the manifest says of their services. Pure.

use crate::docker::ImageFacts;
use events::ServiceName;
use manifest::{ResolvedService, homes};

/// What often goes wrong with `service` on this image.
pub(crate) fn remarks(
    name: &ServiceName,
    service: &ResolvedService,
    image: &ImageFacts,
) -> Vec<String> {
    // Where the manifest names a user, it was remarked without the image.
    let homes = service.user.is_none().then(|| {
        homes(name, service, image.user.as_deref().unwrap_or_default(), image.home.as_deref())
    });
    port(name, service, image).into_iter().chain(homes.into_iter().flatten()).collect()
}

fn port(name: &ServiceName, service: &ResolvedService, image: &ImageFacts) -> Option<String> {
    let port = service.http.as_ref()?.port.get();
    let exposed = &image.exposed_ports;
    let is_other = !exposed.is_empty() && !exposed.contains(&port);
    is_other.then(|| {
        let exposed: Vec<String> = exposed.iter().map(u16::to_string).collect();
        format!(
            "service {name} is asked at port {port}, and its image says that it listens on {}",
            exposed.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::EnvironmentName;

    fn told(image: &ImageFacts) -> String {
        let text = "app: shop\nservices: { api: { build: ., http: { port: 8000 }, \
            volumes: [{ name: pip, path: /home/app/.cache/pip, class: cache }] } }\n\
            environments: { production: { track: { branch: main } } }";
        let manifest = manifest::parse(text).expect("a manifest");
        let environment = EnvironmentName::parse("production").expect("a name");
        let resolved = manifest::resolve(&manifest, &manifest, &environment).expect("it resolves");
        let (name, service) = resolved.services.iter().next().expect("one");
        remarks(name, service, image).join("\n")
    }

    #[test]
    fn a_port_that_the_image_does_not_name_is_remarked() {
        let app = Some("app".to_owned());
        let image = |ports: &[u16]| ImageFacts {
            user: app.clone(),
            exposed_ports: ports.to_vec(),
            ..ImageFacts::default()
        };
        assert_eq!(
            (told(&image(&[])), told(&image(&[9000, 8000]))),
            (String::new(), String::new())
        );
        insta::assert_snapshot!(told(&image(&[9000])), @"service api is asked at port 8000, and its image says that it listens on 9000");
    }

    #[test]
    fn a_home_that_is_not_where_the_volume_is_is_remarked() {
        insta::assert_snapshot!(told(&ImageFacts::default()), @"service api mounts volume pip at /home/app/.cache/pip, and runs as root, whose home is /root: what it keeps there is gone with each instance");
        let home = Some("/home/app".to_owned());
        assert_eq!(told(&ImageFacts { home, ..ImageFacts::default() }), "");
    }
}
