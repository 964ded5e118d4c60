//! buf's STANDARD rules for the contracts, read off their descriptors: buf itself is not at hand where tests run.

use prost_types::{
    DescriptorProto, EnumDescriptorProto, EnumOptions, FileDescriptorProto, FileDescriptorSet,
    MessageOptions, ServiceDescriptorProto,
};
use std::collections::BTreeMap;

/// `a.b.v1` of this project; what is imported from elsewhere has its own rules.
const PACKAGE: &str = "slipway.v1";

fn contracts() -> Vec<FileDescriptorProto> {
    let set: FileDescriptorSet =
        prost::Message::decode(proto::DESCRIPTORS).expect("what the compiler wrote");
    set.file.into_iter().filter(|file| !file.name().starts_with("google/")).collect()
}

fn is_snake(name: &str) -> bool {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    name.chars().all(good) && !name.starts_with('_') && !name.contains("__")
}

fn is_pascal(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_alphanumeric())
}

/// `TrafficMode` as `TRAFFIC_MODE`.
fn upper_snake(name: &str) -> String {
    let mut snake = String::new();
    for (at, c) in name.chars().enumerate() {
        if at > 0 && c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_uppercase());
    }
    snake
}

/// What breaks a rule, as `where: what to do`.
#[derive(Default)]
struct Breaches(Vec<String>);

impl Breaches {
    fn unless(&mut self, kept: bool, place: &str, rule: &str) {
        if !kept {
            self.0.push(format!("{place}: {rule}"));
        }
    }

    fn of(files: &[FileDescriptorProto]) -> Vec<String> {
        let mut breaches = Self::default();
        let mut used = BTreeMap::new();
        for file in files {
            breaches.file(file);
            for service in &file.service {
                breaches.service(service, &mut used);
            }
        }
        for (message, times) in used {
            breaches.unless(times == 1, &message, "belongs to one call, once");
        }
        breaches.0
    }

    fn file(&mut self, file: &FileDescriptorProto) {
        let (folder, name) = file.name().rsplit_once('/').unwrap_or(("", file.name()));
        self.unless(file.package() == PACKAGE, file.name(), "declares package slipway.v1");
        self.unless(
            folder == PACKAGE.replace('.', "/"),
            file.name(),
            "lies where its package says",
        );
        self.unless(is_snake(name.trim_end_matches(".proto")), file.name(), "lower_snake_case");
        self.unless(file.public_dependency.is_empty(), file.name(), "no public imports");
        for message in &file.message_type {
            self.message(message);
        }
        for enumeration in &file.enum_type {
            self.enumeration(enumeration);
        }
    }

    fn message(&mut self, message: &DescriptorProto) {
        // The compiler's own, for a map.
        if message.options.as_ref().is_some_and(MessageOptions::map_entry) {
            return;
        }
        self.unless(is_pascal(message.name()), message.name(), "PascalCase");
        for field in &message.field {
            let place = format!("{}.{}", message.name(), field.name());
            self.unless(is_snake(field.name()), &place, "lower_snake_case");
        }
        for choice in &message.oneof_decl {
            let place = format!("{}.{}", message.name(), choice.name());
            // The compiler names that of an optional field with a line in front.
            self.unless(
                is_snake(choice.name().trim_start_matches('_')),
                &place,
                "lower_snake_case",
            );
        }
        message.enum_type.iter().for_each(|enumeration| self.enumeration(enumeration));
        message.nested_type.iter().for_each(|nested| self.message(nested));
    }

    fn enumeration(&mut self, enumeration: &EnumDescriptorProto) {
        let name = enumeration.name();
        self.unless(is_pascal(name), name, "PascalCase");
        let alias = enumeration.options.as_ref().is_some_and(EnumOptions::allow_alias);
        self.unless(!alias, name, "no aliases");
        let prefix = format!("{}_", upper_snake(name));
        let first = enumeration.value.first().map(|value| (value.name(), value.number()));
        let unspecified = format!("{prefix}UNSPECIFIED");
        self.unless(first == Some((&unspecified, 0)), name, "begins with ..._UNSPECIFIED = 0");
        for value in &enumeration.value {
            let is_upper = value.name() == value.name().to_ascii_uppercase();
            let kept = is_upper && value.name().starts_with(&prefix);
            self.unless(kept, value.name(), "UPPER_SNAKE_CASE with the name of its enum in front");
        }
    }

    fn service(&mut self, service: &ServiceDescriptorProto, used: &mut BTreeMap<String, usize>) {
        let name = service.name();
        self.unless(is_pascal(name) && name.ends_with("Service"), name, "ends with Service");
        for call in &service.method {
            self.unless(is_pascal(call.name()), call.name(), "PascalCase");
            for (kind, message) in
                [("Request", call.input_type()), ("Response", call.output_type())]
            {
                let wanted = format!(".{PACKAGE}.{}{kind}", call.name());
                self.unless(message == wanted, message, &format!("is named {wanted}"));
                *used.entry(message.to_owned()).or_default() += 1;
            }
        }
    }
}

#[test]
fn the_contracts_keep_to_the_standard_rules() {
    assert_eq!(Breaches::of(&contracts()), Vec::<String>::new());
}

#[test]
fn a_contract_that_breaks_a_rule_is_named() {
    let mut files = contracts();
    files[0].message_type[0].field[0].name = Some("badName".to_owned());
    files[0].service[0].method[0].output_type = Some(".slipway.v1.Anything".to_owned());
    files[0].service[0].name = Some("Apps".to_owned());
    let breaches = Breaches::of(&files).join("\n");
    for named in
        ["badName: lower_snake_case", "Apps: ends with Service", ".slipway.v1.Anything: is"]
    {
        assert!(breaches.contains(named), "{breaches}");
    }
}
