//! Makes the data directory what it must be, and finds out what to start.

use super::plan::{Program, STATEFUL, Wiring, database_file};
use super::postgres::{Postgres, version_of_data};
use super::programs::{self, Programs};
use super::settings::Settings;
use super::{Account, Error, Layout, Ports, SERVICES, Wanted, files, nats, registry};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// What the caller wants.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    /// Added to every usual port.
    pub(crate) port_offset: u16,
    /// Only Postgres, NATS and the registry.
    pub(crate) only_infrastructure: bool,
}

/// Everything that is needed to start.
#[derive(Debug)]
pub(super) struct Prepared<'a> {
    /// What to start, in order.
    pub(super) programs: Vec<Program>,
    /// Where things will answer, by what they are.
    pub(super) addresses: BTreeMap<String, String>,
    /// Our own Postgres, whose roles are made once it answers.
    pub(super) postgres: Option<Postgres<'a>>,
}

/// Makes directories, secrets, configurations and the database's data.
pub(super) fn prepare(
    layout: &Layout,
    options: Options,
    caller: BTreeMap<String, String>,
) -> Result<Prepared<'_>, Error> {
    let found = programs::find();
    let account = Account::to_step_down_to()?;
    let ports = Ports::with_offset(options.port_offset);
    let settings = Settings::load_or_make(layout, options.port_offset)?;
    let work = Work { layout, found, account, ports, settings, caller };
    let mut prepared = work.infrastructure()?;
    if !options.only_infrastructure {
        work.services(&mut prepared)?;
    }
    Ok(prepared)
}

/// Makes the directories that everything else is below. The root can be passed through, not listed.
pub(super) fn directories(layout: &Layout) -> Result<(), Error> {
    files::directory(layout.root(), 0o711)?;
    files::directory(&layout.secrets(), 0o700)?;
    files::directory(&layout.logs(), 0o700)
}

/// The address of a port of ours, which must be free.
fn local(port: u16) -> Result<String, Error> {
    let address = (Ipv4Addr::LOCALHOST, port).into();
    Wanted { name: "Postgres, NATS or the registry", address }.check()?;
    Ok(format!("127.0.0.1:{port}"))
}

struct Work<'a> {
    layout: &'a Layout,
    found: Programs,
    account: Option<Account>,
    ports: Ports,
    settings: Settings,
    caller: BTreeMap<String, String>,
}

impl<'a> Work<'a> {
    /// What the caller runs instead of ours.
    fn given(&self, name: &str) -> Option<String> {
        self.caller.get(name).filter(|value| !value.is_empty()).cloned()
    }

    fn infrastructure(&self) -> Result<Prepared<'a>, Error> {
        let mut programs = Vec::new();
        let mut addresses = BTreeMap::new();
        let postgres = self.postgres()?;
        if let Some(postgres) = &postgres {
            programs.push(postgres.prepare()?);
            addresses.insert("postgres".to_owned(), local(postgres.port)?);
        }
        if self.given("SLIPWAY_NATS_URL").is_none() {
            programs.push(self.nats()?);
            addresses.insert("nats".to_owned(), local(self.settings.nats_port)?);
        }
        if self.given("SLIPWAY_REGISTRY").is_none() {
            programs.push(self.registry()?);
            addresses.insert("registry".to_owned(), local(self.settings.registry_port)?);
        }
        Ok(Prepared { programs, addresses, postgres })
    }

    fn postgres(&self) -> Result<Option<Postgres<'a>>, Error> {
        if let Some(url) = self.given("SLIPWAY_DATABASE_URL") {
            for service in STATEFUL {
                self.keep_url(service, &url)?;
            }
            return Ok(None);
        }
        let programs = self.found.postgres(version_of_data(self.layout).as_deref())?;
        let postgres = Postgres::new(programs, self.layout, &self.settings, self.account.as_ref());
        for service in STATEFUL {
            self.keep_url(service, &postgres.url(service)?)?;
        }
        Ok(Some(postgres))
    }

    fn keep_url(&self, service: &str, url: &str) -> Result<(), Error> {
        files::replace(&self.layout.secret(&database_file(service)), url.as_bytes())
    }

    fn nats(&self) -> Result<Program, Error> {
        let (program, password) = (self.found.nats()?, self.secret("nats")?);
        nats::prepare(&program, self.layout, &self.settings, self.account.as_ref(), &password)
    }

    fn registry(&self) -> Result<Program, Error> {
        let (program, secret) = (self.found.registry()?, self.secret("registry")?);
        registry::prepare(&program, self.layout, &self.settings, self.account.as_ref(), &secret)
    }

    fn secret(&self, name: &str) -> Result<String, Error> {
        files::secret(&self.layout.secret(name))
    }

    fn services(&self, prepared: &mut Prepared<'_>) -> Result<(), Error> {
        self.secret("internal-token")?;
        files::secret(&self.layout.admin_token())?;
        self.ports.wanted().iter().try_for_each(Wanted::check)?;
        let nats_url = match self.given("SLIPWAY_NATS_URL") {
            Some(url) => url,
            None => nats::url(&self.settings, &self.secret("nats")?),
        };
        let registry = self.given("SLIPWAY_REGISTRY");
        let wiring = Wiring {
            layout: self.layout,
            ports: self.ports,
            nats_url,
            registry: registry.unwrap_or_else(|| registry::address(&self.settings)),
            instance: self.settings.instance.clone(),
            caller: &self.caller,
        };
        for name in SERVICES {
            files::directory(&self.layout.home(name), 0o700)?;
            prepared.programs.push(wiring.service(name, &self.found.service(name)?));
        }
        let http = |port: u16| format!("http://127.0.0.1:{port}");
        let ports = self.ports;
        let told = [
            ("api", ports.api),
            ("hooks", ports.hooks),
            ("traffic", ports.traffic),
            ("router", ports.router),
            ("builder", ports.builder),
            ("deployer", ports.deployer),
            ("monitor", ports.monitor),
        ];
        prepared.addresses.extend(told.map(|(name, port)| (name.to_owned(), http(port))));
        Ok(())
    }
}
