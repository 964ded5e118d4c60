//! Names that the manifest takes, made of names that others take.

/// `text` as a name of a service, job, volume or environment: lower-case letters, digits and `-`.
pub(crate) fn label(text: &str) -> String {
    let mut label = String::new();
    for c in text.chars() {
        let c = c.to_ascii_lowercase();
        let c = if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' };
        if !(c == '-' && label.ends_with('-')) {
            label.push(c);
        }
    }
    let label = label.trim_start_matches(|c: char| !c.is_ascii_lowercase());
    let label: String = label.chars().take(63).collect();
    label.trim_end_matches('-').to_owned()
}

/// `text` as a name of a variable or secret.
pub(crate) fn variable(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    text.chars().map(plain).take(128).collect()
}

/// The environment that a branch of this name is usually released to.
pub(crate) fn environment_of(branch: &str) -> &'static str {
    match branch {
        "develop" | "dev" | "development" => "development",
        "staging" | "stage" | "release" => "staging",
        _ => "production",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_labels() {
        assert_eq!(label("car_price_api"), "car-price-api");
        assert_eq!(label("9Lives__App-"), "lives-app");
        assert_eq!(label("___"), "");
        assert_eq!(variable("db-password"), "db_password");
    }

    proptest::proptest! {
        #[test]
        fn a_label_is_a_name_or_empty(text in "\\PC{0,80}") {
            let label = label(&text);
            proptest::prop_assert!(label.is_empty() || events::ServiceName::parse(&label).is_ok());
        }
    }
}
