//! Resource names, which come from outside: whatever is sent is taken apart rightly or refused.

use proptest::prelude::*;
use proto::name;

const PATTERN: &str = "apps/{app}/environments/{environment}/releases/{number}";

proptest! {
    #[test]
    fn what_is_put_together_is_taken_apart(app in "[^/]{1,12}", environment in "[^/]{1,12}", number in 0_i64..) {
        let text = name::release(&app, &environment, number);
        let number = number.to_string();
        prop_assert_eq!(name::parts(&text, PATTERN), Ok(vec![app.as_str(), &environment, &number]));
    }

    #[test]
    fn what_is_taken_apart_can_be_put_together(text in "(apps|environments|releases|[a-z0-9]{0,3}|/){0,12}") {
        if let Ok(parts) = name::parts(&text, PATTERN) {
            let again = format!("apps/{}/environments/{}/releases/{}", parts[0], parts[1], parts[2]);
            prop_assert_eq!(again, text);
        }
    }

    #[test]
    fn a_refusal_does_not_repeat_more_than_it_must(text in "\\PC{0,400}") {
        if let Err(refused) = name::parts(&text, "apps/{app}") {
            prop_assert!(refused.name.chars().count() <= 200);
        }
    }
}
