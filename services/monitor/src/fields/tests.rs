use super::*;

fn fields(json: &str) -> Fields {
    let found = serde_json::from_str(json).expect("an answer of the engine");
    Fields::of(&found, &|value| value.len().to_string())
}

#[test]
fn null_empty_and_zero_all_mean_not_set() {
    let unset = fields(r#"{"Image":"i"}"#);
    let empty = r#"{"Image":"i","Config":{"Env":[],"User":"","Labels":{}},
        "HostConfig":{"Memory":0,"CapAdd":null,"Privileged":false,"RestartPolicy":{"Name":""}}}"#;
    assert_eq!(fields(empty), unset);
    assert_eq!(unset.get("restart_policy"), Some("no"));
}

#[test]
fn values_of_variables_are_not_kept() {
    let kept = fields(r#"{"Config":{"Env":["TOKEN=hunter2","EMPTY=","BARE"]}}"#);
    assert!(!format!("{kept:?}").contains("hunter2"), "{kept:?}");
    let env: Vec<_> = kept.0.keys().filter(|field| field.starts_with("env.")).collect();
    assert_eq!(env, ["env.BARE", "env.EMPTY", "env.TOKEN"]);
}

#[test]
fn one_thing_has_one_form() {
    let kept = fields(
        r#"{"HostConfig":{"PortBindings":{"80":[{"HostIp":"","HostPort":"0"}]},"CapDrop":["cap_net_raw","ALL"]},
            "Mounts":[{"Type":"volume","Name":"data","Source":"/var/lib/docker/volumes/data/_data","Destination":"/d","RW":true}]}"#,
    );
    assert_eq!(kept.get("ports.80/tcp"), Some("0.0.0.0:*"));
    assert_eq!(kept.get("security.cap_drop"), Some("ALL NET_RAW"));
    assert_eq!(kept.get("mounts./d"), Some("volume data read-write"));
}

#[test]
fn aliases_that_the_engine_adds_do_not_count() {
    let kept = fields(
        r#"{"Id":"0123456789abcdef","Name":"/web-1",
            "NetworkSettings":{"Networks":{"shop":{"Aliases":["web","0123456789ab","web-1"]},"bridge":{}}}}"#,
    );
    assert_eq!(kept.get("networks.shop"), Some("as web"));
    assert_eq!(kept.get("networks.bridge"), Some("as"));
}

#[test]
fn what_a_body_sets_is_what_the_engine_shows_of_it() {
    let host = r#"{"Memory":1048576,"PidsLimit":5,"ReadonlyRootfs":true,"CapDrop":["ALL"],
        "SecurityOpt":["no-new-privileges:true"],"RestartPolicy":{"Name":"unless-stopped"},"Tmpfs":{"/tmp":""},
        "Mounts":[{"Type":"volume","Source":"data","Target":"/d","ReadOnly":true}]}"#;
    let body = format!(
        r#"{{"Env":["A=1"],"Cmd":["serve"],"Labels":{{"slipway.app":"shop"}},"HostConfig":{host},
            "NetworkingConfig":{{"EndpointsConfig":{{"shop":{{"Aliases":["web"]}}}}}}}}"#
    );
    let found = format!(
        r#"{{"Config":{{"Env":["A=x"],"Cmd":["serve"],"Labels":{{"slipway.app":"shop","other":"x"}}}},"HostConfig":{host},
            "Mounts":[{{"Type":"volume","Name":"data","Destination":"/d","RW":false}}],
            "NetworkSettings":{{"Networks":{{"shop":{{"Aliases":["web"]}}}}}}}}"#
    );
    let told = Fields::of_body(serde_json::from_str(&body).expect("a body"));
    assert_eq!(told, fields(&found));
}
