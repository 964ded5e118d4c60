//! Messages as JSON: the field names of the contracts, every field there but absent messages, times as RFC 3339.

use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use std::sync::LazyLock;

static CONTRACTS: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(proto::DESCRIPTORS)
        .expect("the descriptors were compiled with the contracts")
});

/// `message` as a JSON value.
pub(crate) fn value<M: prost::Name>(message: &M) -> serde_json::Value {
    let descriptor = CONTRACTS
        .get_message_by_name(&M::full_name())
        .expect("every message of the contracts is in their descriptors");
    let dynamic = DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice())
        .expect("a message reads what it wrote");
    let options = SerializeOptions::new()
        .use_proto_field_name(true)
        .skip_default_fields(false)
        .stringify_64_bit_integers(false);
    dynamic
        .serialize_with_options(serde_json::value::Serializer, &options)
        .expect("times and spans on the wire are in range")
}

/// `message` over several lines.
pub(crate) fn pretty<M: prost::Name>(message: &M) -> String {
    format!("{:#}", value(message))
}

/// `message` in one line.
pub(crate) fn line<M: prost::Name>(message: &M) -> String {
    value(message).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::v1::{App, ListAppsResponse};

    #[test]
    fn programs_get_every_field_by_its_name_in_the_contract() {
        let app = App {
            name: "apps/shop".to_owned(),
            create_time: Some(prost_types::Timestamp { seconds: 1_700_000_000, nanos: 0 }),
            ..App::default()
        };
        let list = ListAppsResponse { apps: vec![app], next_page_token: String::new() };
        insta::assert_snapshot!(line(&list), @r#"{"apps":[{"create_time":"2023-11-14T22:13:20Z","default_branch":"","name":"apps/shop","policy":"","repository":"","source":""}],"next_page_token":""}"#);
    }
}
