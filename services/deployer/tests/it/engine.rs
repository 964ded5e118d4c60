//! Instances, networks, volumes and images in the real engine.

use crate::place::{Here, PATIENCE, in_place, secret};
use deployer::docker::{EngineError, Since, label};
use deployer::spec::{InstanceSpec, VolumeMount};
use events::VolumeName;
use futures_util::StreamExt as _;
use std::time::Duration;

const SLEEPS: &[&str] = &["sleep", "600"];

#[tokio::test]
async fn an_instance_made_twice_is_made_once() {
    in_place(async |here| {
        let spec = here.command(SLEEPS);
        let first = here.engine.create_or_adopt(&spec).await.unwrap();
        let again = here.engine.create_or_adopt(&spec).await.unwrap();
        assert_eq!((first.adopted, again.adopted), (false, true));
        assert_eq!(first.container_id, again.container_id);
        here.engine.start(&first.container_id).await.unwrap();
        here.engine.start(&first.container_id).await.expect("it runs already");
        assert!(here.engine.inspect(&first.container_id).await.unwrap().running);
    })
    .await;
}

#[tokio::test]
async fn what_is_ours_and_something_else_is_replaced() {
    in_place(async |here| {
        let spec = here.command(SLEEPS);
        let old = here.run(&spec).await;
        let other = InstanceSpec { pids: 32, ..spec };
        let new = here.engine.create_or_adopt(&other).await.unwrap();
        assert!(!new.adopted);
        assert_eq!(here.engine.find(&old).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn what_is_not_ours_is_never_touched() {
    in_place(async |here| {
        let mut theirs = here.command(SLEEPS);
        let name = theirs.container_name();
        theirs.place.environment = events::EnvironmentName::parse("other").unwrap();
        let id = rename(&here, &theirs, &name).await;
        let refused = here.engine.create_or_adopt(&here.command(SLEEPS)).await.unwrap_err();
        assert_eq!(refused.reason(), "NAME_TAKEN");
        assert_eq!(
            refused.to_string(),
            format!("container {name} exists and is not Slipway's; remove or rename it")
        );
        assert!(here.engine.inspect(&id).await.unwrap().running);
    })
    .await;
}

async fn rename(here: &Here, spec: &InstanceSpec, name: &str) -> String {
    let id = here.run(spec).await;
    let renamed = std::process::Command::new("docker").args(["rename", &id, name]).status();
    assert!(renamed.unwrap().success());
    id
}

#[tokio::test]
async fn an_instance_that_hears_ends_by_its_signal() {
    in_place(async |here| {
        let polite = "import signal, sys\n\
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n\
            print('here')\nsignal.pause()";
        let id = here.run_until(&here.python(polite), "here").await;
        let grace = Duration::from_mins(2);
        let report = here.engine.stop(&id, grace).await.unwrap();
        assert_eq!((report.exit_code, report.killed), (Some(7), false));
        assert_eq!(report.stages.len(), 1);
        assert!(report.stages[0].took < grace / 2, "{report:?}");
        let again = here.engine.stop(&id, Duration::from_secs(10)).await.unwrap();
        assert!(again.stages.is_empty());
    })
    .await;
}

#[tokio::test]
async fn an_instance_that_does_not_hear_is_killed_when_its_grace_is_over() {
    in_place(async |here| {
        let deaf = "import signal, time\n\
            signal.signal(signal.SIGTERM, signal.SIG_IGN)\n\
            print('here')\ntime.sleep(600)";
        let id = here.run_until(&here.python(deaf), "here").await;
        here.engine.activate(&id).await.unwrap();
        let report = here.engine.stop(&id, Duration::from_secs(1)).await.unwrap();
        let signals: Vec<_> = report.stages.iter().map(|stage| stage.signal.as_str()).collect();
        assert_eq!(signals, ["SIGTERM", "SIGKILL"]);
        assert_eq!((report.exit_code, report.killed), (Some(137), true));
        assert!(report.stages[0].took >= Duration::from_secs(1));
        assert!(!here.engine.inspect(&id).await.unwrap().running, "it does not come back");
    })
    .await;
}

#[tokio::test]
async fn what_is_gone_is_stopped_and_removed_already() {
    in_place(async |here| {
        let report = here.engine.stop("no-such-container", Duration::ZERO).await.unwrap();
        assert_eq!(report, deployer::docker::StopReport::default());
        here.engine.retire("no-such-container").await.unwrap();
        here.engine.remove("no-such-container").await.unwrap();
        assert!(here.engine.start("no-such-container").await.unwrap_err().is_missing());
    })
    .await;
}

#[tokio::test]
async fn an_instance_has_no_privileges() {
    in_place(async |here| {
        let id =
            here.run(&InstanceSpec { user: Some("1000".to_owned()), ..here.command(SLEEPS) }).await;
        let status = ["cat", "/proc/self/status"].map(str::to_owned);
        let status = here.engine.exec(&id, &status, PATIENCE).await.unwrap().output;
        for line in ["CapEff:\t0000000000000000", "NoNewPrivs:\t1", "Uid:\t1000\t1000\t1000\t1000"]
        {
            assert!(status.contains(line), "{line} is not in {status}");
        }
    })
    .await;
}

#[tokio::test]
async fn secret_files_are_there_and_only_for_its_user() {
    in_place(async |here| {
        let code = "import os\np='/run/secrets/TOKEN'\n\
            print(open(p).read(), oct(os.stat(p).st_mode & 0o777), os.stat(p).st_uid)\nprint('end')";
        for (number, read_only) in [(1, false), (2, true)] {
            let mut spec = here.python(code);
            (spec.number, spec.read_only, spec.user) = (number, read_only, Some("1000".to_owned()));
            spec.secret_files.insert("/run/secrets/TOKEN".to_owned(), secret("hunter22"));
            let id = here.run_until(&spec, "end").await;
            assert_eq!(here.lines(&id).await[0], "hunter22 0o400 1000", "read-only {read_only}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_volume_keeps_what_an_instance_wrote() {
    in_place(async |here| {
        let name = here.place.volume(&VolumeName::parse("cache").unwrap());
        let labels = here.place.labels();
        here.engine.ensure_volume(&name, &labels).await.unwrap();
        let mount =
            VolumeMount { docker_name: name.clone(), path: "/cache".to_owned(), read_only: false };
        let mut writes = here.python("open('/cache/x', 'w').write('kept')\nprint('end')");
        let mut reads = here.python("print(open('/cache/x').read())");
        (writes.volumes, reads.volumes) = (vec![mount.clone()], vec![mount]);
        reads.number = 2;
        let id = here.run_until(&writes, "end").await;
        here.engine.remove(&id).await.unwrap();
        here.engine.ensure_volume(&name, &labels).await.expect("it is there already");
        let id = here.run_until(&reads, "kept").await;
        here.engine.remove(&id).await.unwrap();
        here.engine.remove_volume(&name, &labels).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn networks_and_volumes_of_others_are_refused() {
    in_place(async |here| {
        let (network, labels) = (here.place.network(), here.place.labels());
        here.engine.ensure_network(&network, &labels).await.expect("it is there already");
        let mut other = here.place.clone();
        other.platform = "somebody".to_owned();
        let refused = here.engine.ensure_network(&network, &other.labels()).await.unwrap_err();
        assert_eq!(refused.reason(), "NAME_TAKEN");
        let refused = here.engine.remove_network(&network, &other.labels()).await.unwrap_err();
        assert_eq!(refused.reason(), "NAME_TAKEN");
    })
    .await;
}

#[tokio::test]
async fn output_is_kept_in_the_order_of_writing_and_followed_to_its_end() {
    in_place(async |here| {
        // It writes a line when the one before was read: what two pipes hold at the same time has no order.
        let code = "import os, sys, time\n\
            for n in range(6):\n    \
            print(n, file=[sys.stdout, sys.stderr][n % 2], flush=True)\n    \
            while not os.path.exists(f'/tmp/{n}'): time.sleep(0.01)";
        let id = here.run(&here.python(code)).await;
        let mut followed = Box::pin(here.engine.follow(id.clone(), Since::default()));
        let mut lines = 0;
        while let Some(line) = followed.next().await {
            let read = ["touch".to_owned(), format!("/tmp/{}", line.unwrap().line)];
            // With the last line it ends, and takes along who told it.
            drop(Box::pin(here.engine.exec(&id, &read, PATIENCE)).await);
            lines += 1;
        }
        assert_eq!(lines, 6);
        let tail = here.engine.tail(&id, 4).await;
        let tail: Vec<_> = tail.iter().map(|line| (line.line.as_str(), line.stderr)).collect();
        assert_eq!(tail, [("2", false), ("3", true), ("4", false), ("5", true)]);
    })
    .await;
}

#[tokio::test]
async fn an_image_that_is_there_is_not_pulled_and_a_missing_one_is_named() {
    in_place(async |here| {
        let image = here.command(SLEEPS).image;
        let facts = here.engine.ensure_image(&image, None).await.unwrap();
        assert!(facts.id.starts_with("sha256:") && facts.size > 0);
        let by_id = here.engine.ensure_image(&facts.id, None).await.unwrap();
        assert_eq!(by_id, facts);
        let missing = format!("127.0.0.1:1/no/such@sha256:{}", "0".repeat(64));
        let refused = here.engine.ensure_image(&missing, None).await.unwrap_err();
        assert!(matches!(&refused, EngineError::Pull { image, .. } if *image == missing));
    })
    .await;
}

#[tokio::test]
async fn the_machine_says_what_it_has() {
    in_place(async |here| {
        let capacity = here.engine.capacity().await.unwrap();
        assert!(capacity.disk_free.is_some_and(|free| free > 0), "{capacity:?}");
        assert!(capacity.memory_total >= capacity.memory_available, "{capacity:?}");
        assert!(capacity.cpus.is_some_and(|cpus| cpus > 0));
    })
    .await;
}

#[tokio::test]
async fn no_engine_is_said_with_its_address() {
    let error = deployer::docker::Engine::connect("unix:///no/such.sock").await.unwrap_err();
    assert!(error.is_away());
    assert_eq!(error.to_string(), "could not connect to the Docker engine at unix:///no/such.sock");
}

#[tokio::test]
async fn what_an_image_has_inside_is_seen_without_starting_it() {
    in_place(async |here| {
        let platform = &here.place.platform;
        let image = here.command(SLEEPS).image;
        let seen = here.engine.look_inside(&image, platform, &["/tmp", "/no/such"]).await.unwrap();
        assert!(seen.users.starts_with("root:x:0:0:"), "{}", seen.users);
        let tmp = seen.directories["/tmp"].map(|owner| (owner.uid, owner.mode));
        assert_eq!((tmp, seen.directories["/no/such"]), (Some((0, 0o777)), None));
        let left = [(label::PLATFORM.to_owned(), platform.clone())].into();
        assert_eq!(here.engine.list(&left).await.unwrap(), []);
    })
    .await;
}
