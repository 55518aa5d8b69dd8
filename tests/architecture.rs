//! The rules of the house that the compiler does not hold: who may import whom, which library is
//! used where, what a file looks like, and what may be in the lockfile.
//!
//! To add an import edge or an exception, change the tables at the top and say why.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Modules from the inside out. A module may import those of lower ranks, never its siblings.
const RANKS: &[&[&str]] = &[
    &["domain", "telemetry"],
    &["clock", "http"],
    &["models"],
    &["catalog", "store", "channel", "speech", "tagging"],
    &["intake", "desk", "papers", "planner", "register", "simulator"],
    &["jobs", "web"],
    &["config"],
    &["app"],
    &["cli"],
    &["main", "huifang-decode"],
];

/// Edges between siblings: (from, to, why).
const ALLOWED: &[(&str, &str, &str)] = &[
    ("desk", "intake", "what staff decide is recorded by the same hand as what clients say"),
    ("desk", "planner", "a second visit that staff wants is planned by the rules of every other visit"),
    ("planner", "intake", "a survey that is due is put by the same hand that takes the answers"),
];

/// Libraries that are used in few places only: (crate, where).
const ONLY_HERE: &[(&str, &[&str])] = &[
    ("sqlx", &["store"]),
    // The simulator is the other end of the wire: a server that our channels call.
    ("axum", &["web", "simulator"]),
    ("askama", &["web"]),
    ("teloxide", &["channel/telegram"]),
    ("lettre", &["channel/mail"]),
    ("whisper_rs", &["speech"]),
    ("rust_bert", &["tagging"]),
    ("tch", &["tagging"]),
    ("landlock", &["speech"]),
    ("symphonia", &["speech"]),
    ("argon2", &["web"]),
    ("krilla", &["papers"]),
    ("qrcode", &["papers"]),
    // What goes out to other machines (the simulator: to this one): model files, and recordings to a recognition service that was configured.
    ("reqwest", &["http", "models/pull", "speech/service", "channel", "simulator"]),
    ("rustls", &["http"]),
];

/// What the domain may not know: waiting, the machine, the clock, chance.
const NOT_IN_DOMAIN: &[&str] = &[
    "tokio",
    "async fn",
    "async {",
    "async move",
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "Timestamp::now",
    "Zoned::now",
    "SystemTime",
    "Instant::now",
    "getrandom",
    "now_v7",
];

/// Where crates come from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Code lines of a file, tests not counted.
const LONGEST_FILE: usize = 450;

/// Files that may be longer: (file, lines at most, why).
const LONGER: &[(&str, usize, &str)] =
    &[("domain/dialogue/survey.rs", 520, "the whole conversation of a survey, read from top to bottom")];

/// Han characters in a row that are still a word of a table, not a sentence to a client.
const LONGEST_HAN_RUN: usize = 3;

/// Crates that must not come in: (name, why).
const BANNED: &[(&str, &str)] = &[
    ("zhconv", "GPL"),
    ("openssl", "rustls is used"),
    ("openssl-sys", "rustls is used"),
    ("native-tls", "rustls is used"),
    ("aws-lc-rs", "ring is used"),
    ("aws-lc-sys", "ring is used"),
];

#[test]
fn imports_go_one_way() {
    let mut wrong = String::new();
    for source in sources() {
        let own = source.module();
        let own_rank = rank(&own).unwrap_or_else(|| panic!("{} has no rank: add it to RANKS", source.path));
        for (line, imported) in source.imports() {
            match rank(&imported) {
                Some(rank) if imported == own || rank < own_rank => {}
                Some(_) if ALLOWED.iter().any(|(from, to, _)| *from == own && *to == imported) => {}
                Some(_) => writeln!(wrong, "{}:{line}: {own} imports {imported}", source.path).unwrap(),
                None => writeln!(wrong, "{}:{line}: `{imported}` has no rank", source.path).unwrap(),
            }
        }
    }
    assert!(wrong.is_empty(), "imports against the order of RANKS:\n{wrong}");
}

#[test]
fn a_library_is_used_only_where_it_belongs() {
    let mut wrong = String::new();
    for source in sources() {
        for (number, line) in source.code() {
            for (library, places) in ONLY_HERE {
                let here = places
                    .iter()
                    .any(|place| source.path == format!("{place}.rs") || source.path.starts_with(&format!("{place}/")));
                if !here && names_crate(&line, library) {
                    writeln!(wrong, "{}:{number}: {library} belongs in {}", source.path, places.join(", ")).unwrap();
                }
            }
        }
    }
    assert!(wrong.is_empty(), "libraries out of place:\n{wrong}");
}

#[test]
fn the_domain_is_pure() {
    let mut wrong = String::new();
    for source in sources().iter().filter(|source| source.module() == "domain") {
        for (number, line) in source.code() {
            for word in NOT_IN_DOMAIN.iter().filter(|word| line.contains(**word)) {
                writeln!(wrong, "{}:{number}: {word}", source.path).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "the domain may not wait, look or roll dice:\n{wrong}");
}

#[test]
fn every_file_says_what_it_is() {
    let silent: Vec<_> =
        sources().into_iter().filter(|source| !source.text.starts_with("//! ")).map(|s| s.path).collect();
    assert!(silent.is_empty(), "these files do not open with //!: {silent:?}");
}

#[test]
fn no_file_is_too_long_to_read() {
    let long: Vec<_> = sources()
        .into_iter()
        .map(|source| (source.code_part().lines().count(), source.path))
        .filter(|(lines, path)| {
            let longer = LONGER.iter().find(|(file, _, _)| file == path);
            *lines > longer.map_or(LONGEST_FILE, |(_, most, _)| *most)
        })
        .collect();
    assert!(long.is_empty(), "more than {LONGEST_FILE} lines before the tests: {long:?}");
}

#[test]
fn what_clients_read_is_in_prompts() {
    let mut wrong = String::new();
    // What tagging holds is recognised, never said.
    // The console of WeCom speaks Chinese alone: an operator is told what is written there.
    let quotes = |source: &Source| source.module() == "tagging" || source.path == "channel/wecom/connect.rs";
    for source in sources().iter().filter(|source| !quotes(source)) {
        for (number, line) in source.code() {
            if line.split(|c| !is_han(c)).any(|run| run.chars().count() > LONGEST_HAN_RUN) {
                writeln!(wrong, "{}:{number}: {}", source.path, line.trim()).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "sentences belong in prompts/:\n{wrong}");
}

#[test]
fn nothing_is_left_to_be_done_in_the_sources() {
    let marks = ["TODO", "FIXME", "XXX"];
    let left: Vec<_> =
        sources().into_iter().filter(|s| marks.iter().any(|mark| s.text.contains(mark))).map(|s| s.path).collect();
    assert!(left.is_empty(), "unfinished marks in {left:?}");
}

#[test]
fn the_lockfile_holds_nothing_that_may_not_come_in() {
    let packages = locked();
    let mut wrong = String::new();
    for (name, why) in BANNED.iter().filter(|(name, _)| packages.contains_key(*name)) {
        writeln!(wrong, "{name}: {why}").unwrap();
    }
    for (name, versions) in packages.iter().filter(|(name, _)| name.starts_with("sqlx")) {
        if versions.iter().any(|version| *version < [0, 9, 0]) {
            writeln!(wrong, "{name} {versions:?}: before 0.9 it brings an SQLite that can corrupt a WAL database")
                .unwrap();
        }
    }
    let sqlite = packages.get("libsqlite3-sys").cloned().unwrap_or_default();
    if sqlite.len() != 1 || sqlite.iter().any(|version| *version < [0, 37, 0]) {
        writeln!(wrong, "libsqlite3-sys {sqlite:?}: exactly one, 0.37 or newer (SQLite 3.51.3)").unwrap();
    }
    assert!(wrong.is_empty(), "Cargo.lock:\n{wrong}");
}

#[test]
fn every_crate_comes_under_a_licence_that_is_allowed_and_from_the_registry() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let rules: toml::Table = fs::read_to_string(root.join("deny.toml")).unwrap().parse().unwrap();
    let allowed: Vec<&str> =
        rules["licenses"]["allow"].as_array().unwrap().iter().filter_map(|it| it.as_str()).collect();
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let asked = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--format-version", "1", "--filter-platform", &platform])
        .current_dir(root)
        .output()
        .unwrap();
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    let told: serde_json::Value = serde_json::from_slice(&asked.stdout).unwrap();
    let packages = told["packages"].as_array().unwrap();
    assert!(packages.len() > 100, "only {} crates", packages.len());
    let mut wrong = String::new();
    for package in packages {
        let licence = package["license"].as_str().unwrap_or("none named");
        let is_allowed = spdx::Expression::parse_mode(licence, spdx::ParseMode::LAX)
            .is_ok_and(|licence| licence.evaluate(|one| allowed.contains(&one.to_string().as_str())));
        if !is_allowed {
            writeln!(wrong, "{}: {licence}", package["name"]).unwrap();
        }
        let source = package["source"].as_str().unwrap_or(REGISTRY);
        if source != REGISTRY {
            writeln!(wrong, "{}: from {source}", package["name"]).unwrap();
        }
    }
    assert!(wrong.is_empty(), "against deny.toml:\n{wrong}");
}

/// One file below `src/`.
struct Source {
    /// Below `src/`, with `/`.
    path: String,
    text: String,
}

impl Source {
    /// The top-level module the file belongs to.
    fn module(&self) -> String {
        let first = self.path.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first).to_owned()
    }

    /// The file up to its tests.
    fn code_part(&self) -> &str {
        let tests = self.path.ends_with("/tests.rs") || self.path.contains("/tests/");
        let end = if tests { Some(0) } else { self.text.find("\n#[cfg(test)]\n") };
        self.text.get(..end.unwrap_or(self.text.len())).unwrap_or_default()
    }

    /// Numbered lines without comments and without tests.
    fn code(&self) -> Vec<(usize, String)> {
        let without_comment = |line: &str| line.split("//").next().unwrap_or_default().to_owned();
        self.code_part().lines().enumerate().map(|(i, line)| (i + 1, without_comment(line))).collect()
    }

    /// The top-level modules named by `crate::…`, with their lines.
    fn imports(&self) -> Vec<(usize, String)> {
        let code = self.code();
        let text: String = code.iter().flat_map(|(_, line)| [line.as_str(), "\n"]).collect();
        let mut imports = Vec::new();
        for (start, prefix) in text.match_indices("crate::").chain(text.match_indices("huifang::")) {
            let whole_word = !text[..start].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$');
            if !whole_word {
                continue;
            }
            let line = text[..start].matches('\n').count() + 1;
            let rest = &text[start + prefix.len()..];
            imports.extend(first_names(rest).into_iter().map(|name| (line, name)));
        }
        // Constants and macros at the root are nobody's module.
        imports.retain(|(_, name)| name.starts_with(|c: char| c.is_ascii_lowercase()));
        imports
    }
}

/// `store::tx` → `store`; `{clock::Clock, domain::{a, b}}` → `clock`, `domain`.
fn first_names(path: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let Some(group) = path.strip_prefix('{') else { return vec![word(path)] };
    let mut names = Vec::new();
    let mut depth = 0;
    let mut expects_name = true;
    for (i, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => expects_name = true,
            c if expects_name && c.is_alphabetic() => {
                names.push(word(&group[i..]));
                expects_name = false;
            }
            _ => {}
        }
    }
    names
}

#[test]
fn names_are_found_in_every_way_of_importing() {
    assert_eq!(first_names("store::tx::Tx;"), ["store"]);
    assert_eq!(first_names("{clock::Clock, domain::{ids, time::{self}}, store};"), ["clock", "domain", "store"]);
    let source = Source {
        path: "domain/x.rs".to_owned(),
        text: "//! x\nuse crate::{clock::Clock,\n    store};\nlet a = crate::web::b(); // crate::jobs\nmycrate::x();\n"
            .to_owned(),
    };
    let found: Vec<_> = source.imports();
    assert_eq!(found, [(2, "clock".to_owned()), (2, "store".to_owned()), (4, "web".to_owned())]);
    assert!(names_crate("    sqlx::query(", "sqlx") && names_crate("use tch;", "tch"));
    assert!(!names_crate("let batch::x", "tch") && !names_crate("fn matches()", "tch"));
}

/// Whether a line of code names a crate: `name::…` or `use name…`.
fn names_crate(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(start, _)| {
        let before = &line[..start];
        let after = &line[start + name.len()..];
        let whole = !before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
        whole && (after.starts_with("::") || (before.trim_end().ends_with("use") && after.starts_with([';', ' '])))
    })
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}

fn rank(module: &str) -> Option<usize> {
    RANKS.iter().position(|modules| modules.contains(&module))
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    let sources: Vec<_> = files
        .into_iter()
        .filter(|file| file.file_name().is_some_and(|name| name != "lib.rs"))
        .map(|file| {
            let path = file.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
            Source { path, text: fs::read_to_string(&file).unwrap() }
        })
        .collect();
    assert!(sources.len() > 20, "only {} sources found below {}", sources.len(), root.display());
    sources
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Name → versions, of every package in the lockfile.
fn locked() -> BTreeMap<String, Vec<[u64; 3]>> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock")).unwrap();
    let lock: toml::Table = text.parse().unwrap();
    let mut packages: BTreeMap<String, Vec<[u64; 3]>> = BTreeMap::new();
    for package in lock["package"].as_array().unwrap() {
        let version = package["version"].as_str().unwrap();
        let mut parts = version.split(['.', '-', '+']).map(|part| part.parse().unwrap_or(0));
        let version = [parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap()];
        packages.entry(package["name"].as_str().unwrap().to_owned()).or_default().push(version);
    }
    assert!(packages.len() > 100, "only {} packages in Cargo.lock", packages.len());
    packages
}
