//! Resource names: `apps/shop/environments/production/releases/7` and its shorter kin.

/// Why a text is not the resource name that was wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("name {name:?} is not valid: use {pattern}")]
pub struct InvalidResourceName {
    /// What came.
    pub name: String,
    /// What was wanted, as `apps/{app}`.
    pub pattern: &'static str,
}

/// The parts of `name` that stand for the `{}` parts of `pattern`.
///
/// ```
/// let parts = proto::name::parts("apps/shop/environments/staging", "apps/{app}/environments/{environment}");
/// assert_eq!(parts, Ok(vec!["shop", "staging"]));
/// ```
pub fn parts<'a>(
    name: &'a str,
    pattern: &'static str,
) -> Result<Vec<&'a str>, InvalidResourceName> {
    let invalid = || InvalidResourceName { name: name.chars().take(200).collect(), pattern };
    let mut found = Vec::new();
    let mut given = name.split('/');
    for wanted in pattern.split('/') {
        let part = given.next().filter(|part| !part.is_empty()).ok_or_else(invalid)?;
        if wanted.starts_with('{') {
            found.push(part);
        } else if wanted != part {
            return Err(invalid());
        }
    }
    if given.next().is_some() { Err(invalid()) } else { Ok(found) }
}

/// `apps/{app}`
pub fn app(app: impl std::fmt::Display) -> String {
    format!("apps/{app}")
}

/// `apps/{app}/environments/{environment}`
pub fn environment(app: impl std::fmt::Display, environment: impl std::fmt::Display) -> String {
    format!("apps/{app}/environments/{environment}")
}

/// `apps/{app}/environments/{environment}/releases/{number}`
pub fn release(
    app: impl std::fmt::Display,
    environment: impl std::fmt::Display,
    number: i64,
) -> String {
    format!("apps/{app}/environments/{environment}/releases/{number}")
}

/// `apps/{app}/environments/{environment}/jobs/{job}`
pub fn job(
    app: impl std::fmt::Display,
    environment: impl std::fmt::Display,
    job: impl std::fmt::Display,
) -> String {
    format!("apps/{app}/environments/{environment}/jobs/{job}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_another_shape_is_refused_with_the_pattern() {
        for bad in ["apps", "apps/", "apps/shop/x", "environments/shop"] {
            let error = parts(bad, "apps/{app}").expect_err("another shape");
            assert!(error.to_string().ends_with("use apps/{app}"), "{error}");
        }
    }
}
