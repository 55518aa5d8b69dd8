//! The bytes of photos and recordings: a folder, or S3-compatible object storage.
//!
//! Bytes are put here **before** the row that names them commits: a crash in between leaves a
//! file nobody knows of, never a row whose file is missing. A file is complete or absent
//! (written aside, synced, renamed).

use std::sync::Arc;

pub use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::domain::time::Timestamp;
use crate::http;

/// The folder of tables that were checked and wait for somebody to confirm them.
pub const TABLES: &str = "imports";

/// A failure of the media store.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The address is neither a folder nor a bucket.
    #[error("media url: {0}")]
    Url(String),
    /// There are no bytes under this key.
    #[error("no media under key {0}")]
    Missing(String),
    /// A key that could lead out of the store.
    #[error("not a media key")]
    Key,
    /// The storage refused, or could not be reached.
    #[error("the media store refused: {0}")]
    Storage(#[source] object_store::Error),
}

/// The media store, cheap to clone.
#[derive(Debug, Clone)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
}

impl Blobs {
    /// Opens `file:PATH` (a folder, made if absent) or `s3:BUCKET` (a bucket of its own, without
    /// a prefix). Credentials and endpoint come from the standard variables (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`,
    /// `AWS_ENDPOINT`, `AWS_ALLOW_HTTP`).
    ///
    /// # Errors
    /// [`BlobError::Url`] if the address is of neither kind or the folder cannot be made.
    pub fn open(url: &str) -> Result<Blobs, BlobError> {
        let store: Arc<dyn ObjectStore> = if let Some(path) = url.strip_prefix("file:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            std::fs::create_dir_all(path)
                .map_err(|cause| BlobError::Url(format!("the folder {path} cannot be made: {cause}")))?;
            Arc::new(LocalFileSystem::new_with_prefix(path).map_err(BlobError::Storage)?.with_fsync(true))
        } else if let Some(bucket) = url.strip_prefix("s3:") {
            let bucket = bucket.trim_matches('/');
            if bucket.is_empty() || bucket.contains('/') {
                return Err(BlobError::Url("expected s3:BUCKET, a bucket without a prefix".to_owned()));
            }
            http::provide();
            Arc::new(AmazonS3Builder::from_env().with_bucket_name(bucket).build().map_err(BlobError::Storage)?)
        } else {
            return Err(BlobError::Url("expected file:PATH or s3:BUCKET".to_owned()));
        };
        Ok(Blobs { store })
    }

    /// Stores bytes; they are durable when this returns.
    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<(), BlobError> {
        let path = path_of(key)?;
        self.store.put(&path, bytes.into()).await.map_err(BlobError::Storage)?;
        Ok(())
    }

    /// Returns the bytes under a key.
    ///
    /// # Errors
    /// [`BlobError::Missing`] if there are none.
    pub async fn get(&self, key: &str) -> Result<Bytes, BlobError> {
        let path = path_of(key)?;
        let found = self.store.get(&path).await.map_err(|cause| missing(key, cause))?;
        found.bytes().await.map_err(BlobError::Storage)
    }

    /// Removes what was put into a folder before an instant; returns how many there were.
    pub async fn sweep(&self, folder: &str, before: Timestamp) -> Result<u64, BlobError> {
        let mut listed = self.store.list(Some(&path_of(folder)?));
        let mut swept = 0;
        while let Some(found) = listed.try_next().await.map_err(BlobError::Storage)? {
            if found.last_modified.timestamp_millis() < before.0 {
                self.delete(found.location.as_ref()).await?;
                swept += 1;
            }
        }
        Ok(swept)
    }

    /// Removes the bytes under a key; absent ones are removed already.
    pub async fn delete(&self, key: &str) -> Result<(), BlobError> {
        let path = path_of(key)?;
        match self.store.delete(&path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(cause) => Err(BlobError::Storage(cause)),
        }
    }
}

/// Keys are ours: letters, digits, `-`, `_`, `.` and `/` between parts.
fn path_of(key: &str) -> Result<Path, BlobError> {
    let plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    if !key.split('/').all(plain) {
        return Err(BlobError::Key);
    }
    Path::parse(key).map_err(|_| BlobError::Key)
}

fn missing(key: &str, cause: object_store::Error) -> BlobError {
    match cause {
        object_store::Error::NotFound { .. } => BlobError::Missing(key.to_owned()),
        other => BlobError::Storage(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blobs() -> (tempfile::TempDir, Blobs) {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(&format!("file:{}/media", folder.path().display())).unwrap();
        (folder, blobs)
    }

    #[tokio::test]
    async fn bytes_come_back_as_they_were_put_and_go_when_deleted() {
        let (_folder, blobs) = blobs();
        blobs.put("2026/11/a.ogg", Bytes::from_static(b"OggS")).await.unwrap();
        assert_eq!(blobs.get("2026/11/a.ogg").await.unwrap(), Bytes::from_static(b"OggS"));
        blobs.delete("2026/11/a.ogg").await.unwrap();
        assert!(matches!(blobs.get("2026/11/a.ogg").await, Err(BlobError::Missing(_))));
        blobs.delete("2026/11/a.ogg").await.unwrap();
    }

    #[tokio::test]
    async fn what_lies_in_a_folder_for_long_is_swept_and_nothing_else() {
        let (_folder, blobs) = blobs();
        for key in ["imports/li", "imports/wang", "photos/a"] {
            blobs.put(key, Bytes::from_static(b"x")).await.unwrap();
        }
        assert_eq!(blobs.sweep(TABLES, Timestamp(0)).await.unwrap(), 0, "they are younger");
        assert_eq!(blobs.sweep(TABLES, Timestamp(i64::MAX)).await.unwrap(), 2);
        assert_eq!(blobs.sweep(TABLES, Timestamp(i64::MAX)).await.unwrap(), 0, "gone, and the folder may be, too");
        assert!(blobs.get("photos/a").await.is_ok());
    }

    #[tokio::test]
    async fn a_key_cannot_lead_out_of_the_store() {
        let (_folder, blobs) = blobs();
        for key in ["", "../a", "a/../../b", "/etc/passwd", "a//b", "a/.hidden", "a\\b", "a#1", "录音"] {
            assert!(matches!(blobs.put(key, Bytes::new()).await, Err(BlobError::Key)), "{key}");
        }
    }

    #[test]
    fn an_address_of_another_kind_is_refused_with_what_would_be_right() {
        let refused = Blobs::open("ftp:media").unwrap_err();
        assert_eq!(refused.to_string(), "media url: expected file:PATH or s3:BUCKET");
        assert!(Blobs::open("s3:bucket/prefix").is_err());
    }
}
