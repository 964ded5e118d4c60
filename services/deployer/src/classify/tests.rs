use super::*;
use crate::docker::Health;
use std::net::IpAddr;

pub(crate) fn facts(exit_code: Option<i32>) -> InstanceFacts {
    InstanceFacts {
        container_id: "c".to_owned(),
        name: "slipway.default.shop.production.api.7.0".to_owned(),
        labels: crate::docker::label::Labels::new(),
        running: exit_code.is_none(),
        restarting: false,
        pid: None,
        exit_code,
        oom_killed: false,
        error: None,
        restart_count: 0,
        started_at: None,
        finished_at: None,
        health: Health::Unchecked,
        image_id: String::new(),
        image: String::new(),
        user: None,
        stop_signal: None,
        memory: Some(64 << 20),
        address: None,
    }
}

fn told(failure: &Failure) -> String {
    failure.to_string()
}

fn ended(facts: &InstanceFacts, log: &[&str]) -> String {
    let log_lines: Vec<String> = log.iter().map(|&line| line.to_owned()).collect();
    let target = Target::Tcp { port: 8000 };
    told(&classify(&Evidence {
        service: "api",
        outcome: Outcome::Ended,
        target: &target,
        answer: None,
        after: Duration::from_secs(1),
        facts: Some(facts),
        listening: None,
        exposed_ports: &[],
        log_lines: &log_lines,
        probe_lines: &[],
    }))
}

fn answered(answer: &Answer, listening: &[(&str, u16)]) -> String {
    seen(Outcome::Unready, answer, listening)
}

fn seen(outcome: Outcome, answer: &Answer, listening: &[(&str, u16)]) -> String {
    let listening: Vec<Listener> = listening
        .iter()
        .map(|&(ip, port)| Listener { ip: ip.parse::<IpAddr>().unwrap(), port })
        .collect();
    let target = Target::Get { port: 8000, path: "/ready".to_owned() };
    told(&classify(&Evidence {
        service: "api",
        outcome,
        target: &target,
        answer: Some(answer),
        after: Duration::from_secs(30),
        facts: Some(&facts(None)),
        listening: Some(&listening),
        exposed_ports: &[9000],
        log_lines: &[],
        probe_lines: &[],
    }))
}

fn status(status: u16, location: Option<&str>, body: &str) -> Answer {
    Answer::Status { status, location: location.map(str::to_owned), body: body.to_owned() }
}

#[test]
fn a_crash_is_told_with_its_code() {
    insta::assert_snapshot!(ended(&facts(Some(3)), &[]), @"CRASHED: api ended with exit code 3; its last lines say why");
    insta::assert_snapshot!(ended(&facts(Some(139)), &[]), @"CRASHED: api ended with exit code 139 (SIGSEGV: a fault in native code)");
    insta::assert_snapshot!(ended(&facts(Some(0)), &[]), @"EXITED: api ended with exit code 0 instead of running on; start it in the foreground, or make it a job");
}

#[test]
fn out_of_memory_is_told_with_the_limit() {
    let killed = InstanceFacts { oom_killed: true, ..facts(Some(137)) };
    insta::assert_snapshot!(ended(&killed, &["ImportError"]), @"OUT_OF_MEMORY: api needed more memory than it may use and was ended by the kernel (its limit is 64 MiB); raise `resources: { memory }` or load less");
}

#[test]
fn a_command_that_is_not_there_is_told() {
    insta::assert_snapshot!(ended(&facts(Some(127)), &[]), @"COMMAND_NOT_FOUND: api ended with exit code 127: its command, or one that it calls, is not in the image; check `command` and the image's PATH");
    let message = "exec: \"serve\": executable file not found in $PATH".to_owned();
    let error = EngineError::Refused {
        call: "start container",
        subject: "c".to_owned(),
        status: 400,
        message,
    };
    insta::assert_snapshot!(told(&of_engine("api", &error)), @r#"COMMAND_NOT_FOUND: the command of api is not in its image; check `command`, `entrypoint` and the image's PATH: exec: "serve": executable file not found in $PATH"#);
}

#[test]
fn the_last_lines_name_the_cause() {
    let module = ["Traceback", "ModuleNotFoundError: No module named 'torch'"];
    insta::assert_snapshot!(ended(&facts(Some(1)), &module), @r#"MODULE_NOT_FOUND: api ended with exit code 1: "ModuleNotFoundError: No module named 'torch'"; a dependency is not in the image; check the lock file and the Dockerfile"#);
    let denied = ["PermissionError: [Errno 13] Permission denied: '/cache/x'"];
    insta::assert_snapshot!(ended(&facts(Some(1)), &denied), @r#"PERMISSION_DENIED: api ended with exit code 1: "PermissionError: [Errno 13] Permission denied: '/cache/x'"; it may not write or bind what it wants; check `user`, `read_only` and who owns its volumes"#);
}

#[test]
fn wrong_answers_are_told_with_what_to_do() {
    insta::assert_snapshot!(answered(&status(301, Some("https://x/"), ""), &[]), @"REDIRECTED: api answers GET :8000/ready with 301 to https://x/; a probe follows no redirects: ask the path it leads to, or answer this one without TLS and login");
    insta::assert_snapshot!(answered(&status(404, None, "nope"), &[]), @"NOT_FOUND: api answers GET :8000/ready with 404: it has no such path; check `health`");
    insta::assert_snapshot!(answered(&status(503, None, "loading"), &[]), @r#"UNHEALTHY_STATUS: api answers GET :8000/ready with 503 "loading"; its last lines may say why"#);
    insta::assert_snapshot!(answered(&Answer::TimedOut(Duration::from_secs(5)), &[]), @"PROBE_TIMEOUT: api accepts GET :8000/ready and does not answer within 5s; it may be busy or blocked, or `timeout` is too short");
    insta::assert_snapshot!(answered(&Answer::NotHttp, &[]), @"NOT_HTTP: api accepts GET :8000/ready and answers nothing that is HTTP/1.1; does it want TLS or HTTP/2? Then probe it with `tcp`");
}

#[test]
fn who_listens_elsewhere_is_found() {
    let loopback = [("127.0.0.1", 8000), ("0.0.0.0", 9090)];
    insta::assert_snapshot!(answered(&Answer::Refused, &loopback), @"BOUND_TO_LOOPBACK: api listens on 127.0.0.1:8000 only, which nobody outside its container reaches; make it listen on 0.0.0.0");
    let elsewhere = [("0.0.0.0", 5000), ("::", 5000), ("127.0.0.1", 6000)];
    insta::assert_snapshot!(answered(&Answer::Refused, &elsewhere), @"WRONG_PORT: api does not listen on port 8000, but on 5000, 6000 (on 127.0.0.1 only); set `http: { port }` to the one it serves, or make it listen on $PORT");
    insta::assert_snapshot!(answered(&Answer::Refused, &[]), @"NEVER_LISTENED: api runs and never listened on port 8000; its image says it serves 9000");
}

#[test]
fn only_the_last_lines_are_kept() {
    let lines: Vec<String> = (0..600).map(|n| n.to_string()).collect();
    let kept = last(&lines, MOST_LOG_LINES);
    assert_eq!((kept.len(), kept[0].as_str()), (500, "100"));
}

#[test]
fn what_is_slow_though_warm_is_told_by_its_gate() {
    let starting = status(503, None, "loading");
    insta::assert_snapshot!(seen(Outcome::Expired(Over::WarmGate), &starting, &[]), @r#"SLOW_THOUGH_WARM: api is slow though its cache is warm: it was still starting when `cache.gate` ended after 30 s. api answers GET :8000/ready with 503 "loading"; its last lines may say why"#);
    insta::assert_snapshot!(seen(Outcome::Expired(Over::Gate), &starting, &[]), @r#"UNHEALTHY_STATUS: api answers GET :8000/ready with 503 "loading"; its last lines may say why. It was still starting when its gate ended after 30 s"#);
}
