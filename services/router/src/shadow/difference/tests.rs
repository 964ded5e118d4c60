use super::*;
use proptest::prelude::*;
use serde_json::json;

fn places(stable: &Value, candidate: &Value, ignored: &[&str]) -> Vec<String> {
    let pointer = |text: &&str| Pointer::parse(text).expect("a pointer");
    let ignored: Vec<Pointer> = ignored.iter().map(pointer).collect();
    differences(stable, candidate, &ignored).into_iter().collect()
}

#[test]
fn members_have_no_order_and_elements_have() {
    let text = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    assert_eq!(places(&text(r#"{"a":1,"b":2}"#), &text(r#"{"b":2,"a":1}"#), &[]), [""; 0]);
    assert_eq!(places(&json!([1, 2]), &json!([2, 1]), &[]), ["/*"]);
}

#[test]
fn numbers_are_equal_to_nine_digits_and_whole_ones_to_the_last() {
    assert_eq!(places(&json!([0.3, 1, 1e300]), &json!([0.1 + 0.2, 1.0, 1e300]), &[]), [""; 0]);
    assert_eq!(places(&json!({"p": 0.25}), &json!({"p": 0.250_001}), &[]), ["/p"]);
    let (one, other) = (9_007_199_254_740_993_u64, 9_007_199_254_740_992_u64);
    assert_eq!(places(&json!(one), &json!(other), &[]), [""]);
}

#[test]
fn what_is_new_gone_or_of_another_type_differs_at_its_place() {
    let stable =
        json!({"gone": 1, "items": [{"id": 1, "price": 5}, {"id": 2, "price": 6}], "s": "1"});
    let candidate =
        json!({"items": [{"id": 1, "price": 7}, {"id": 2, "price": 8}, {}], "new": null, "s": 1});
    assert_eq!(
        places(&stable, &candidate, &[]),
        ["/gone", "/items/*", "/items/*/price", "/new", "/s"]
    );
}

#[test]
fn what_is_ignored_is_not_looked_at() {
    let stable = json!({"at": 1, "items": [{"id": 1, "tags": {"a": 1}}]});
    let candidate = json!({"at": 2, "items": [{"id": 9, "tags": {"b": 1}}]});
    assert_eq!(places(&stable, &candidate, &["/at", "/items/*/id", "/items/0/tags"]), [""; 0]);
    assert_eq!(places(&stable, &candidate, &["/at", "/items/1"]).len(), 3);
    assert_eq!(places(&stable, &candidate, &[""]), [""; 0]);
}

#[test]
fn no_more_places_are_told_than_a_person_reads() {
    let wide = |by: u32| -> Value { (0..100).map(|n| (format!("k{n}"), json!(n + by))).collect() };
    assert_eq!(places(&wide(0), &wide(1), &[]).len(), MOST);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f32>().prop_map(Value::from),
        "[a-c/~*]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-c/~*]{0,3}", inner, 0..4)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn a_document_does_not_differ_from_itself(value in any_json()) {
        prop_assert!(differences(&value, &value, &[]).is_empty());
    }

    #[test]
    fn it_does_not_matter_which_is_the_candidate(one in any_json(), other in any_json()) {
        let there = differences(&one, &other, &[]);
        prop_assert_eq!(there.is_empty(), differences(&other, &one, &[]).is_empty());
    }

    /// What was found can be written into the manifest, and then is found no more.
    #[test]
    fn what_differs_can_be_ignored_by_its_place(one in any_json(), other in any_json()) {
        let found = differences(&one, &other, &[]);
        prop_assume!(found.len() < MOST);
        let ignored: Vec<Pointer> =
            found.iter().map(|place| Pointer::parse(place).expect("a pointer")).collect();
        prop_assert!(differences(&one, &other, &ignored).is_empty(), "{found:?}");
    }
}
