use super::*;

pub(crate) fn a_secret(version: i64, value: &str) -> SecretValue {
    SecretValue { version, value: Zeroizing::new(value.to_owned()) }
}

fn a_place() -> Place {
    Place {
        platform: "default".to_owned(),
        app: AppName::parse("shop").unwrap(),
        environment: EnvironmentName::parse("production").unwrap(),
    }
}

const MANIFEST: &str = r"
version: 1
app: shop
services:
  api:
    build: { context: . }
    http: { port: 8000 }
    env: { MODE: fast }
    secrets: [TOKEN]
    volumes: [{ name: cache, path: /cache, class: cache }]
    resources: { cpus: 0.5, memory: 64MiB }
environments:
  production: { track: { branch: main }, host: shop.example.com }
";

fn resolved() -> ResolvedService {
    let manifest = manifest::parse(MANIFEST).unwrap_or_else(|invalid| panic!("{invalid}"));
    let environment = EnvironmentName::parse("production").unwrap();
    let mut resolved = manifest::resolve(&manifest, &manifest, &environment).unwrap();
    resolved.services.remove(&ServiceName::parse("api").unwrap()).unwrap()
}

fn a_member(replica: u32) -> Member {
    let id = uuid::Uuid::from_u128(u128::from(replica) + 1);
    Member {
        uid: InstanceId::new(id),
        release: ReleaseId::new(uuid::Uuid::nil()),
        number: 7,
        replica,
    }
}

fn spec_of(replica: u32, secret: SecretValue) -> InstanceSpec {
    let secrets = BTreeMap::from([(SecretName::parse("TOKEN").unwrap(), secret)]);
    let image = format!("127.0.0.1:5000/shop/api@sha256:{}", "0".repeat(64));
    let service = ServiceName::parse("api").unwrap();
    InstanceSpec::new(&a_place(), &service, a_member(replica), image, &resolved(), &secrets)
        .unwrap()
}

pub(crate) fn a_spec() -> InstanceSpec {
    spec_of(0, a_secret(1, "hunter22"))
}

#[test]
fn names_say_whose_it_is() {
    let spec = a_spec();
    assert_eq!(spec.container_name(), "slipway.default.shop.production.api.7.0");
    assert_eq!(spec.network, "slipway.default.shop.production");
    assert_eq!(spec.volumes[0].docker_name, "slipway.default.shop.production.cache");
    assert_eq!(spec.env["PORT"], "8000");
}

#[test]
fn a_long_name_is_cut_and_stays_unlike_others() {
    let long = |app: String| {
        let place = Place { app: AppName::parse(&app).unwrap(), ..a_place() };
        place.network()
    };
    let (one, other) = (long("a".repeat(63)), long(format!("{}b", "a".repeat(62))));
    assert_eq!((one.len(), other.len()), (63, 63));
    assert_ne!(one, other);
}

#[test]
fn parts_of_names_do_not_run_into_each_other() {
    let network = |app: &str, environment: &str| {
        let app = AppName::parse(app).unwrap();
        Place { app, environment: EnvironmentName::parse(environment).unwrap(), ..a_place() }
            .network()
    };
    assert_ne!(network("shop-eu", "web"), network("shop", "eu-web"));
}

#[test]
fn replicas_have_one_hash_and_a_new_secret_another() {
    let hash = a_spec().hash();
    assert_eq!(spec_of(3, a_secret(1, "hunter22")).hash(), hash);
    assert_eq!(spec_of(0, a_secret(1, "other value")).hash(), hash, "only the version counts");
    assert_ne!(spec_of(0, a_secret(2, "hunter22")).hash(), hash);
    assert_ne!(InstanceSpec { image: "x@sha256:1".to_owned(), ..a_spec() }.hash(), hash);
}

#[test]
fn no_secret_is_shown_or_put_in_a_label() {
    let spec = a_spec();
    assert!(!format!("{spec:?}").contains("hunter22"));
    assert!(spec.labels().values().all(|value| !value.contains("hunter22")));
    assert_eq!(spec.secret_values().collect::<Vec<_>>(), ["hunter22"]);
}

#[test]
fn a_secret_without_a_value_is_named() {
    let service = ServiceName::parse("api").unwrap();
    let missing = InstanceSpec::new(
        &a_place(),
        &service,
        a_member(0),
        "x".to_owned(),
        &resolved(),
        &BTreeMap::new(),
    );
    assert_eq!(
        missing.unwrap_err().to_string(),
        "service api needs secret TOKEN, which has no value; set it with `slipway secret set`"
    );
}
