//! The files of `prompts/`, either as they were when the program was built or from a directory.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use super::fault::Fault;

/// The texts of the files, by path below `prompts/`.
#[derive(Debug, Clone, Default)]
pub(super) struct Files(BTreeMap<String, String>);

/// A prompt file larger than this is a mistake.
const MOST_BYTES: u64 = 1024 * 1024;

macro_rules! embedded {
    ($($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../../prompts/", $path)))),+]
    };
}

const EMBEDDED: &[(&str, &str)] = embedded![
    "commands.toml",
    "courtesies.toml",
    "degrees.toml",
    "faq/visit.toml",
    "faq/warranty.toml",
    "plans/calendar.toml",
    "plans/departments.toml",
    "plans/incidents.toml",
    "plans/recovery.toml",
    "plans/dispatch.toml",
    "plans/sla.toml",
    "plans/events.toml",
    "plans/seasons.toml",
    "plans/visits.toml",
    "plans/warranty.toml",
    "register.toml",
    "repair.toml",
    "speech/vocabulary.en.txt",
    "speech/vocabulary.zh-CN.txt",
    "surveys/equipment.toml",
    "surveys/handover.toml",
    "surveys/maintenance.toml",
    "surveys/post_repair.toml",
    "surveys/routine.toml",
    "surveys/sample.toml",
    "texts.en.toml",
    "texts.zh-CN.toml",
    "web.en.toml",
    "web.zh-CN.toml",
];

impl Files {
    /// The files this program was built with.
    pub(super) fn embedded() -> Files {
        Files::of(EMBEDDED.iter().copied())
    }

    /// The given files.
    pub(super) fn of<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Files {
        Files(files.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect())
    }

    /// Reads the `.toml` and `.txt` files of a directory and of the directories in it.
    ///
    /// # Errors
    /// The one fault that matters when a directory cannot be read.
    pub(super) fn of_directory(directory: &Path, faults: &mut Vec<Fault>) -> Result<Files, Fault> {
        let mut files = Files::default();
        for within in ["", "faq", "plans", "surveys", "speech"] {
            files.read_directory(directory, within, faults).map_err(|error| {
                let path = directory.join(within);
                Fault::of_file(&path.display().to_string(), format!("cannot be read as a directory: {error}"))
            })?;
        }
        Ok(files)
    }

    /// Returns a file that must be there; a fault otherwise.
    pub(super) fn required(&self, path: &str, faults: &mut Vec<Fault>) -> Option<&str> {
        let text = self.0.get(path).map(String::as_str);
        if text.is_none() {
            faults.push(Fault::of_file(path, "is missing"));
        }
        text
    }

    /// Returns the path of every file, in order.
    #[cfg(test)]
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Returns the files of a directory, by path.
    pub(super) fn within<'f>(&'f self, directory: &'f str) -> impl Iterator<Item = (&'f str, &'f str)> {
        let below = move |path: &str| path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'));
        self.0.iter().filter(move |(path, _)| below(path)).map(|(path, text)| (path.as_str(), text.as_str()))
    }

    fn read_directory(&mut self, root: &Path, within: &str, faults: &mut Vec<Fault>) -> io::Result<()> {
        for entry in fs::read_dir(root.join(within))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let wanted = Path::new(&name).extension().is_some_and(|end| end == "toml" || end == "txt");
            let about = fs::metadata(entry.path())?;
            if !wanted || !about.is_file() {
                continue;
            }
            let path = if within.is_empty() { name } else { format!("{within}/{name}") };
            if about.len() > MOST_BYTES {
                faults.push(Fault::of_file(&path, format!("is larger than {MOST_BYTES} bytes")));
                continue;
            }
            match fs::read_to_string(entry.path()) {
                Ok(text) => {
                    self.0.insert(path, text);
                }
                Err(error) => faults.push(Fault::of_file(&path, format!("cannot be read as UTF-8 text: {error}"))),
            }
        }
        Ok(())
    }
}
