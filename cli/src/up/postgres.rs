//! Our own Postgres: made once with data checksums, and for each service a role that owns its schema and
//! sees no other.

mod roles;

use super::plan::{Program, Tier};
use super::ready::Ready;
use super::settings::Settings;
use super::{Account, Error, Layout, child, files};
use nix::sys::signal::Signal;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The superuser and the database.
const NAME: &str = "slipway";
/// Paths of Unix sockets end at 107 bytes; the name of the socket takes up to 20.
const LONGEST_SOCKET_DIRECTORY: usize = 87;

/// Our own Postgres.
#[derive(Debug)]
pub(super) struct Postgres<'a> {
    pub(super) programs: PathBuf,
    pub(super) layout: &'a Layout,
    pub(super) port: u16,
    pub(super) account: Option<Account>,
}

/// The major version that made the data of `layout`, when there are any.
pub(super) fn version_of_data(layout: &Layout) -> Option<String> {
    let path = layout.home("postgres").join("data/PG_VERSION");
    Some(std::fs::read_to_string(path).ok()?.trim().to_owned())
}

impl<'a> Postgres<'a> {
    /// Postgres as found in the directory `programs`.
    pub(super) fn new(
        programs: PathBuf,
        layout: &'a Layout,
        settings: &Settings,
        account: Option<&Account>,
    ) -> Self {
        Self { programs, layout, port: settings.postgres_port, account: account.cloned() }
    }

    fn home(&self) -> PathBuf {
        self.layout.home("postgres")
    }

    /// Makes the data the first time, and says how to start the program.
    pub(super) fn prepare(&self) -> Result<Program, Error> {
        let home = self.home();
        files::directory(&home, 0o700)?;
        files::directory(&home.join("run"), 0o700)?;
        if let Some(account) = &self.account {
            account.own(&home)?;
            account.own(&home.join("run"))?;
            account.can_enter(self.layout.root())?;
        }
        if !home.join("data").exists() {
            self.make_data()?;
        }
        Ok(self.program())
    }

    fn program(&self) -> Program {
        let home = self.home();
        let socket = home.join("run").display().to_string();
        let socket = if socket.len() > LONGEST_SOCKET_DIRECTORY { String::new() } else { socket };
        let options = [
            "listen_addresses=127.0.0.1".to_owned(),
            format!("port={}", self.port),
            format!("unix_socket_directories={socket}"),
            "max_connections=200".to_owned(),
            "shared_buffers=64MB".to_owned(),
            "log_line_prefix=%m %q%u ".to_owned(),
        ];
        let mut argv = vec![self.file("postgres"), "-D".to_owned()];
        argv.push(home.join("data").display().to_string());
        argv.extend(options.into_iter().flat_map(|option| ["-c".to_owned(), option]));
        Program {
            name: "postgres",
            argv,
            env: BTreeMap::new(),
            account: self.account.clone(),
            ready: Ready::Postgres { program: self.programs.join("pg_isready"), port: self.port },
            // Fast shutdown: clients are sent away, everything is written.
            stop: Signal::SIGINT,
            tier: Tier::Database,
        }
    }

    fn file(&self, program: &str) -> String {
        self.programs.join(program).display().to_string()
    }

    /// Makes the data beside their place, so that a start that is cut off leaves nothing half made there.
    fn make_data(&self) -> Result<(), Error> {
        let (home, new) = (self.home(), self.home().join("data.new"));
        if new.exists() {
            std::fs::remove_dir_all(&new).map_err(Error::file("remove", &new))?;
        }
        let password = home.join("password");
        files::replace(&password, self.password(NAME)?.as_bytes())?;
        if let Some(account) = &self.account {
            account.own(&password)?;
        }
        let argv = [
            self.file("initdb"),
            format!("--pgdata={}", new.display()),
            format!("--username={NAME}"),
            format!("--pwfile={}", password.display()),
            "--auth=scram-sha-256".to_owned(),
            "--data-checksums".to_owned(),
            "--encoding=UTF8".to_owned(),
            "--locale=C".to_owned(),
        ];
        self.run_as_account(&argv)?;
        std::fs::remove_file(&password).map_err(Error::file("remove", &password))?;
        std::fs::rename(&new, home.join("data")).map_err(Error::file("rename", &new))
    }

    fn run_as_account(&self, argv: &[String]) -> Result<(), Error> {
        let started = |source| Error::Start { program: argv[0].clone(), source };
        let own = std::env::current_exe().map_err(started)?;
        let arguments =
            child::arguments(std::process::id(), self.account.as_ref(), Signal::SIGTERM, argv);
        let mut command = Command::new(own);
        command.args(arguments).current_dir("/").env_clear().stdin(Stdio::null());
        let output =
            command.output().map_err(|source| Error::Start { program: argv[0].clone(), source })?;
        succeeded(&argv[0], &output)
    }

    /// The password of a role, made the first time.
    pub(super) fn password(&self, role: &str) -> Result<String, Error> {
        files::secret(&self.layout.secret(&format!("postgres-{role}")))
    }

    /// How a service reaches its schema.
    pub(super) fn url(&self, service: &str) -> Result<String, Error> {
        let (role, password) = (roles::role(service), self.password(service)?);
        Ok(format!("postgres://{role}:{password}@127.0.0.1:{}/{NAME}", self.port))
    }

    /// Brings roles and schemas up to date. The server must be ready.
    pub(super) fn set_up(&self, services: &[&str]) -> Result<(), Error> {
        let passwords = services.iter().map(|service| Ok((*service, self.password(service)?)));
        let passwords = passwords.collect::<Result<Vec<_>, Error>>()?;
        let pass = self.layout.secret("pgpass");
        let line = format!("127.0.0.1:{}:*:{NAME}:{}\n", self.port, self.password(NAME)?);
        files::replace(&pass, line.as_bytes())?;
        let script = roles::script(NAME, &passwords);
        self.psql(&pass, &script)
    }

    fn psql(&self, pass: &Path, script: &str) -> Result<(), Error> {
        let program = self.file("psql");
        let failed = |source| Error::Start { program: program.clone(), source };
        let mut command = Command::new(&program);
        command
            .args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--host=127.0.0.1"])
            .args([&format!("--port={}", self.port), &format!("--username={NAME}")])
            .args(["--no-password", "--dbname=postgres"])
            .env("PGPASSFILE", pass)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut running = command.spawn().map_err(failed)?;
        if let Some(mut stdin) = running.stdin.take() {
            std::io::Write::write_all(&mut stdin, script.as_bytes()).map_err(failed)?;
        }
        let output = running.wait_with_output().map_err(failed)?;
        succeeded(&program, &output)
    }
}

fn succeeded(program: &str, output: &std::process::Output) -> Result<(), Error> {
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let (program, output) = (program.to_owned(), format!("{}: {}", output.status, said.trim()));
    Err(Error::Failed { program, output })
}
