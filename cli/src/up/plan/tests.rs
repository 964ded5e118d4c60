use super::*;

fn environment(caller: &[(&str, &str)], service: &'static str) -> BTreeMap<String, String> {
    let text = |(k, v): &(&str, &str)| ((*k).to_owned(), (*v).to_owned());
    let layout = Layout::new("/data".into());
    let wiring = Wiring {
        layout: &layout,
        ports: Ports::with_offset(0),
        nats_url: "nats://127.0.0.1:8811".to_owned(),
        registry: "127.0.0.1:8812".to_owned(),
        instance: "0a1b2c3d".to_owned(),
        caller: &caller.iter().map(text).collect(),
    };
    wiring.service(service, Path::new("/usr/bin/slipway-x")).env
}

#[test]
fn a_service_is_told_where_everything_is_and_secrets_only_by_file() {
    let env = environment(&[("PATH", "/usr/bin"), ("EDITOR", "vi")], "gateway");
    let lines: Vec<_> = env.iter().map(|(key, value)| format!("{key}={value}")).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    PATH=/usr/bin
    SLIPWAY_BOOTSTRAP_TOKEN_FILE=/data/secrets/admin-token
    SLIPWAY_BUILDER_ADDRESS=127.0.0.1:8803
    SLIPWAY_BUILDER_URL=http://127.0.0.1:8803
    SLIPWAY_DATA=/data/gateway
    SLIPWAY_DATABASE_URL_FILE=/data/secrets/database-url-gateway
    SLIPWAY_DEPLOYER_ADDRESS=127.0.0.1:8804
    SLIPWAY_DEPLOYER_URL=http://127.0.0.1:8804
    SLIPWAY_GATEWAY_ADDRESS=127.0.0.1:8801
    SLIPWAY_GATEWAY_HOOKS_ADDRESS=127.0.0.1:8800
    SLIPWAY_GATEWAY_URL=http://127.0.0.1:8801
    SLIPWAY_INSTANCE=0a1b2c3d
    SLIPWAY_INTERNAL_TOKEN_FILE=/data/secrets/internal-token
    SLIPWAY_MONITOR_ADDRESS=127.0.0.1:8805
    SLIPWAY_MONITOR_URL=http://127.0.0.1:8805
    SLIPWAY_NATS_URL=nats://127.0.0.1:8811
    SLIPWAY_REGISTRY=127.0.0.1:8812
    SLIPWAY_ROUTER_ADDRESS=127.0.0.1:8802
    SLIPWAY_ROUTER_TRAFFIC_ADDRESS=0.0.0.0:8080
    SLIPWAY_ROUTER_URL=http://127.0.0.1:8802
    ");
}

#[test]
fn what_is_for_this_program_is_not_passed_on() {
    let caller = [("SLIPWAY_TOKEN", "t"), ("SLIPWAY_DATABASE_URL", "postgres://u:p@h/d")];
    let env = environment(&caller, "builder");
    assert!(!env.values().any(|value| value == "t" || value.contains("u:p")));
    assert!(!env.contains_key("SLIPWAY_BOOTSTRAP_TOKEN_FILE"), "only the gateway has it");
}

#[test]
fn settings_of_the_caller_reach_the_services() {
    let env = environment(&[("SLIPWAY_BUILD_SLOTS", "4"), ("OTEL_X", "1")], "builder");
    assert_eq!(env.get("SLIPWAY_BUILD_SLOTS").map(String::as_str), Some("4"));
    assert_eq!(env.get("OTEL_X").map(String::as_str), Some("1"));
}

#[test]
fn the_database_is_first_and_services_are_last() {
    assert!(Tier::ALL.is_sorted());
    assert_eq!(SERVICES.last(), Some(&"gateway"));
}
