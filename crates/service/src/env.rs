//! Configuration from environment variables: read once, every error reported together.

use crate::Secret;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

/// Everything that is wrong with the environment, one line each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the configuration is not valid:\n  {}", problems.join("\n  "))]
pub struct EnvError {
    /// One sentence each, starting with the name of the variable.
    pub problems: Vec<String>,
}

/// The environment being read. Each read notes what is wrong with it; [`Env::finish`] reports it.
#[derive(Debug, Clone, Default)]
pub struct Env {
    variables: BTreeMap<String, String>,
    problems: Vec<String>,
}

impl Env {
    /// The environment of this process; a variable that is not text counts as not set.
    pub fn process() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self { variables: std::env::vars_os().filter_map(text).collect(), problems: Vec::new() }
    }

    /// An environment made of these variables.
    pub fn of<K: Into<String>, V: Into<String>>(
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let variables = variables.into_iter().map(|(k, v)| (k.into(), v.into())).collect();
        Self { variables, problems: Vec::new() }
    }

    /// The value of `name` if it is set and not empty.
    pub fn optional<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<T> {
        self.parsed(name, |text| text.parse().map_err(|error: T::Err| error.to_string()))
    }

    /// The value of `name`, which must be set; nothing when [`Env::finish`] will fail.
    pub fn required<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<T> {
        self.must_be_set(name);
        self.optional(name)
    }

    /// The value of `name`, or `default` when it is not set.
    pub fn or<T: FromStr<Err: Display>>(&mut self, name: &str, default: T) -> T {
        self.optional(name).unwrap_or(default)
    }

    /// A span of time such as `500ms`, `30s`, `5m` or `1h`, or `default` when it is not set.
    pub fn duration_or(&mut self, name: &str, default: Duration) -> Duration {
        self.parsed(name, parse_duration).unwrap_or(default)
    }

    /// The value of `name`, or the first line of the file that `<name>_FILE` names; nothing when
    /// neither is set.
    pub fn optional_secret(&mut self, name: &str) -> Option<Secret> {
        let file = format!("{name}_FILE");
        let Some(path) = self.text(&file) else {
            return self.text(name).map(Secret::new);
        };
        match std::fs::read_to_string(&path) {
            Ok(text) => Some(Secret::new(text.lines().next().unwrap_or_default().trim())),
            Err(error) => {
                self.problems.push(format!("{file}: {path} cannot be read: {error}"));
                None
            }
        }
    }

    /// The same, when it must be there; nothing when [`Env::finish`] will fail.
    pub fn secret_file(&mut self, name: &str) -> Option<Secret> {
        let known_problems = self.problems.len();
        let secret = self.optional_secret(name).filter(|secret| !secret.expose().is_empty());
        if secret.is_none() && self.problems.len() == known_problems {
            self.problems.push(format!("{name}: must be set, or {name}_FILE must name a file"));
        }
        secret
    }

    /// What `build` makes of all that was read, or everything that is wrong.
    ///
    /// ```
    /// let mut env = service::Env::of([("SLIPWAY_PORT", "8800")]);
    /// let port: Option<u16> = env.required("SLIPWAY_PORT");
    /// assert_eq!(env.finish(|| Some((port?, "localhost"))), Ok((8800, "localhost")));
    /// ```
    pub fn finish<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, EnvError> {
        let problems = self.problems;
        if problems.is_empty() { build() } else { None }.ok_or(EnvError { problems })
    }

    /// Notes that something read is wrong for a reason of the caller's.
    pub fn refuse(&mut self, name: &str, why: impl Display) {
        self.problems.push(format!("{name}: {why}"));
    }

    fn text(&self, name: &str) -> Option<String> {
        self.variables.get(name).filter(|text| !text.is_empty()).cloned()
    }

    fn must_be_set(&mut self, name: &str) {
        if self.text(name).is_none() {
            self.problems.push(format!("{name}: must be set"));
        }
    }

    fn parsed<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.text(name)?;
        parse(&text).map_err(|why| self.refuse(name, format!("{text:?} is not valid: {why}"))).ok()
    }
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    let rule = || "use a number and ms, s, m or h".to_owned();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| rule())?;
    let seconds = |factor| number.checked_mul(factor).map(Duration::from_secs).ok_or_else(rule);
    match unit {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => seconds(1),
        "m" => seconds(60),
        "h" => seconds(3600),
        _ => Err(rule()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_problem_is_reported_at_once() {
        let mut env = Env::of([("PORT", "many"), ("EVERY", "30"), ("TOKEN_FILE", "/no/such")]);
        let url: Option<String> = env.required("URL");
        let port = env.or("PORT", 80_u16);
        let every = env.duration_or("EVERY", Duration::from_secs(30));
        let token = env.secret_file("TOKEN");
        let error = env.finish(|| Some((url?, port, every, token?))).expect_err("four problems");
        insta::assert_snapshot!(error, @r#"
        the configuration is not valid:
          URL: must be set
          PORT: "many" is not valid: invalid digit found in string
          EVERY: "30" is not valid: use a number and ms, s, m or h
          TOKEN_FILE: /no/such cannot be read: No such file or directory (os error 2)
        "#);
    }

    #[test]
    fn what_is_not_set_has_its_default() {
        let mut env = Env::of([("EMPTY", "")]);
        assert_eq!(env.or("EMPTY", 7), 7);
        assert_eq!(env.optional::<String>("EMPTY"), None);
        assert_eq!(env.duration_or("EMPTY", Duration::from_secs(1)), Duration::from_secs(1));
        assert!(env.finish(|| Some(())).is_ok());
    }

    #[test]
    fn a_secret_comes_from_a_file_without_its_line_end() {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), "s3cret\n").expect("written");
        let mut env = Env::of([("TOKEN_FILE", file.path().to_string_lossy())]);
        assert!(env.secret_file("TOKEN").expect("set").matches(b"s3cret"));
    }

    proptest! {
        #[test]
        fn a_duration_is_a_number_and_a_unit(number in 0_u32.., text in ".{0,12}") {
            let seconds = Duration::from_secs(u64::from(number));
            prop_assert_eq!(parse_duration(&format!("{number}s")), Ok(seconds));
            let _either_way = parse_duration(&text);
        }
    }
}
