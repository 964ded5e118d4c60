//! Variables: of the app and of a component, plain or secret, with references to other components.

use super::Around;
use crate::form::Service;
use crate::ledger::Ledger;
use crate::place::Place;
use crate::suspect;
use crate::tree::Word;

/// What a value becomes.
enum Value {
    Plain(String),
    Secret(&'static str),
    Unknown,
}

/// Gives `service` the variables of the component at `place`, over those of the app.
pub(super) fn read(
    place: &Place<'_>,
    around: &Around<'_>,
    service: &mut Service,
    ledger: &mut Ledger,
) {
    let own = place.get("envs");
    let envs: Vec<Place<'_>> = around.envs.iter().chain(&own).flat_map(Place::items).collect();
    for env in &envs {
        one(env, around, service, ledger);
    }
    if service.build.is_some() && envs.iter().any(|env| env.get("scope").is_none()) {
        let why = "variables without a scope are there during the builds of App Platform, too";
        ledger.added(place, why, "write those for which the Dockerfile has an ARG as `build.args`");
    }
}

fn one(env: &Place<'_>, around: &Around<'_>, service: &mut Service, ledger: &mut Ledger) {
    let Some(key) = env.get("key") else { return };
    let Some(name) = Word::of(&key) else { return };
    let (value, text) = (env.get("value"), env.text_of("value").unwrap_or_default());
    let secret = env.text_of("type") == Some("SECRET");
    let scope = env.text_of("scope").unwrap_or("UNSET");
    for plain in ["type", "scope"].iter().filter_map(|key| env.get(key)) {
        said(&plain, service);
    }
    let name_text = name.text.clone();
    let meant = match refer(text, &service.name.text, around) {
        _ if secret => Value::Secret("a secret does not stand in the manifest"),
        Value::Plain(text) if suspect::is_secret(&name_text, &text) => {
            Value::Secret("it looks like a secret, which does not stand in the manifest")
        }
        meant @ (Value::Plain(_) | Value::Secret(_) | Value::Unknown) => meant,
    };
    match meant {
        Value::Plain(text) => {
            let word =
                value.as_ref().map_or_else(|| Word::new(&*text), |at| Word::from(&*text, at));
            if scope != "RUN_TIME"
                && let (Some(build), true) = (&mut service.build, scope.contains("BUILD"))
            {
                build.args.retain(|(other, _)| other.text != name_text);
                build.args.push((name.clone(), word.clone()));
            }
            if scope != "BUILD_TIME" || service.build.is_none() {
                service.set(name, word);
            }
        }
        Value::Secret(why) => {
            let told = value.as_ref().unwrap_or(&key);
            ledger.changed(told, why, &format!("set {name_text} with `slipway secret set`"));
            let built = service.build.as_mut().filter(|_| scope.contains("BUILD"));
            let is_built_alone = built.is_some() && scope == "BUILD_TIME";
            if let Some(build) = built {
                build.secrets.push(name.clone());
            }
            if !is_built_alone {
                service.give(name);
            }
        }
        Value::Unknown => {
            let why = format!("{text} is filled in by App Platform");
            ledger.left(env, why, "write the value by hand, or set it as a secret");
        }
    }
}

/// `type` and `scope` are said by where the variable stands.
fn said(place: &Place<'_>, service: &mut Service) {
    service.name.from.push(place.mark());
}

/// What `text` means when it names other components: `${db.DATABASE_URL}`, `${api.PRIVATE_URL}`.
fn refer(text: &str, own: &str, around: &Around<'_>) -> Value {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, after)) = after.split_once('}') else { return Value::Unknown };
        let (component, what) = name.split_once('.').unwrap_or(("", name));
        if around.databases.iter().any(|database| database == component) {
            return Value::Secret("the address of a database is a secret");
        }
        let component = if component == "_self" { own } else { component };
        let port = around.ports.iter().find(|(other, _)| other == component);
        let Some((_, port)) = port else { return Value::Unknown };
        let host = crate::name::label(component);
        plain.push_str(before);
        match what {
            "PRIVATE_URL" => plain.push_str(&["http://", &host, ":", port].concat()),
            "PRIVATE_DOMAIN" => plain.push_str(&host),
            "PRIVATE_PORT" => plain.push_str(port),
            _ => return Value::Unknown,
        }
        rest = after;
    }
    plain.push_str(rest);
    Value::Plain(plain)
}
