//! A PostgreSQL cluster of our own for one run of the tests: Debian's package, a temporary
//! folder, a socket and no port. It is gone when the tests are, however they end: a keeper
//! process waits for our end of a pipe to close and then stops and removes it.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use crate::skipped::skipped;

pub(crate) struct Cluster {
    folder: PathBuf,
    /// Held so that the keeper knows we are alive.
    _keeper: Child,
}

impl Cluster {
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres:///{database}?host={}&user=postgres", self.folder.display())
    }
}

/// Returns the cluster, started at the first call; `None` where the package is not installed.
/// A machine that checks changes must have it: there its absence is a failure.
pub(crate) fn cluster() -> Option<&'static Cluster> {
    static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
    CLUSTER
        .get_or_init(|| {
            let bin = newest_package();
            if bin.is_none() {
                let message = "PostgreSQL is not installed: the store is tested on SQLite only \
                               (Debian: apt-get install postgresql)";
                assert!(std::env::var_os("CI").is_none(), "{message}");
                skipped(message);
            }
            bin.map(|bin| start(&bin))
        })
        .as_ref()
}

fn newest_package() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let newest = versions.flatten().filter_map(|v| v.file_name().to_str()?.parse::<u32>().ok()).max()?;
    let bin = PathBuf::from(format!("/usr/lib/postgresql/{newest}/bin"));
    bin.join("initdb").exists().then_some(bin)
}

fn start(bin: &Path) -> Cluster {
    let folder = tempfile::Builder::new().prefix("huifang-pg-").tempdir_in("/tmp").unwrap().keep();
    let data = folder.join("data");
    let stop = format!(
        "cat > /dev/null; {} -D {data} -m immediate stop; rm -rf {folder}",
        command_line(&bin.join("pg_ctl")).join(" "),
        data = data.display(),
        folder = folder.display()
    );
    // A group of its own: an interrupt from the keyboard must not end the keeper first.
    let keeper = Command::new("sh")
        .args(["-c", &stop])
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap();
    if is_root() {
        let (user, group) = postgres_user();
        chown(&folder, Some(user), Some(group)).unwrap();
    }
    run(&bin.join("initdb"), &["-D", text(&data), "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-locale", "-N"]);
    // These tests do not pull the plug on Postgres itself, so it need not wait for the disk.
    let options = format!("-k {} -c listen_addresses= -c fsync=off -c max_connections=300", folder.display());
    let log = folder.join("log");
    run(&bin.join("pg_ctl"), &["-D", text(&data), "-l", text(&log), "-o", &options, "-w", "-t", "60", "start"]);
    Cluster { folder, _keeper: keeper }
}

/// Postgres refuses to run as root; Debian's package brings the user to run it as.
fn command_line(program: &Path) -> Vec<String> {
    let prefix: &[&str] = if is_root() { &["runuser", "-u", "postgres", "--"] } else { &[] };
    prefix.iter().map(ToString::to_string).chain([text(program).to_owned()]).collect()
}

fn run(program: &Path, arguments: &[&str]) {
    let line = command_line(program);
    // Files rather than pipes: the server inherits them, and a pipe would never close.
    let output = tempfile::tempfile().unwrap();
    let status = Command::new(&line[0])
        .args(&line[1..])
        .args(arguments)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(output.try_clone().unwrap())
        .stderr(output.try_clone().unwrap())
        .status()
        .unwrap();
    if !status.success() {
        let mut output = output;
        let said = {
            use std::io::{Read, Seek};
            let mut said = String::new();
            output.rewind().unwrap();
            output.read_to_string(&mut said).unwrap();
            said
        };
        panic!("{} ended with {status}: {said}", program.display());
    }
}

fn postgres_user() -> (u32, u32) {
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let user = users.lines().find(|line| line.starts_with("postgres:")).expect("a user named postgres");
    let mut ids = user.split(':').skip(2).map(|id| id.parse().unwrap());
    (ids.next().unwrap(), ids.next().unwrap())
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
