//! Candidates that get ready, and one for each way not to.

use crate::place::{Here, PATIENCE, in_place, secret};
use deployer::diagnose;
use deployer::docker::Mask;
use deployer::probe::{GateInstance, Probe, Ready, Target, Thresholds, after, wait_ready};
use deployer::spec::InstanceSpec;
use deployer::watch::{Alarm, Limits, Tally, Watched, Watcher, verdict};
use release::Failure;
use std::time::{Duration, Instant};
use testkit::eventually;

/// A server that says that it listens, and answers GET with what the Python in `answer` does with `s`.
fn server(address: &str, answer: &str) -> String {
    format!(
        "import http.server as h, time, os\nbegan = time.time()\n\
         class H(h.BaseHTTPRequestHandler):\n  def do_GET(s):\n    {answer}\n  \
         def log_message(s, *a): pass\n\
         server = h.ThreadingHTTPServer({address}, H)\nprint('listens')\nserver.serve_forever()"
    )
}

const EVERYWHERE: &str = "('0.0.0.0', 8000)";
const OK: &str = "s.send_response(200); s.end_headers(); s.wfile.write(b'ok')";

fn get(path: &str) -> Target {
    Target::Get { port: 8000, path: path.to_owned() }
}

fn probe(target: Target) -> Probe {
    Probe {
        target,
        timeout: Duration::from_secs(5),
        thresholds: Thresholds {
            initial_delay: Duration::ZERO,
            period: Duration::from_millis(200),
            successes: 1,
            failures: 3,
            start_period: Duration::ZERO,
        },
    }
}

impl Here {
    async fn gate(
        &self,
        spec: &InstanceSpec,
        probe: Probe,
        seconds: u64,
    ) -> Result<Ready, Failure> {
        let container_id = self.run(spec).await;
        let (uid, service) = (spec.uid, spec.service.clone());
        let mask = Mask::new(spec.secret_values());
        let instance = GateInstance { uid, service, container_id, probe, mask };
        let gate = after(Duration::from_secs(seconds));
        match wait_ready(&self.engine, &[instance], gate).await {
            Ok(mut ready) => Ok(ready.remove(0)),
            Err(failed) => {
                let mask = Mask::new(spec.secret_values());
                Err(diagnose::gate(&self.engine, &failed, &mask).await)
            }
        }
    }

    /// Why a candidate that runs this Python and is asked `GET /ready` does not get ready.
    async fn failure(&self, code: &str, seconds: u64) -> Failure {
        let failed = self.gate(&self.python(code), probe(get("/ready")), seconds).await;
        failed.expect_err("it cannot get ready")
    }
}

#[tokio::test]
async fn a_candidate_that_answers_is_ready_at_once() {
    in_place(async |here| {
        let spec = here.python(&server(EVERYWHERE, OK));
        let slow = Probe {
            thresholds: Thresholds { period: Duration::from_mins(2), ..probe(get("/")).thresholds },
            ..probe(get("/ready"))
        };
        let ready = here.gate(&spec, slow, 200).await.unwrap();
        assert_eq!(ready.uid, spec.uid);
        assert!(ready.address.is_some());
        assert!(ready.took < Duration::from_mins(1), "{ready:?}");
        assert!(ready.transcript.lines().last().unwrap().ends_with("GET :8000/ready -> 200"));
    })
    .await;
}

#[tokio::test]
async fn failures_in_the_start_period_are_forgiven() {
    in_place(async |here| {
        let warming = "s.send_response(200 if time.time() - began > 2 else 503); s.end_headers()";
        let mut patient = probe(get("/ready"));
        patient.thresholds.start_period = Duration::from_mins(1);
        let spec = here.python(&server(EVERYWHERE, warming));
        let ready = here.gate(&spec, patient, 120).await.unwrap();
        assert!(ready.took > Duration::from_secs(2), "{ready:?}");
    })
    .await;
}

#[tokio::test]
async fn a_crash_is_known_at_once_with_its_code_and_lines() {
    in_place(async |here| {
        let began = Instant::now();
        let mut spec = here.python("import os\nprint('key', os.environ['TOKEN'])\nexit(3)");
        spec.secret_env.insert("TOKEN".to_owned(), secret("hunter22"));
        let failure = here.gate(&spec, probe(get("/ready")), 200).await.unwrap_err();
        assert!(began.elapsed() < Duration::from_secs(100));
        assert_eq!((failure.reason.as_str(), failure.exit_code), ("CRASHED", Some(3)));
        assert_eq!(failure.log_lines, ["key ***"]);
        assert!(failure.probe_lines.last().unwrap().ends_with("process ended with exit code 3"));
    })
    .await;
}

#[tokio::test]
async fn out_of_memory_is_told() {
    in_place(async |here| {
        let failure = here.failure("x = []\nwhile True: x.append(bytearray(1 << 20))", 60).await;
        assert_eq!(failure.reason, "OUT_OF_MEMORY", "{failure}");
        assert!(failure.out_of_memory && failure.message.contains("128 MiB"), "{failure}");
    })
    .await;
}

#[tokio::test]
async fn a_command_that_is_not_in_the_image_is_told() {
    in_place(async |here| {
        let with_init = here.command(&["no-such-program"]);
        let failure = match here.engine.create_or_adopt(&with_init).await {
            Ok(_) => here.gate(&with_init, probe(get("/")), 120).await.unwrap_err(),
            Err(error) => deployer::classify::of_engine("api", &error),
        };
        assert_eq!(failure.reason, "COMMAND_NOT_FOUND", "{failure}");

        let without = InstanceSpec { init: false, number: 2, ..with_init };
        let created = here.engine.create_or_adopt(&without).await.unwrap();
        let error = here.engine.start(&created.container_id).await.unwrap_err();
        let failure = deployer::classify::of_engine("api", &error);
        assert_eq!(failure.reason, "COMMAND_NOT_FOUND", "{failure}");
    })
    .await;
}

#[tokio::test]
async fn a_wrong_port_is_told_with_the_right_one() {
    in_place(async |here| {
        let spec = here.python(&server("('0.0.0.0', 5000)", OK));
        here.run_until(&spec, "listens").await;
        let failure = here.gate(&spec, probe(get("/ready")), 3).await.unwrap_err();
        assert_eq!(failure.reason, "WRONG_PORT", "{failure}");
        assert!(failure.message.contains("not listen on port 8000, but on 5000"), "{failure}");
        assert!(failure.message.contains("still starting when its gate ended"), "{failure}");
    })
    .await;
}

#[tokio::test]
async fn listening_to_itself_is_told_before_the_gate_ends() {
    in_place(async |here| {
        let began = Instant::now();
        let failure = here.failure(&server("('127.0.0.1', 8000)", OK), 200).await;
        assert_eq!(failure.reason, "BOUND_TO_LOOPBACK", "{failure}");
        assert!(began.elapsed() < Duration::from_secs(100));
    })
    .await;
}

#[tokio::test]
async fn wrong_answers_are_told_apart() {
    in_place(async |here| {
        let redirect = "s.send_response(302); s.send_header('location', '/login'); s.end_headers()";
        let failure = here.failure(&server(EVERYWHERE, redirect), 60).await;
        assert_eq!(failure.reason, "REDIRECTED", "{failure}");
        assert!(failure.message.contains("302 to /login"), "{failure}");
    })
    .await;
    in_place(async |here| {
        let failure = here.failure(&server(EVERYWHERE, "s.send_error(404)"), 60).await;
        assert_eq!(failure.reason, "NOT_FOUND", "{failure}");
    })
    .await;
    in_place(async |here| {
        let failure = here.failure(&server(EVERYWHERE, "s.send_error(503, 'loading')"), 60).await;
        assert_eq!(failure.reason, "UNHEALTHY_STATUS", "{failure}");
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_told() {
    in_place(async |here| {
        let spec = here.python(&server(EVERYWHERE, "time.sleep(60)"));
        let short = Probe { timeout: Duration::from_millis(500), ..probe(get("/ready")) };
        let failure = here.gate(&spec, short, 60).await.unwrap_err();
        assert_eq!(failure.reason, "PROBE_TIMEOUT", "{failure}");
    })
    .await;
}

#[tokio::test]
async fn who_never_listens_is_starting_until_the_gate_ends() {
    in_place(async |here| {
        let spec = here.python("import time\nprint('loading')\ntime.sleep(600)");
        here.run_until(&spec, "loading").await;
        let began = Instant::now();
        let failure = here.gate(&spec, probe(get("/ready")), 2).await.unwrap_err();
        assert!(began.elapsed() >= Duration::from_secs(2));
        assert_eq!(failure.reason, "NEVER_LISTENED", "{failure}");
        assert_eq!(failure.log_lines, ["loading"]);
    })
    .await;
}

#[tokio::test]
async fn a_denied_permission_is_told_with_its_line() {
    in_place(async |here| {
        let mut spec = here.python("open('/etc/shadow.new', 'w')");
        spec.user = Some("1000".to_owned());
        let failure = here.gate(&spec, probe(get("/")), 120).await.unwrap_err();
        assert_eq!(failure.reason, "PERMISSION_DENIED", "{failure}");
        assert!(failure.message.contains("/etc/shadow.new"), "{failure}");
    })
    .await;
}

#[tokio::test]
async fn a_command_and_mere_running_can_be_asked_for() {
    in_place(async |here| {
        let spec = here.command(&["sleep", "600"]);
        let command = ["python3", "-c", "exit(0)"].map(str::to_owned).to_vec();
        let asked = Probe { timeout: Duration::from_secs(30), ..probe(Target::Exec { command }) };
        here.gate(&spec, asked, 90).await.unwrap();
        let mut steady = probe(Target::Running);
        steady.thresholds.initial_delay = Duration::from_secs(1);
        let spec = InstanceSpec { number: 2, ..spec };
        let ready = here.gate(&spec, steady, 120).await.unwrap();
        assert!(ready.took >= Duration::from_secs(1));
    })
    .await;
}

#[tokio::test]
async fn an_instance_that_turns_bad_after_its_gate_is_an_alarm() {
    in_place(async |here| {
        let turns = "s.send_response(500 if os.path.exists('/tmp/bad') else 200); s.end_headers()";
        let spec = here.python(&server(EVERYWHERE, turns));
        let ready = here.gate(&spec, probe(get("/ready")), 120).await.unwrap();
        let mut watcher = watcher(&here, &spec, &ready);
        assert_eq!(alarm(&mut watcher).await, None);
        let bad = ["touch", "/tmp/bad"].map(str::to_owned);
        here.engine.exec(&ready.container_id, &bad, PATIENCE).await.unwrap();
        let told = until_alarm(&mut watcher).await;
        assert!(told.starts_with("UNREADY: api was ready and is not any more"), "{told}");
    })
    .await;
}

#[tokio::test]
async fn an_instance_that_ends_after_its_gate_is_restarted_and_an_alarm() {
    in_place(async |here| {
        let spec = here.python(&server(EVERYWHERE, OK));
        let ready = here.gate(&spec, probe(get("/ready")), 120).await.unwrap();
        let mut watcher = watcher(&here, &spec, &ready);
        assert_eq!(alarm(&mut watcher).await, None);
        let kill = ["python3", "-c", "import os; os.kill(1, 15)"].map(str::to_owned);
        here.engine.exec(&ready.container_id, &kill, PATIENCE).await.unwrap();
        let told = until_alarm(&mut watcher).await;
        assert!(told.starts_with("RESTARTED: api ended"), "{told}");
    })
    .await;
}

fn watcher(here: &Here, spec: &InstanceSpec, ready: &Ready) -> Watcher {
    let watched = Watched {
        uid: spec.uid,
        service: spec.service.clone(),
        container_id: ready.container_id.clone(),
        probe: probe(get("/ready")),
        mask: None,
        restarts_before: 0,
    };
    Watcher::new(here.engine.clone(), vec![watched])
}

async fn alarm(watcher: &mut Watcher) -> Option<Alarm> {
    let limits = Limits { restarts: 1, errors_worse_by: 0.05, requests: 20 };
    verdict(&watcher.look().await, Tally::default(), Tally::default(), &limits)
}

async fn until_alarm(watcher: &mut Watcher) -> String {
    let raised = eventually("an alarm", PATIENCE, async || alarm(watcher).await);
    raised.await.failure().to_string()
}
