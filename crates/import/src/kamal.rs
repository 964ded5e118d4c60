//! A deploy file of Kamal, `config/deploy.yml`.

mod accessories;
mod builder;
mod env;
pub(crate) mod erb;
mod left;
mod proxy;
mod roles;

use crate::form::App;
use crate::ledger::{Ledger, NOTHING};
use crate::name::label;
use crate::place::Place;
use crate::tree::Word;
use left::TOP;
use manifest::yaml::Node;

/// The app that `root` describes, and `root` without what only Kamal can compute.
pub(crate) fn read(root: Node, ledger: &mut Ledger) -> (Node, App) {
    let root = erb::taken_out(root, ledger);
    let app = read_whole(&Place::root(&root), ledger);
    (root, app)
}

fn read_whole(root: &Place<'_>, ledger: &mut Ledger) -> App {
    let mut app = App { name: name(root, ledger), ..App::default() };
    ledger.leave(root, TOP);
    for (key, place) in root.all_entries() {
        if key.starts_with("x-") {
            ledger.left(&place, "what stands here is used where it is named", NOTHING);
        }
    }
    let renamed = accessories::hosts(root);
    app.services = roles::read(root, &renamed, ledger);
    proxy::of_environment(&roles::proxies(root), &mut app.environment, ledger);
    app.environment.keep = root.get("retain_containers").and_then(|keep| Word::of(&keep));
    app.services.extend(accessories::read(root, &renamed, ledger));
    let why = "the hooks in .kamal/hooks and the files of destinations are not read";
    let help =
        "write `jobs` for what belongs to a release, and an environment for each destination";
    ledger.added(root, why, help);
    if let Some(required) = root.get("require_destination") {
        let help = "write an environment for each of your deploy.DESTINATION.yml";
        ledger.left(&required, "other files are not read", help);
    }
    app.track_main(root, ledger);
    app.choose_front(ledger);
    app
}

fn name(root: &Place<'_>, ledger: &mut Ledger) -> Option<Word> {
    let place = root.get("service")?;
    let text = place.text()?;
    let name = label(text);
    if name != text {
        ledger.changed(&place, format!("names are of lower-case letters here: {name}"), "check it");
    }
    if name.is_empty() { None } else { Some(Word::from(name, &place)) }
}
