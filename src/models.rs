//! The models this program knows by name: what they are, whether their files are sound, and how
//! to fetch the published ones.
//!
//! [`manifest`] is `models/manifest.toml`, which is part of the program; the models themselves are
//! files. [`pull`] fetches them, [`behind`] is how they are run. Nothing here loads a model: that is `crate::speech` and
//! `crate::tagging`, which ask here first whether the file is what it should be.

pub mod behind;
mod integrity;
pub mod labels;
pub mod manifest;
pub mod pull;

pub use self::integrity::{FileFault, ModelFault, sha256_of};
pub use self::labels::Labels;
pub use self::manifest::{Manifest, Model, ModelFile, Purpose};

/// The directory the shipped models lie in, and where fetched ones go unless another is named.
pub const DIRECTORY: &str = "models";
