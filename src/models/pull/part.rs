//! The file as far as it has come: `NAME.part`, and in `NAME.part.from` which version of which
//! address it is a part of.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::PullError;

/// Kept free beside the file itself: a disk filled to the brim harms the service.
pub(super) const SPARE: u64 = 16 * 1024 * 1024;

/// An unfinished file, locked against other processes as long as this lives.
pub(super) struct Part {
    file: File,
    /// Where the whole file belongs.
    whole: PathBuf,
    path: PathBuf,
    from: PathBuf,
    len: u64,
    /// Whether it begins with what an earlier run left.
    inherited: bool,
    /// Whether a checksum will tell in the end that all of it fits together.
    pinned: bool,
    hasher: Sha256,
    /// Version of the server's file, as it names it.
    version: Option<String>,
    url: String,
}

impl Part {
    /// Opens or makes the part of `whole`. What is there already is kept if it can be told that the
    /// rest will fit: by the server's version, or in the end by the checksum (`pinned`).
    pub(super) fn open(whole: &Path, url: &str, pinned: bool) -> Result<Part, PullError> {
        let path = beside(whole, ".part");
        let from = beside(whole, ".part.from");
        if let Some(directory) = whole.parent() {
            fs::create_dir_all(directory).map_err(|cause| PullError::file(directory, cause))?;
        }
        let file = locked(&path)?;
        let url = url.to_owned();
        let version = fs::read_to_string(&from).ok().and_then(|text| {
            let (kept_url, version) = text.split_once('\n')?;
            (kept_url == url).then(|| version.trim().to_owned()).filter(|version| !version.is_empty())
        });
        let whole = whole.to_owned();
        let hasher = Sha256::new();
        let mut part = Part { file, whole, path, from, len: 0, inherited: false, pinned, hasher, version, url };
        if pinned || part.version.is_some() {
            part.take_up()?;
        } else {
            part.begin_anew()?;
        }
        Ok(part)
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Whether it begins with what an earlier run left, perhaps of another address.
    pub(super) fn is_inherited(&self) -> bool {
        self.inherited
    }

    /// Whether a later run goes on from what is there.
    pub(super) fn is_kept(&self) -> bool {
        self.len > 0 && (self.pinned || self.version.is_some())
    }

    /// The version to name in `If-Range`.
    pub(super) fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Empties the part.
    pub(super) fn begin_anew(&mut self) -> Result<(), PullError> {
        self.file.set_len(0).map_err(|cause| PullError::file(&self.path, cause))?;
        self.file.seek(SeekFrom::Start(0)).map_err(|cause| PullError::file(&self.path, cause))?;
        (self.len, self.inherited, self.hasher) = (0, false, Sha256::new());
        self.set_version(None)
    }

    /// Notes the version that is being received, for a later run.
    pub(super) fn set_version(&mut self, version: Option<&str>) -> Result<(), PullError> {
        self.version = version.map(str::to_owned);
        let note = format!("{}\n{}\n", self.url, version.unwrap_or_default());
        fs::write(&self.from, note).map_err(|cause| PullError::write(&self.from, self.len, cause))
    }

    pub(super) fn append(&mut self, mut bytes: &[u8]) -> Result<(), PullError> {
        while !bytes.is_empty() {
            match self.file.write(bytes) {
                Ok(written) => {
                    let (done, rest) = bytes.split_at(written.min(bytes.len()));
                    self.hasher.update(done);
                    self.len += done.len() as u64;
                    bytes = rest;
                }
                Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
                Err(cause) => return Err(PullError::write(&self.path, self.len, cause)),
            }
        }
        Ok(())
    }

    /// Fails if the disk has no room for so many more bytes, as far as it is known how many.
    pub(super) fn make_sure_of_room(&self, to_come: Option<u64>) -> Result<(), PullError> {
        let place = self.path.parent().unwrap_or(Path::new("."));
        // A file system that does not tell is tried.
        let Ok(found) = rustix::fs::statvfs(place) else { return Ok(()) };
        let free = found.f_bavail.saturating_mul(found.f_frsize);
        if free < to_come.unwrap_or(0).saturating_add(SPARE) {
            return Err(PullError::NoRoom { place: place.to_owned(), to_come, free });
        }
        Ok(())
    }

    /// The checksum of what is there, in lower-case hex.
    pub(super) fn sha256(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.hasher.clone().finalize())
    }

    /// Removes the part.
    pub(super) fn discard(self) -> Result<(), PullError> {
        let _ = fs::remove_file(&self.from);
        fs::remove_file(&self.path).map_err(|cause| PullError::file(&self.path, cause))
    }

    /// Leaves what has come for a later run; where nothing has, nothing is left.
    pub(super) fn leave(self) {
        if self.len == 0 {
            // Whatever keeps it from going is told by what is tried next.
            let _ = self.discard();
        }
    }

    /// Gives the finished file its name, once it is on the disk.
    pub(super) fn take_place(self) -> Result<(), PullError> {
        self.file.sync_all().map_err(|cause| PullError::write(&self.path, self.len, cause))?;
        fs::rename(&self.path, &self.whole).map_err(|cause| PullError::file(&self.whole, cause))?;
        let _ = fs::remove_file(&self.from);
        let directory = self.whole.parent().unwrap_or(Path::new("."));
        let synced = File::open(directory).and_then(|directory| directory.sync_all());
        synced.map_err(|cause| PullError::file(directory, cause))
    }

    /// Reads what an earlier run left, for the checksum.
    fn take_up(&mut self) -> Result<(), PullError> {
        let mut buffer = vec![0; 1 << 16];
        loop {
            match self.file.read(&mut buffer).map_err(|cause| PullError::file(&self.path, cause))? {
                0 => break,
                read => {
                    self.hasher.update(buffer.get(..read).unwrap_or_default());
                    self.len += read as u64;
                }
            }
        }
        self.inherited = self.len > 0;
        Ok(())
    }
}

/// Opens the part and locks it. Between the two another process may have finished and renamed it;
/// then the lock is on the finished file, and the part is opened again.
fn locked(path: &Path) -> Result<File, PullError> {
    loop {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(|cause| PullError::write(path, 0, cause))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(PullError::Busy { path: path.to_owned() }),
            Err(TryLockError::Error(cause)) => return Err(PullError::file(path, cause)),
        }
        let ours = file.metadata().map(|found| (found.dev(), found.ino()));
        let there = fs::metadata(path).map(|found| (found.dev(), found.ino()));
        if let (Ok(ours), Ok(there)) = (ours, there)
            && ours == there
        {
            return Ok(file);
        }
    }
}

fn beside(whole: &Path, ending: &str) -> PathBuf {
    let mut name = whole.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    whole.with_file_name(name)
}
