//! `docs/manifest.md` is what the types say.

#[test]
fn the_reference_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/manifest.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, manifest::reference()).expect("docs/manifest.md can be written");
    }
    let written = std::fs::read_to_string(path).expect("docs/manifest.md is there");
    assert!(
        written == manifest::reference(),
        "run: UPDATE=1 cargo nextest run -p manifest reference"
    );
}

#[test]
fn every_default_can_be_written_as_it_is_shown() {
    let text = "app: a\nservices: { api: { build: { context: . }, http: { port: 1 } } }\n\
                environments: { p: { track: { branch: x }, strategy: canary } }\n\
                notify: [{ email: a@b.c }]\nverify: [{ service: api, get: / }]\n\
                jobs: { j: { service: api, command: [x], at: manual, commit: { paths: [x] } } }\n\
                drift: { data: { reference: x, capture: { service: api, path: /, features: { a: /a } } } }\n";
    assert_eq!(manifest::parse(text).map(|_| ()), Ok(()));
    assert_eq!(manifest::parse(&text.replace("canary", "shadow")).map(|_| ()), Ok(()));
}
