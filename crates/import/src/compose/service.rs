//! One service of a Compose file.

use super::interpolate::Gaps;
use super::left::{DEPENDS, SERVICE};
use super::{build, deploy, env, health, ports, volumes};
use crate::amount;
use crate::form::{Secret, Service};
use crate::ledger::{Ledger, NOTHING};
use crate::name::{label, variable};
use crate::place::Place;
use crate::shell;
use crate::tree::Word;

/// The service `name` at `place`, unless it does not run by itself.
pub(super) fn read(
    name: &str,
    place: &Place<'_>,
    gaps: &Gaps,
    ledger: &mut Ledger,
) -> Option<Service> {
    if let Some(profiles) = place.get("profiles") {
        let names: Vec<_> = profiles.one_or_many().iter().filter_map(Place::text).collect();
        let why = format!("it runs with the profile {} alone", names.join(", "));
        let help = "write it as a service, or as a job with `at: manual`";
        ledger.left(place, why, help);
        return None;
    }
    let ours = label(name);
    if ours != name {
        let why = format!("names are of lower-case letters and `-` here: {ours}");
        ledger.added(place, why, "write the new name into addresses that have the old one");
    }
    let mut service = Service::new(Word::new(ours), place);
    ledger.leave(place, SERVICE);
    for (_, network) in place.get("networks").map_or_else(Vec::new, |networks| networks.entries()) {
        if let Some(aliases) = network.get("aliases") {
            ledger.left(&aliases, "a service has one name here", "use the name of the service");
        }
    }
    restart(place, ledger);
    if place.get("extends").is_some_and(|extends| extends.get("file").is_some()) {
        let extends = place.get("extends").unwrap_or_else(|| place.clone());
        let help = "write out by hand what it takes over";
        ledger.left(&extends, "other files are not read", help);
    }
    image(place, &mut service, gaps, ledger);
    for (key, command) in
        [("command", &mut service.command), ("entrypoint", &mut service.entrypoint)]
    {
        let Some(place) = place.get(key) else { continue };
        let is_empty = place.text() == Some("") || (place.is_list() && place.items().is_empty());
        if is_empty {
            let help = "write all that shall run as `entrypoint`";
            ledger.left(&place, "what the image runs cannot be taken away", help);
        } else {
            *command = arguments(&place, ledger);
        }
    }
    ports::read(place, &mut service, ledger);
    env::read(place, &mut service, gaps, ledger);
    health::read(place, &mut service, ledger);
    volumes::read(place, &mut service, ledger);
    secrets(place, &mut service, ledger);
    deploy::read(place, &mut service, ledger);
    plain(place, &mut service);
    depends(place, &mut service, ledger);
    Some(service)
}

/// What ends by itself is no service here.
fn restart(place: &Place<'_>, ledger: &mut Ledger) {
    let Some(restart) = place.get("restart") else { return };
    let ends = restart.is("no") || restart.is("false") || restart.is("on-failure");
    let help = if ends { "if it ends by itself, write it as a job" } else { NOTHING };
    ledger.left(&restart, "the platform always starts instances again", help);
}

fn image(place: &Place<'_>, service: &mut Service, gaps: &Gaps, ledger: &mut Ledger) {
    let image = place.get("image");
    if let Some(build) = place.get("build") {
        service.build = Some(build::read(&build, ledger));
        if let Some(image) = image {
            ledger.left(&image, "images that are built are named by the platform", "nothing to do");
        }
        return;
    }
    let Some(image) = image else { return };
    let text = image.text().unwrap_or_default().trim_end_matches(':');
    let last = text.rsplit('/').next().unwrap_or_default();
    if gaps.is_missing(&image) {
        let why = format!("the image is named outside of the file; {text} is written");
        ledger.changed(&image, why, "write the whole image, with its tag");
    } else if !last.contains([':', '@']) {
        ledger.added(&image, "no tag is written, so it is latest", "write a tag or a digest");
    }
    service.image = Some(Word::from(text, &image));
}

/// A command as a list, or as a line.
pub(super) fn arguments(place: &Place<'_>, ledger: &mut Ledger) -> Vec<Word> {
    let Some(line) = place.text() else {
        return place.items().iter().filter_map(Word::of).collect();
    };
    let (words, shell) = shell::arguments(line);
    if shell {
        let why = "there is no shell here, so one in the container is asked";
        ledger.changed(place, why, "write it as a list of arguments if you can");
    }
    Word::all(words, place)
}

fn secrets(place: &Place<'_>, service: &mut Service, ledger: &mut Ledger) {
    for secret in place.get("secrets").map_or_else(Vec::new, |place| place.one_or_many()) {
        let source = secret.get("source").unwrap_or_else(|| secret.clone());
        let Some(name) = source.text() else { continue };
        let target = secret.get("target");
        let file = target.as_ref().and_then(Place::text).unwrap_or(name);
        let path =
            if file.starts_with('/') { file.to_owned() } else { format!("/run/secrets/{file}") };
        let ours = variable(name);
        let own = path != format!("/run/secrets/{ours}");
        let path = own.then(|| Word::from(path, target.as_ref().unwrap_or(&source)));
        service.secrets.push(Secret { name: Word::from(ours, &source), file: true, path });
        for key in ["uid", "gid", "mode"] {
            if let Some(place) = secret.get(key) {
                let why = "only the user of the instance reads a secret";
                ledger.left(&place, why, "nothing to do");
            }
        }
    }
}

/// What means the same in both.
fn plain(place: &Place<'_>, service: &mut Service) {
    let word = |key| place.get(key).and_then(|place| Word::of(&place));
    service.user = word("user");
    service.read_only = word("read_only");
    service.init = word("init");
    service.grace = place.get("stop_grace_period").and_then(|place| {
        let text = place.text()?;
        Some(Word::from(amount::duration(text).unwrap_or_else(|| text.to_owned()), &place))
    });
}

fn depends(place: &Place<'_>, service: &mut Service, ledger: &mut Ledger) {
    let Some(depends) = place.get("depends_on") else { return };
    for item in depends.items() {
        let Some(name) = item.text() else { continue };
        service.depends_on.push(Word::from(label(name), &item));
    }
    for (name, item) in depends.all_entries() {
        let condition = item.get("condition");
        ledger.leave(&item, DEPENDS);
        if condition.as_ref().is_some_and(|it| it.is("service_completed_successfully")) {
            continue;
        }
        service.depends_on.push(Word::from(label(name), condition.as_ref().unwrap_or(&item)));
    }
}
