//! Whether a model's files are those the manifest means.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::DIRECTORY;
use super::manifest::{Manifest, Model, ModelFile};

/// Models up to this size are hashed at every start, which takes some hundredths of a second; of
/// larger ones only the size is looked at, and `huifang models verify` hashes them.
const HASHED_AT_START: u64 = 64 * 1024 * 1024;

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum FileFault {
    #[error("is not there")]
    Missing,
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    #[error("has {found} bytes, but {known} are right: it is cut off, or another file")]
    Size { found: u64, known: u64 },
    #[error("has sha256 {found}, but {known} is right: it was changed or damaged")]
    Hash { found: String, known: String },
    /// Nothing says what it should be.
    #[error("has sha256 {found}; none is known that it could be compared with")]
    Unpinned { found: String },
}

/// A known model of which a file is not what it should be.
#[derive(Debug, thiserror::Error)]
#[error("{} {fault}; {remedy}", path.display())]
pub struct ModelFault {
    pub path: PathBuf,
    pub fault: FileFault,
    /// What to do.
    pub remedy: String,
}

impl Manifest {
    /// Looks at a model that is about to be loaded, by the path of its weights. A model that is not
    /// listed is none of our business.
    ///
    /// # Errors
    /// [`ModelFault`] when it is a listed one and a file of it is not what it should be.
    pub fn check_before_loading(&self, weights: &Path) -> Result<(), ModelFault> {
        self.check(weights, |model| model.size().is_some_and(|size| size <= HASHED_AT_START))
    }

    /// As [`Manifest::check_before_loading`], hashing every file however large.
    ///
    /// # Errors
    /// The same.
    pub fn check_thoroughly(&self, weights: &Path) -> Result<(), ModelFault> {
        self.check(weights, |_| true)
    }

    fn check(&self, weights: &Path, hashed: impl Fn(&Model) -> bool) -> Result<(), ModelFault> {
        let Some(model) = self.known_as(weights) else { return Ok(()) };
        let hash = hashed(model);
        for file in &model.files {
            let path = weights.with_file_name(file.name());
            let fault = match file.verify(&path, hash) {
                // That it is not pinned was said when it was fetched.
                Ok(()) | Err(FileFault::Unpinned { .. }) => continue,
                Err(fault) => fault,
            };
            let remedy = model.remedy(file.root_of(&path));
            return Err(ModelFault { path, fault, remedy });
        }
        Ok(())
    }
}

impl Model {
    /// Returns what an operator does about a file of this model that is not right; `root` is the directory of models
    /// it lies in, if it lies in one.
    pub fn remedy(&self, root: Option<&Path>) -> String {
        if self.source.is_none() {
            return "take the file from the release again, or keep a model of your own under another name".to_owned();
        }
        let into = match root {
            Some(root) if root == Path::new(DIRECTORY) => String::new(),
            Some(root) if root.as_os_str().is_empty() => " --into .".to_owned(),
            Some(root) => format!(" --into {}", root.display()),
            None => String::new(),
        };
        let is_open = self.files.iter().any(|file| file.sha256.is_none());
        let unpinned = if is_open { " --accept-unpinned" } else { "" };
        let rest = if root.is_some() { "" } else { ", which prints the lines that put it to use" };
        format!("fetch it again with 'huifang models pull {}{into}{unpinned}'{rest}", self.name)
    }
}

impl ModelFile {
    /// Returns the directory of models that the file lies in at `path`; `None` where it lies elsewhere.
    fn root_of<'p>(&self, path: &'p Path) -> Option<&'p Path> {
        let depth = Path::new(&self.file).components().count();
        path.ends_with(&self.file).then(|| path.ancestors().nth(depth)).flatten()
    }

    /// Compares the file at `path` with what is known of it: the manifest, else what `models pull`
    /// recorded beside it. Without `hash` only the size is looked at.
    ///
    /// # Errors
    /// See [`FileFault`].
    pub fn verify(&self, path: &Path, hash: bool) -> Result<(), FileFault> {
        let found = match fs::metadata(path) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(FileFault::Missing),
            Err(error) => return Err(FileFault::Unreadable(error)),
        };
        if let Some(known) = self.size
            && known != found
        {
            return Err(FileFault::Size { found, known });
        }
        if !hash {
            return Ok(());
        }
        let known = self.sha256.clone().or_else(|| recorded(path));
        let found = sha256_of(path).map_err(FileFault::Unreadable)?;
        match known {
            Some(known) if known == found => Ok(()),
            Some(known) => Err(FileFault::Hash { found, known }),
            None => Err(FileFault::Unpinned { found }),
        }
    }
}

/// Where the checksum of an unpinned file is kept, in the format of `sha256sum`.
pub(super) fn record_of(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".sha256");
    path.with_file_name(name)
}

/// Returns the checksum that was kept beside an unpinned file.
pub(super) fn recorded(path: &Path) -> Option<String> {
    let text = fs::read_to_string(record_of(path)).ok()?;
    text.split_whitespace().next().map(str::to_ascii_lowercase)
}

/// Returns the SHA-256 of a file in lower-case hex.
///
/// # Errors
/// When it cannot be read.
pub fn sha256_of(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(data_encoding::HEXLOWER.encode(&hasher.finalize())),
            read => hasher.update(buffer.get(..read).unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_changed_file_is_noticed_and_what_is_wrong_is_said() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a.bin");
        let file = ModelFile { file: "a.bin".into(), sha256: Some(ABC.into()), size: Some(3) };
        let fault = || file.verify(&path, true).unwrap_err().to_string();
        insta::assert_snapshot!(fault(), @"is not there");
        fs::write(&path, "abd").unwrap();
        insta::assert_snapshot!(fault(), @"has sha256 a52d159f262b2c6ddb724a61840befc36eb30c88877a4030b65cbe86298449c9, but ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad is right: it was changed or damaged");
        assert!(file.verify(&path, false).is_ok(), "its size is right");
        fs::write(&path, "abcd").unwrap();
        insta::assert_snapshot!(fault(), @"has 4 bytes, but 3 are right: it is cut off, or another file");
        fs::write(&path, "abc").unwrap();
        assert!(file.verify(&path, true).is_ok());
    }

    #[test]
    fn an_unpinned_file_is_compared_with_what_was_recorded_beside_it() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a.bin");
        let file = ModelFile { file: "a.bin".into(), sha256: None, size: None };
        fs::write(&path, "abc").unwrap();
        assert!(matches!(file.verify(&path, true), Err(FileFault::Unpinned { found }) if found == ABC));
        fs::write(record_of(&path), format!("{ABC}  a.bin\n")).unwrap();
        assert!(file.verify(&path, true).is_ok());
        fs::write(&path, "abd").unwrap();
        assert!(matches!(file.verify(&path, true), Err(FileFault::Hash { .. })));
    }

    #[test]
    fn a_remedy_mends_the_very_file_that_is_wrong() {
        let manifest = Manifest::embedded().unwrap();
        let remedy = |name: &str, path: &str| {
            let model = manifest.named(name).unwrap();
            model.remedy(model.weights().unwrap().root_of(Path::new(path)))
        };
        let tiny = |path: &str| remedy("whisper-tiny", path);
        insta::assert_snapshot!(tiny("models/speech/ggml-tiny.bin"), @"fetch it again with 'huifang models pull whisper-tiny'");
        insta::assert_snapshot!(tiny("/srv/m/speech/ggml-tiny.bin"), @"fetch it again with 'huifang models pull whisper-tiny --into /srv/m'");
        insta::assert_snapshot!(tiny("speech/ggml-tiny.bin"), @"fetch it again with 'huifang models pull whisper-tiny --into .'");
        insta::assert_snapshot!(tiny("/srv/ggml-tiny.bin"), @"fetch it again with 'huifang models pull whisper-tiny', which prints the lines that put it to use");
        insta::assert_snapshot!(
            remedy("distilbert-multilingual", "/srv/m/sentiment/distilbert-multilingual/model.safetensors"),
            @"fetch it again with 'huifang models pull distilbert-multilingual --into /srv/m --accept-unpinned'"
        );
    }

    #[test]
    fn a_listed_model_is_not_loaded_with_a_file_of_another() {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("sentiment");
        fs::create_dir(&directory).unwrap();
        for name in ["model.safetensors", "config.json", "vocab.txt"] {
            let from = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/models/sentiment")).join(name);
            fs::copy(from, directory.join(name)).unwrap();
        }
        let manifest = Manifest::embedded().unwrap();
        let weights = directory.join("model.safetensors");
        manifest.check_before_loading(&weights).unwrap();
        let vocabulary = fs::read_to_string(directory.join("vocab.txt")).unwrap();
        fs::write(directory.join("vocab.txt"), vocabulary.replacen('a', "b", 1)).unwrap();
        let fault = manifest.check_before_loading(&weights).unwrap_err();
        assert_eq!(fault.path, directory.join("vocab.txt"));
        assert!(matches!(fault.fault, FileFault::Hash { .. }), "{fault}");
        manifest.check_before_loading(&root.path().join("ours/model.safetensors")).unwrap();
    }
}
