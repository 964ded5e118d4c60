//! `slipway import`: a file of another platform becomes a slipway.yaml. Needs no server.

use crate::error::Error;
use crate::exit::Exit;
use crate::print;
use crate::session::Session;
use clap::{Args, ValueEnum};
use import::{ImportError, Imported, Kind, Options};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// What to import, and where to.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The file: .do/app.yaml, docker-compose.yml, config/deploy.yml
    file: PathBuf,
    /// What the file is [default: told by its content]
    #[arg(long, value_enum)]
    from: Option<From>,
    /// Name of the app [default: the one in the file, else the folder's]
    #[arg(long)]
    app: Option<String>,
    /// Where the manifest goes; - is standard output
    #[arg(long, value_name = "FILE", default_value = "slipway.yaml")]
    to: PathBuf,
    /// Write over a file that is there
    #[arg(long)]
    force: bool,
}

/// What a file is.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum From {
    /// A spec of App Platform.
    Do,
    /// A Compose file.
    Compose,
    /// A deploy file of Kamal.
    Kamal,
}

impl Import {
    pub(crate) fn run(self, session: &Session) -> Result<Exit, Error> {
        let source = read(&self.file)?;
        let options = Options {
            kind: self.from.map(kind),
            app: self.app.clone(),
            folder: folder(&self.file),
        };
        let imported = import::import(&source, &options).map_err(|error| self.refused(&error))?;
        let to_output = self.to.as_os_str() == "-";
        if !to_output {
            self.write(&imported.manifest)?;
        }
        self.tell(session, &imported, to_output)?;
        Ok(Exit::Done)
    }

    fn refused(&self, error: &ImportError) -> Error {
        Error::Usage(format!("{}: {error}", self.file.display()))
    }

    fn write(&self, manifest: &str) -> Result<(), Error> {
        let path = || self.to.display().to_string();
        let mut open = OpenOptions::new();
        open.write(true);
        if self.force {
            open.create(true).truncate(true);
        } else {
            open.create_new(true);
        }
        let written = open.open(&self.to).and_then(|mut file| file.write_all(manifest.as_bytes()));
        written.map_err(|source| {
            if source.kind() != ErrorKind::AlreadyExists {
                return Error::Write { path: path(), source };
            }
            let help = "write elsewhere with --to, or over it with --force";
            Error::Conflict(format!("{} is there already; {help}", path()))
        })
    }

    fn tell(&self, session: &Session, imported: &Imported, to_output: bool) -> Result<(), Error> {
        let (file, to) = (self.file.display().to_string(), self.to.display().to_string());
        if session.out.is_json() {
            let manifest = to_output.then_some(&imported.manifest);
            let said = serde_json::json!({
                "file": file, "to": to, "manifest": manifest, "report": imported.report
            });
            return session.out.text(&format!("{said:#}"));
        }
        session.out.note(&print::import::report(&imported.report, &file, &to));
        if to_output { session.out.raw(&imported.manifest) } else { Ok(()) }
    }
}

fn kind(from: From) -> Kind {
    match from {
        From::Do => Kind::AppPlatform,
        From::Compose => Kind::Compose,
        From::Kamal => Kind::Kamal,
    }
}

/// The text of the file; of one that is too large only as much as shows that it is.
fn read(path: &Path) -> Result<String, Error> {
    let most = u64::try_from(manifest::yaml::MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    let failed = |source| Error::Read { path: path.display().to_string(), source };
    File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes)).map_err(failed)?;
    if bytes.len() > manifest::yaml::MAX_BYTES {
        // The reader says how large a file may be; where this one was cut does not matter to it.
        return Ok(String::from_utf8_lossy(&bytes).into_owned());
    }
    let text = String::from_utf8(bytes);
    text.map_err(|_| Error::Usage(format!("{}: the file is no UTF-8 text", path.display())))
}

/// The folder of the repository that the file is in.
fn folder(file: &Path) -> Option<String> {
    let path = file.canonicalize().ok()?;
    let names = path.ancestors().skip(1).filter_map(|folder| folder.file_name()?.to_str());
    let mut own = names.filter(|name| !matches!(*name, ".do" | "config"));
    own.next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn import(to: &Path, force: bool) -> Import {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/car-price/compose.yaml");
        Import { file, from: None, app: None, to: to.to_owned(), force }
    }

    #[test]
    fn a_file_that_is_there_is_kept() {
        let folder = tempfile::tempdir().expect("a directory");
        let to = folder.path().join("slipway.yaml");
        import(&to, false).write("one").expect("is not there yet");
        let refused = import(&to, false).write("two").expect_err("is there");
        assert!(refused.to_string().contains("--force"), "{refused}");
        import(&to, true).write("3").expect("may be written over");
        assert_eq!(std::fs::read_to_string(&to).expect("is there"), "3");
    }

    #[test]
    fn the_folder_names_the_app() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
        let name = |path: &str| folder(&file.join(path)).expect("is in a folder");
        assert_eq!(name("car-price/compose.yaml"), "car-price");
        assert_eq!(name("fraud-detection/.do/app.yaml"), "fraud-detection");
    }

    #[test]
    fn what_is_too_large_or_no_text_is_refused() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("app.yaml");
        std::fs::write(&path, vec![b'a'; 300 * 1024]).expect("is written");
        let error = import::import(&read(&path).expect("is text"), &Options::default());
        assert!(error.expect_err("is too large").to_string().contains("262144"));
        std::fs::write(&path, [0xff, 0xfe]).expect("is written");
        assert!(read(&path).expect_err("is no text").to_string().contains("UTF-8"));
    }
}
