//! Manifests that are refused, each with the exact message that people read.

use insta::assert_snapshot;

const HEAD: &str = "app: shop\nservices:\n  api:\n    build: .\n    http: 8000\n";
const TAIL: &str = "environments:\n  production:\n    track: { branch: main }\n";

fn refused(manifest: &str) -> String {
    manifest::parse(manifest).expect_err("must be refused").to_string()
}

fn indented(lines: &str) -> String {
    lines.lines().map(|line| ["    ", line, "\n"].concat()).collect()
}

/// A good manifest with `lines` added to its service.
fn api(lines: &str) -> String {
    format!("{HEAD}{}{TAIL}", indented(lines))
}

/// A good manifest with `lines` added to its environment.
fn production(lines: &str) -> String {
    format!("{HEAD}{TAIL}{}", indented(lines))
}

/// A good manifest with `lines` added at its top level.
fn top(lines: &str) -> String {
    format!("{HEAD}{TAIL}{lines}\n")
}

fn whole(text: &str) -> String {
    text.to_owned()
}

#[test]
fn a_file_that_is_no_manifest() {
    assert_snapshot!(refused(&whole("")), @"slipway.yaml:1:1 has no value; expected a mapping");
    assert_snapshot!(refused(&whole("- a\n")), @"slipway.yaml:1:1 expected a mapping, found a list");
    assert_snapshot!(refused(&whole("a: [1")), @"slipway.yaml:2:1 not YAML: while parsing a flow sequence, expected ',' or ']'");
    assert_snapshot!(refused(&whole("a: 1\n--- \nb: 2\n")), @"slipway.yaml:2:1 only one document is read; remove what follows `---`");
    assert_snapshot!(refused(&whole("app: !secret x\n")), @"slipway.yaml:1:6 the tag !secret is not understood; remove it");
    assert_snapshot!(refused(&whole("a: *b\n")), @"slipway.yaml:1:4 not YAML: while parsing node, found unknown anchor");
    assert_snapshot!(refused(&whole("? [a]\n: b\n")), @"slipway.yaml:1:3 a key must be a plain word");
}

#[test]
fn keys_that_are_unknown_or_stand_twice() {
    assert_snapshot!(refused(&api("replica: 2")), @"slipway.yaml:6:5 services.api.replica: unknown key (did you mean `replicas`?)");
    assert_snapshot!(refused(&api("ports: [80]")), @"slipway.yaml:6:5 services.api.ports: unknown key (known: build, image, command, entrypoint, http, replicas, env, secrets, health, cache, warmup, volumes, resources, stop, depends_on, user, read_only, init, replace)");
    assert_snapshot!(refused(&api("http: 9000")), @"slipway.yaml:6:5 services.api: the key `http` stands twice (it stands in line 5 already)");
    assert_snapshot!(refused(&top("service: {}")), @"slipway.yaml:9:1 service: unknown key (did you mean `services`?)");
    assert_snapshot!(refused(&api("health: { ready: { get: /, intervall: 1s } }")), @"slipway.yaml:6:32 services.api.health.ready.intervall: unknown key (known: get, tcp, exec, port, initial_delay, period, timeout, successes, failures)");
    assert_snapshot!(refused(&production("track: { branch: main }")), @"slipway.yaml:9:5 environments.production: the key `track` stands twice (it stands in line 8 already)");
}

#[test]
fn keys_that_are_missing() {
    assert_snapshot!(refused(&whole("services: {}\n")), @r#"
    slipway.yaml:1:1 `app` is missing
    slipway.yaml:1:1 services: there is no service (write what runs under `services`)
    slipway.yaml:1:1 environments: there is no environment (write `environments: { production: { track: { branch: main } } }`)
    "#);
    assert_snapshot!(refused(&api("volumes: [{ name: models }]")), @"slipway.yaml:6:15 services.api.volumes[0]: `path` is missing");
    assert_snapshot!(refused(&top("jobs: { migrate: { service: api, command: [x] } }")), @"slipway.yaml:9:9 jobs.migrate: `at` is missing");
    assert_snapshot!(refused(&api("depends_on: [{ within: 1s }]")), @"slipway.yaml:6:18 services.api.depends_on[0]: one of `service`, `tcp`, `http` is missing");
    assert_snapshot!(refused(&api("image: redis")), @"slipway.yaml:3:3 services.api: has `build` and `image`; keep one of them");
    assert_snapshot!(refused(&whole(&format!("app: shop\nservices:\n  web: {{}}\n{TAIL}"))), @"slipway.yaml:3:3 services.web: one of `build`, `image` is missing");
    assert_snapshot!(refused(&top("verify: [{ service: api }]")), @"slipway.yaml:9:10 verify[0]: one of `get`, `post` is missing");
}

#[test]
fn values_of_the_wrong_kind() {
    assert_snapshot!(refused(&api("replicas: two")), @r#"slipway.yaml:6:15 services.api.replicas: expected a whole number, found "two": write it in digits"#);
    assert_snapshot!(refused(&api("replicas:")), @"slipway.yaml:6:5 services.api.replicas: has no value; expected a whole number");
    assert_snapshot!(refused(&api("command: python app.py")), @r#"slipway.yaml:6:14 services.api.command: expected a list, found "python app.py""#);
    assert_snapshot!(refused(&api("env: { A: [1] }")), @"slipway.yaml:6:12 services.api.env.A: expected a text, found a list");
    assert_snapshot!(refused(&api("env: { A: }")), @"slipway.yaml:6:12 services.api.env.A: has no value; expected a text");
    assert_snapshot!(refused(&api("health: { gate: 5 minutes }")), @r#"slipway.yaml:6:21 services.api.health.gate: expected a duration, found "5 minutes": write a number and ms, s, m, h or d, like 300s, 250ms or 1h30m"#);
    assert_snapshot!(refused(&api("resources: { memory: 512 }")), @r#"slipway.yaml:6:26 services.api.resources.memory: expected a size, found "512": write a number and B, KiB, MiB, GiB, TiB, kB, MB, GB or TB, like 512MiB"#);
    assert_snapshot!(refused(&api("read_only: yes")), @r#"slipway.yaml:6:16 services.api.read_only: expected `true` or `false`, found "yes": there are no other words for it"#);
    assert_snapshot!(refused(&api("health: 5")), @r#"slipway.yaml:6:13 services.api.health: expected a mapping, found "5""#);
    assert_snapshot!(refused(&api("volumes: { a: b }")), @"slipway.yaml:6:5 services.api.volumes: expected a list, found a mapping");
}

#[test]
fn values_that_break_their_own_rule() {
    assert_snapshot!(refused(&api("secrets: [my-secret]")), @r#"slipway.yaml:6:15 services.api.secrets[0].name: secret name "my-secret" is not valid: use 1 to 128 letters, digits and '_', not starting with a digit, like an environment variable"#);
    assert_snapshot!(refused(&api("volumes: [{ name: m, path: data }]")), @r#"slipway.yaml:6:32 services.api.volumes[0].path: expected a path in the container, found "data": start it with `/` and name a directory below it"#);
    assert_snapshot!(refused(&api("env: { A-B: 1 }")), @r#"slipway.yaml:6:12 services.api.env.A-B: expected a variable name, found "A-B": use letters, digits and `_`, not starting with a digit"#);
    assert_snapshot!(refused(&api("user: a b")), @r#"slipway.yaml:6:11 services.api.user: expected a user, found "a b": write USER or USER:GROUP"#);
    assert_snapshot!(refused(&api("stop: { drain: 2h }")), @"slipway.yaml:6:20 services.api.stop.drain: 2h is out of range (use a duration from 0s to 1h)");
    assert_snapshot!(refused(&production("host: https://a.b")), @r#"slipway.yaml:9:11 environments.production.host: expected a host name, found "https://a.b": use lower-case letters, digits, `-` and `.`, without scheme or port"#);
    assert_snapshot!(refused(&whole("app: a\nservices: { api: { build: . } }\nenvironments: { p: { track: { branch: refs/heads/x } } }\n")), @r#"slipway.yaml:3:39 environments.p.track.branch: expected a branch or tag pattern, found "refs/heads/x": leave out refs/heads/ and refs/tags/"#);
    assert_snapshot!(refused(&production("freeze: [{ deny: \"0 17 * *\", for: 1h }]")), @r#"slipway.yaml:9:22 environments.production.freeze[0].deny: expected a schedule, found "0 17 * *": write five fields MINUTE HOUR DAY MONTH WEEKDAY, like "0 2 * * *""#);
    assert_snapshot!(refused(&production("freeze: [{ deny: \"0 17 * * FRI\", for: 1h, timezone: CET }]")), @r#"slipway.yaml:9:57 environments.production.freeze[0].timezone: expected a time zone, found "CET": write UTC or AREA/CITY, like Europe/Berlin"#);
    assert_snapshot!(refused(&production("freeze: [{ deny: \"0 17 * * FRI\", for: 1h, timezone: Europe/Berlim }]")), @"slipway.yaml:9:57 environments.production.freeze[0].timezone: there is no time zone Europe/Berlim (use a name of the tz database, like Europe/Berlin)");
}

#[test]
fn names_that_are_misspelt() {
    assert_snapshot!(refused(&production("strategy: bluegreen")), @r#"slipway.yaml:9:15 environments.production.strategy: expected one of blue_green, recreate, canary, shadow, found "bluegreen" (did you mean `blue_green`?)"#);
    assert_snapshot!(refused(&api("volumes: [{ name: m, path: /m, class: caches }]")), @r#"slipway.yaml:6:43 services.api.volumes[0].class: expected one of cache, data, model, found "caches" (did you mean `cache`?)"#);
    assert_snapshot!(refused(&production("strategy: { canari: {} }")), @r#"
    slipway.yaml:9:5 environments.production.strategy: needs exactly one of `canary`, `shadow`
    slipway.yaml:9:17 environments.production.strategy.canari: unknown key (did you mean `canary`?)
    "#);
    assert_snapshot!(refused(&top("notify: [{ email: a@b.c, on: [fail] }]")), @r#"slipway.yaml:9:31 notify[0].on[0]: expected one of live, failed, rolled_back, stuck, approval, drift, unhealthy, run, disk, found "fail""#);
    assert_snapshot!(refused(&top("jobs: { x: { service: ap, command: [x], at: manual } }")), @"slipway.yaml:9:23 jobs.x.service: there is no service ap (did you mean `api`?)");
    assert_snapshot!(refused(&production("promote_from: prod")), @"slipway.yaml:9:19 environments.production.promote_from.environment: there is no environment prod (known: production)");
    assert_snapshot!(refused(&whole("app: My App\nservices: { api: { image: Redis } }\nenvironments: { p: { track: { branch: x } } }\n")), @r#"
    slipway.yaml:1:6 app: app name "My App" is not valid: use 1 to 63 lower-case letters, digits and '-', starting with a letter and not ending with '-'
    slipway.yaml:2:27 services.api.image: expected an image, found "Redis": write [REGISTRY/]NAME[:TAG][@sha256:DIGEST], in lower case
    "#);
}

/// A canary whose analysis has these readings.
fn read(readings: &str) -> String {
    let canary = format!("hold: 2m, analysis: {{ readings: {{ {readings} }} }}");
    refused(&production(&format!("strategy: {{ canary: {{ {canary} }} }}")))
}

#[test]
fn readings_that_tell_nothing() {
    let queue = |rest: &str| {
        let query = "'queue{release=\"{release}\"}'";
        read(&format!(
            "queue: {{ prometheus: {{ url: \"http://p:9090\", query: {query} }}, {rest} }}"
        ))
    };
    assert_snapshot!(queue("period: 30s"), @"slipway.yaml:9:153 environments.production.strategy.canary.analysis.readings.queue.period: 5 readings, the least that tell anything, take 2m30s (hold for longer than 2m, or read more often)");
    assert_snapshot!(queue("period: 100ms, least: -1"), @"
    slipway.yaml:9:153 environments.production.strategy.canary.analysis.readings.queue.period: 100ms is out of range (use a duration from 1s to 1h)
    slipway.yaml:9:167 environments.production.strategy.canary.analysis.readings.queue.least: -1 is no difference (use a number that is not negative)
    ");
    assert_snapshot!(queue("better: faster, period: 10s"), @r#"slipway.yaml:9:153 environments.production.strategy.canary.analysis.readings.queue.better: expected one of lower, higher, found "faster""#);
    assert_snapshot!(read("queue: { prometheus: { url: \"http://p:9090\", query: \"avg(queue)\" }, period: 5s }"), @r#"slipway.yaml:9:113 environments.production.strategy.canary.analysis.readings.queue.prometheus.query: expected a query, found "avg(queue)": it reads the same of both releases: name one with `{release}`, `{number}` or `{instances}`"#);
    assert_snapshot!(read("queue: { prometheus: { url: \"http://p:9090\", query: 'queue{a=\"{app}\"} / queue{a=\"{number}\"}' }, period: 5s }"), @r#"slipway.yaml:9:113 environments.production.strategy.canary.analysis.readings.queue.prometheus.query: expected a query, found "queue{a=\"{app}\"} / queue{a=\"{number}\"}": there is only `{release}`, `{number}` and `{instances}`"#);
    assert_snapshot!(read("queue: { http: { url: \"https://ada:pw@desk/{number}\", pointer: count }, period: 5s }"), @r#"
    slipway.yaml:9:83 environments.production.strategy.canary.analysis.readings.queue.http.url: expected a URL, found "https://ada:pw@desk/{number}": write http://HOST:PORT/PATH or https://HOST/PATH, without user and password
    slipway.yaml:9:124 environments.production.strategy.canary.analysis.readings.queue.http.pointer: expected a JSON pointer, found "count": start it with `/`, like /score; write `~` as ~0
    "#);
    assert_snapshot!(read("hits: { instances: { service: web, get: /stats, pointer: /hits }, period: 5s }"), @"slipway.yaml:9:91 environments.production.strategy.canary.analysis.readings.hits.instances.service: there is no service web (known: api)");
    assert_snapshot!(read("p95: { period: 5s }"), @r#"slipway.yaml:9:61 environments.production.strategy.canary.analysis.readings.p95: expected a name of a reading, found "p95": this is what the router measures; choose another name"#);
}

#[test]
fn insiders_that_nobody_is() {
    let said = |insiders: &str| {
        refused(&production(&format!("strategy: {{ canary: {{ insiders: [{insiders}] }} }}")))
    };
    let nobody = said("{ header: { name: x-beta, is: [] } }");
    assert!(nobody.contains("insiders[0].header.is: nobody is meant"), "{nobody}");
    let home = said("{ address: [10.0.0.0/8, home] }");
    assert!(home.contains("expected an address or network, found \"home\""), "{home}");
    let two = said("{ address: '::1', cookie: { name: x, is: y } }");
    assert!(two.contains("has `cookie` and `address`; keep one of them"), "{two}");
}

#[test]
fn requests_that_may_not_be_sent() {
    let sent = |synthetic: &str| {
        refused(&production(&format!("strategy: {{ canary: {{ synthetic: {{ {synthetic} }} }} }}")))
    };
    assert_snapshot!(sent("requests: []"), @"slipway.yaml:9:40 environments.production.strategy.canary.synthetic.requests: nothing is sent (name requests, like [{ get: / }], or leave out `synthetic`)");
    let copied = "strategy: { shadow: { synthetic: { requests: [{ post: /, json: 1 }], methods: [POST] } } }";
    let copied = refused(&production(copied));
    assert!(copied.contains("shadow.synthetic.requests[0]: POST is not copied"), "{copied}");
    assert_snapshot!(sent("requests: [{ get: / }], per_minute: 6000"), @"slipway.yaml:9:76 environments.production.strategy.canary.synthetic.per_minute: 6000 is out of range (use a number from 1 to 1200)");
    assert_snapshot!(sent("requests: [{ post: /predict, json: { amount: 1 }, headers: { Host: a } }]"), @"
    slipway.yaml:9:51 environments.production.strategy.canary.synthetic.requests[0]: POST is not among `methods` (add POST to `methods` if it may be sent again and again)
    slipway.yaml:9:107 environments.production.strategy.canary.synthetic.requests[0].headers.Host: Slipway says this itself (leave it out)
    ");
}

#[test]
fn paths_that_leave_the_repository() {
    assert_snapshot!(refused(&whole("app: a\nservices: { api: { build: { context: .., dockerfile: /etc/passwd } } }\nenvironments: { p: { track: { branch: x } } }\n")), @r#"
    slipway.yaml:2:38 services.api.build.context: expected a path in the repository, found "..": it must not leave the repository, so no `..`
    slipway.yaml:2:54 services.api.build.dockerfile: expected a path in the repository, found "/etc/passwd": make it relative to the repository, with `/` between its parts
    "#);
    assert_snapshot!(refused(&top("jobs: { x: { service: api, command: [x], at: manual, commit: { paths: [../x] } } }")), @r#"slipway.yaml:9:72 jobs.x.commit.paths[0]: expected a path in the repository, found "../x": it must not leave the repository, so no `..`"#);
}

#[test]
fn a_service_that_cannot_run() {
    assert_snapshot!(refused(&api("replicas: 0")), @"slipway.yaml:6:15 services.api.replicas: 0 is out of range (use a number from 1 to 100)");
    assert_snapshot!(refused(&api("replicas: 2\nvolumes: [{ name: db, path: /db }]")), @"slipway.yaml:6:15 services.api.replicas: 2 instances would write one data volume (keep one instance, or say `class: model`, `class: cache` or `replace: beside` if several may write it)");
    assert_snapshot!(refused(&api("command: []")), @"slipway.yaml:6:5 services.api.command: the command is empty (write a list that begins with a program)");
    assert_snapshot!(refused(&api("resources: { memory: 1MiB, pids: 0 }")), @r#"
    slipway.yaml:6:26 services.api.resources.memory: less memory than a container needs (use at least 6MiB)
    slipway.yaml:6:38 services.api.resources.pids: 0 is out of range (use a number from 1 to 4194304)
    "#);
    assert_snapshot!(refused(&api("volumes: [{ name: a, path: /a, class: cache }, { name: a, path: /a/, class: cache }]")), @r#"
    slipway.yaml:6:60 services.api.volumes[1].name: volume a stands twice (give the second another name)
    slipway.yaml:6:69 services.api.volumes[1].path: /a/ is taken by another volume (mount it elsewhere)
    "#);
    assert_snapshot!(refused(&api("env: { A: 1 }\nsecrets: [A, A]")), @r#"
    slipway.yaml:7:15 services.api.secrets[0]: A is a variable in `env` too (keep one of them)
    slipway.yaml:7:18 services.api.secrets[1]: A stands twice (leave one out)
    slipway.yaml:7:18 services.api.secrets[1]: A is a variable in `env` too (keep one of them)
    "#);
    assert_snapshot!(refused(&api("secrets: [{ name: A, path: /a }]")), @"slipway.yaml:6:32 services.api.secrets[0].path: only a file has a path (add `as: file`)");
    assert_snapshot!(refused(&api("depends_on: [api, db]")), @r#"
    slipway.yaml:6:18 services.api.depends_on[0]: a service cannot wait for itself (leave it out)
    slipway.yaml:6:23 services.api.depends_on[1]: there is no service db (known: api)
    "#);
    assert_snapshot!(refused(&api("depends_on: [{ http: db }]")), @"slipway.yaml:6:26 services.api.depends_on[0].http: this is no plain http address (write http://HOST:PORT/PATH)");
}

#[test]
fn probes_that_ask_nothing_or_never_decide() {
    assert_snapshot!(refused(&whole("app: a\nservices: { w: { build: ., health: { ready: { get: /ready } }, warmup: { requests: [{ get: / }] } } }\nenvironments: { p: { track: { branch: x } } }\n")), @r#"
    slipway.yaml:2:38 services.w.health.ready: there is no port to ask (give the probe a `port`, or the service `http`)
    slipway.yaml:2:74 services.w.warmup.requests: the service serves no http (give the service `http`, or leave out the requests)
    "#);
    assert_snapshot!(refused(&api("health: { ready: { tcp: 80, port: 81 } }")), @"slipway.yaml:6:39 services.api.health.ready.port: only `get` takes a port (write `tcp: PORT`, or leave it out)");
    assert_snapshot!(refused(&api("health: { ready: { get: /, period: 0s, failures: 0 } }")), @r#"
    slipway.yaml:6:40 services.api.health.ready.period: 0s is out of range (use a duration from 100ms to 5m)
    slipway.yaml:6:54 services.api.health.ready.failures: 0 is out of range (use a number from 1 to 50)
    "#);
    assert_snapshot!(refused(&api("health: { live: { exec: [] } }")), @"slipway.yaml:6:23 services.api.health.live.exec: the command is empty (write a list that begins with a program)");
    assert_snapshot!(refused(&api("health: { ready: { get: /, tcp: 80 } }")), @"slipway.yaml:6:15 services.api.health.ready: has `get` and `tcp`; keep one of them");
    assert_snapshot!(refused(&api("health: { ready: { port: 80 } }")), @"slipway.yaml:6:15 services.api.health.ready: one of `get`, `tcp`, `exec` is missing");
}

#[test]
fn caches_that_cannot_be_warm_and_gates_that_are_no_shorter() {
    assert_snapshot!(refused(&api("cache: { check: [] }")), @r"
    slipway.yaml:6:5 services.api.cache: the service has no volume that keeps a cache (give it a volume of `class: cache`, or leave out `cache`)
    slipway.yaml:6:14 services.api.cache.check: the command is empty (write a list that begins with a program)
    ");
    assert_snapshot!(refused(&api("volumes: [{ name: models, path: /m, class: cache }]\ncache: { check: [test, -d, /m/a], gate: 5m }")), @"slipway.yaml:7:45 services.api.cache.gate: a gate of 300s with a warm cache is no shorter than the cold one, 300s (make it shorter, or leave out `cache`)");
}

#[test]
fn gates_that_are_too_short() {
    assert_snapshot!(refused(&api("health: { ready: { get: /, period: 30s, timeout: 10s, failures: 3 }, start_period: 300s, gate: 360s }")), @"slipway.yaml:6:100 services.api.health.gate: a gate of 360s is shorter than the probes need at worst: 300s + 3 x (30s + 10s) = 420s (make it at least 420s, or lower `start_period`, `period`, `timeout` or `failures`)");
    assert_snapshot!(refused(&api("health: { start_period: 30s, gate: 60s }")), @"slipway.yaml:6:40 services.api.health.gate: a gate of 60s is shorter than the probes need at worst: 30s + 3 x (10s + 5s) = 75s (make it at least 75s, or lower `start_period`, `period`, `timeout` or `failures`)");
    assert_snapshot!(refused(&whole("app: a\nservices: { w: { build: ., health: { gate: 5s } } }\nenvironments: { p: { track: { branch: x } } }\n")), @"slipway.yaml:2:44 services.w.health.gate: a gate of 5s is shorter than the probes need at worst: 0s + 10s = 10s (make it at least 10s, or lower `start_period`, `period`, `timeout` or `failures`)");
}

#[test]
fn jobs_and_checks_that_make_no_sense() {
    assert_snapshot!(refused(&top("jobs: { x: { service: api, command: [], at: manual, undo: [x] } }")), @r#"
    slipway.yaml:9:28 jobs.x.command: the command is empty (write a list that begins with a program)
    slipway.yaml:9:53 jobs.x.undo: a job `at: manual` has nothing to undo (leave it out, or use `at: first_release`)
    "#);
    assert_snapshot!(refused(&top("jobs: { x: { service: api, command: [x], at: before_release, commit: { paths: [] } } }")), @r#"
    slipway.yaml:9:62 jobs.x.commit: a job `at: before_release` belongs to a release and cannot commit (use `at: manual` or `at: schedule`)
    slipway.yaml:9:72 jobs.x.commit.paths: there is no path (name what to commit)
    "#);
    let commits = |commit: &str| {
        top(&format!(
            "jobs: {{ x: {{ service: api, command: [x], at: manual, commit: {{ {commit} }} }} }}"
        ))
    };
    assert_snapshot!(refused(&commits("paths: [models/, .git/config]")), @r"
    slipway.yaml:9:72 jobs.x.commit.paths[0]: models/ is a directory (name files, and `**` for all that is below a directory)
    slipway.yaml:9:81 jobs.x.commit.paths[1]: .git/config is git's own (name files of the repository)
    ");
    assert_snapshot!(refused(&commits("paths: [m], metrics: { file: /m.json, values: {} }")), @"slipway.yaml:9:102 jobs.x.commit.metrics.values: nothing must hold (name a number and its bound, like `/auc: { min: 0.8 }`)");
    assert_snapshot!(refused(&commits("paths: [m], metrics: { file: /m.json, values: { /a: {}, /b: { min: 2, max: 1 }, /c: { min: 1, max: 2, not_worse_than_live: 0 } } }")), @r"
    slipway.yaml:9:112 jobs.x.commit.metrics.values./a: there is no bound (give it `min` where more is better, else `max`)
    slipway.yaml:9:120 jobs.x.commit.metrics.values./b: min is above max (exchange them)
    slipway.yaml:9:144 jobs.x.commit.metrics.values./c: it is not clear what is worse (leave out `max` if more is better, else `min`)
    ");
    assert_snapshot!(refused(&commits("paths: [models/*]").replace("build: .", "build: web")), @"slipway.yaml:9:72 jobs.x.commit.paths[0]: the image of api has nothing of models/* (name files below its build context web)");
    assert_snapshot!(refused(&top("jobs: { x: { service: api, command: [x], at: schedule } }")), @r#"slipway.yaml:9:9 jobs.x: `at` and `schedule` do not agree (write `at: schedule` and `schedule: "..."` together)"#);
    assert_snapshot!(refused(&top("checks: [{ name: a, target: t, service: nope }, { name: a, target: t }]")), @r#"
    slipway.yaml:9:41 checks[0].service: there is no service nope (known: api)
    slipway.yaml:9:57 checks[1].name: check a stands twice (give the second another name)
    "#);
    assert_snapshot!(refused(&whole("app: a\nservices: { r: { image: redis } }\nchecks: [{ name: a, target: t }]\nenvironments: { p: { track: { branch: x } } }\n")), @"slipway.yaml:3:10 checks[0]: it is not clear whose Dockerfile has the stage (name one service with `build` as its `service`)");
}

#[test]
fn verification_and_drift_of_what_is_not_there() {
    assert_snapshot!(refused(&top("verify: [{ service: web, get: / }]")), @"slipway.yaml:9:21 verify[0].service: there is no service web (known: api)");
    assert_snapshot!(refused(&whole("app: a\nservices: { w: { build: . } }\nverify: [{ service: w, get: / , status: 99 }]\nenvironments: { p: { track: { branch: x } } }\n")), @r#"
    slipway.yaml:3:21 verify[0].service: w serves no http (give services.w `http: { port: ... }`)
    slipway.yaml:3:41 verify[0].status: 99 is out of range (use a number from 100 to 599)
    "#);
    assert_snapshot!(refused(&top("verify: [{ service: api, get: /, expect: { /a: { min: 2, max: 1 }, b: 1 } }]")), @r#"
    slipway.yaml:9:44 verify[0].expect./a: min 2 is above max 1 (exchange them)
    slipway.yaml:9:68 verify[0].expect.b: expected a JSON pointer, found "b": start it with `/`, like /score; write `~` as ~0
    "#);
    assert_snapshot!(refused(&top("drift: { data: { reference: a.csv, capture: { service: api, path: /, share: 0%, features: {} }, retrain: x } }")), @r#"
    slipway.yaml:9:77 drift.data.capture.share: 0% is no share of the requests (use more than 0% and at most 100%)
    slipway.yaml:9:81 drift.data.capture.features: there is no feature (name where each feature stands, like `amount: /amount`)
    slipway.yaml:9:106 drift.data.retrain: there is no job x with `at: manual` (name a job that can be run by hand)
    "#);
    assert_snapshot!(refused(&top("drift: { data: { reference: a.csv, capture: { service: api, path: /, features: { a: /a } }, retrain: { mode: automatic, budget: { count: 0, within: 1m } } } }")), @r"
    slipway.yaml:9:93 drift.data.retrain: it is not clear which job makes the model (name one with `job`)
    slipway.yaml:9:138 drift.data.retrain.budget.count: 0 is out of range (use a number from 1 to 100)
    slipway.yaml:9:149 drift.data.retrain.budget.within: 1m is out of range (use a duration from 1h to 30d)
    ");
}

#[test]
fn environments_nothing_can_reach() {
    assert_snapshot!(refused(&whole("app: a\nservices: { api: { build: . } }\nenvironments: { p: {} , q: { track: {} } }\n")), @r#"
    slipway.yaml:3:17 environments.p: no release can come here (add `track: { branch: ... }` or `promote_from: ...`)
    slipway.yaml:3:30 environments.q.track: nothing is tracked (name a `branch`, a `tag` or both)
    "#);
    assert_snapshot!(refused(&whole("app: a\nservices: { api: { build: . } }\nenvironments: {}\n")), @"slipway.yaml:3:1 environments: there is no environment (write `environments: { production: { track: { branch: main } } }`)");
    assert_snapshot!(refused(&whole("app: a\nservices: { api: { build: . } }\nenvironments:\n  a: { promote_from: b }\n  b: { promote_from: a }\n  c: { promote_from: c }\n")), @r#"
    slipway.yaml:4:22 environments.a.promote_from.environment: a is promoted from itself (break the circle)
    slipway.yaml:5:22 environments.b.promote_from.environment: b is promoted from itself (break the circle)
    slipway.yaml:6:22 environments.c.promote_from.environment: c is promoted from itself (break the circle)
    "#);
    assert_snapshot!(refused(&whole("app: a\nservices: { api: { build: . } }\nenvironments:\n  a: { host: x.y, track: { branch: a } }\n  b: { host: [z.y, x.y], track: { branch: b } }\n")), @"slipway.yaml:5:20 environments.b.host[1]: host x.y belongs to a already (give each environment a host of its own)");
}

#[test]
fn strategies_that_lead_nowhere() {
    assert_snapshot!(refused(&production("strategy: { canary: { steps: [50, 10] } }")), @"slipway.yaml:9:27 environments.production.strategy.canary.steps: the steps do not lead from above 0 to 100 (write them like [10, 50, 100])");
    assert_snapshot!(refused(&production("strategy: { canary: { steps: [0.5, 100] } }")), @"slipway.yaml:9:27 environments.production.strategy.canary.steps: a share of the traffic is a whole percentage (write them like [10, 50, 100])");
    assert_snapshot!(refused(&production("strategy: { canary: { steps: [{ weight: 10, hold: 0s }, { weight: 50, hold: soon }, { weight: 100, hold: 1m }] } }")), @r#"
    slipway.yaml:9:55 environments.production.strategy.canary.steps[0].hold: 0s is out of range (use a duration from 1s to 1d)
    slipway.yaml:9:81 environments.production.strategy.canary.steps[1].hold: expected a duration, found "soon": write a number and ms, s, m, h or d, like 300s, 250ms or 1h30m
    slipway.yaml:9:110 environments.production.strategy.canary.steps[2].hold: the last step is all traffic, and is not held (leave it out: `bake` says how long all traffic is watched)
    "#);
    assert_snapshot!(refused(&production("strategy: { canary: { steps: [{ hold: 1m }, ten, { weight: 100, holds: 1m }] } }")), @r#"
    slipway.yaml:9:35 environments.production.strategy.canary.steps[0]: `weight` is missing
    slipway.yaml:9:49 environments.production.strategy.canary.steps[1].weight: expected a percentage, found "ten": write a number from 0 to 1000 with at most two decimals, like 10% or 0.5%
    slipway.yaml:9:69 environments.production.strategy.canary.steps[2].holds: unknown key (did you mean `hold`?)
    "#);
    assert_snapshot!(refused(&production("strategy: { canary: { sticky: adress } }")), @r#"slipway.yaml:9:35 environments.production.strategy.canary.sticky: expected `address`, or a mapping with `header` or `cookie`, found "adress""#);
    assert_snapshot!(refused(&production("strategy: { canary: { sticky: { header: x, cookie: y } } }")), @"slipway.yaml:9:27 environments.production.strategy.canary.sticky: needs exactly one of `header`, `cookie`");
    assert_snapshot!(refused(&production("strategy: { canary: { sticky: { cookie: 'a=b' } } }")), @r#"slipway.yaml:9:45 environments.production.strategy.canary.sticky.cookie: expected a name of a header or cookie, found "a=b": use letters, digits, `-`, `_` and `.`"#);
    assert_snapshot!(refused(&production("strategy: { canary: {}, shadow: {} }")), @"slipway.yaml:9:5 environments.production.strategy: needs exactly one of `canary`, `shadow`");
    assert_snapshot!(refused(&production("strategy: { shadow: { share: 200% } }")), @"slipway.yaml:9:34 environments.production.strategy.shadow.share: 200% is no share of the requests (use more than 0% and at most 100%)");
    assert_snapshot!(refused(&production("strategy: { shadow: { methods: [], limits: { body: 8MiB, at_once: 0 } } }")), @"
    slipway.yaml:9:27 environments.production.strategy.shadow.methods: nothing is copied (name methods, like [GET, HEAD])
    slipway.yaml:9:56 environments.production.strategy.shadow.limits.body: 8MiB is out of range (use at most 4MiB)
    slipway.yaml:9:71 environments.production.strategy.shadow.limits.at_once: 0 is out of range (use a number from 1 to 256)
    ");
    assert_snapshot!(refused(&production("bake: { for: 10d, restarts: 0 }")), @r#"
    slipway.yaml:9:18 environments.production.bake.for: 10d is out of range (use a duration from 0s to 7d)
    slipway.yaml:9:33 environments.production.bake.restarts: 0 is out of range (use a number from 1 to 1000)
    "#);
    assert_snapshot!(refused(&production("approval: { count: 0 }")), @"slipway.yaml:9:24 environments.production.approval.count: 0 is out of range (use a number from 1 to 10)");
    assert_snapshot!(refused(&production("approval: { count: 3, from: [ada, Ada, email:lead@example.com, b o] }")), @r#"
    slipway.yaml:9:39 environments.production.approval.from[1]: Ada is named twice (nobody agrees twice: leave one of them out)
    slipway.yaml:9:44 environments.production.approval.from[2]: no receiver email:lead@example.com is told with a link to decide with (give it `votes: true` under `notify`, or write the name of a token)
    slipway.yaml:9:68 environments.production.approval.from[3]: expected a name of who may agree, found "b o": write the name of a token, or a receiver like email:lead@example.com
    "#);
    assert_snapshot!(refused(&production("approval: { count: 2, from: [ada] }")), @"slipway.yaml:9:27 environments.production.approval.from: 2 must agree, and 1 may (name more of them, or lower `count`)");
    assert_snapshot!(refused(&production("approval: { from: [] }")), @"slipway.yaml:9:17 environments.production.approval.from: 1 must agree, and 0 may (name more of them, or lower `count`)");
    assert_snapshot!(refused(&production("wait_for_ci: []")), @"slipway.yaml:9:5 environments.production.wait_for_ci.required: nothing is named (name statuses and check runs as the forge shows them, or write `true`)");
    assert_snapshot!(refused(&production("wait_for_ci: { required: maybe, within: 9s }")), @r#"
    slipway.yaml:9:30 environments.production.wait_for_ci.required: expected `true` or a list of names, found "maybe"
    slipway.yaml:9:45 environments.production.wait_for_ci.within: 9s is out of range (use a duration from 1m to 1d)
    "#);
    assert_snapshot!(refused(&production("services: { web: { replicas: 2 } }")), @"slipway.yaml:9:17 environments.production.services.web: there is no service web (known: api)");
    assert_snapshot!(refused(&top("notify: [{ slack: A, on: [], environments: [x] }]")), @r#"
    slipway.yaml:9:22 notify[0].on: nothing is told (name what to tell, like [failed, rolled_back])
    slipway.yaml:9:45 notify[0].environments[0]: there is no environment x (known: production)
    "#);
    assert_snapshot!(refused(&top("notify: [{ slack: A, signed_with: B }]")), @"slipway.yaml:9:35 notify[0].signed_with: only a webhook is signed (remove it, or notify a webhook)");
}

#[test]
fn routes_that_nobody_or_two_answer() {
    assert_snapshot!(refused(&production("paths: { /: web }")), @"slipway.yaml:9:17 environments.production.paths./: there is no service web (known: api)");
    assert_snapshot!(refused(&whole("app: a\nservices:\n  api: { build: ., http: 80 }\n  web: { build: ., http: 80 }\nenvironments:\n  p: { track: { branch: a } }\n  q: { track: { branch: b } }\n")), @"slipway.yaml:4:26 services.web.http: api and web could both answer `/` (give each a `path_prefix` of its own, or the environment `paths`)");
    assert_snapshot!(refused(&whole("app: a\nservices:\n  api: { build: ., http: { port: 80, path_prefix: /x } }\n  web: { build: ., http: { port: 80, path_prefix: /x } }\nenvironments: { p: { track: { branch: a } } }\n")), @"slipway.yaml:4:20 services.web.http: api and web both want /x (give each a `path_prefix` of its own, or the environment `paths`)");
    assert_snapshot!(refused(&whole("app: a\nservices:\n  api: { build: ., depends_on: [web] }\n  web: { build: ., depends_on: [api] }\nenvironments: { p: { track: { branch: a } } }\n")), @"slipway.yaml:3:20 services.api.depends_on: api waits for itself through the services it depends on (break the circle)");
    assert_snapshot!(refused(&whole("app: a\nservices:\n  api: { build: ., volumes: [{ name: m, path: /m, class: model }] }\n  web: { build: ., volumes: [{ name: m, path: /m, class: cache }] }\nenvironments: { p: { track: { branch: a } } }\n")), @r#"
    slipway.yaml:3:58 services.api.volumes[0].class: volume m is `class: cache` elsewhere (a volume has one class)
    slipway.yaml:4:58 services.web.volumes[0].class: volume m is `class: model` elsewhere (a volume has one class)
    "#);
}

#[test]
fn what_is_said_of_a_schedule_or_a_way_back_that_is_not_there() {
    assert_snapshot!(refused(&top("jobs: { x: { service: api, command: [x], at: manual, overlap: queue, irreversible: true } }")), @"
    slipway.yaml:9:63 jobs.x.overlap: the job has no schedule (leave it out)
    slipway.yaml:9:84 jobs.x.irreversible: no release is taken back past a job `at: manual` (leave it out, or use `at: before_release`)
    ");
    assert_snapshot!(refused(&top("jobs: { x: { service: api, command: [x], at: schedule, schedule: \"0 2 * * *\", timezone: Europe/Atlantis } }")), @"slipway.yaml:9:89 jobs.x.timezone: there is no time zone Europe/Atlantis (use a name of the tz database, like Europe/Berlin)");
}

#[test]
fn what_verifies_nothing_is_not_done_again_and_few_requests_show_nothing() {
    let said =
        refused(&top("jobs: { x: { service: api, command: [x], at: manual, again: true } }"));
    assert!(said.contains("jobs.x.again: a job `at: manual` verifies nothing"), "{said}");
    let said = refused(&top("verify: [{ service: api, get: /, performance: { count: 20 } }]"));
    assert!(said.contains("verify[0].performance.count: 20 is out of range"), "{said}");
}
