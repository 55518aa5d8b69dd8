//! Between columns and types: how stored text becomes an id, an enum or a structure again,
//! and what is said when it cannot.

use std::borrow::Cow;
use std::str::FromStr;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::de::value::StrDeserializer;

use super::StoreError;

/// A row being read, named so that a bad value can be reported exactly.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) table: &'static str,
    pub(super) id: &'a str,
}

impl Row<'_> {
    pub(super) fn corrupt(self, column: &'static str) -> StoreError {
        StoreError::Corrupt { table: self.table, column, id: self.id.to_owned() }
    }

    /// Reads what writes itself with `Display`: ids, actors.
    pub(super) fn parse<T: FromStr>(self, column: &'static str, text: &str) -> Result<T, StoreError> {
        text.parse().map_err(|_| self.corrupt(column))
    }

    pub(super) fn parse_opt<T: FromStr>(
        self,
        column: &'static str,
        text: Option<&str>,
    ) -> Result<Option<T>, StoreError> {
        text.map(|text| self.parse(column, text)).transpose()
    }

    /// Reads an enum of plain variants by its serialised name.
    pub(super) fn name<T: DeserializeOwned>(self, column: &'static str, text: &str) -> Result<T, StoreError> {
        T::deserialize(StrDeserializer::<serde::de::value::Error>::new(text)).map_err(|_| self.corrupt(column))
    }

    pub(super) fn name_opt<T: DeserializeOwned>(
        self,
        column: &'static str,
        text: Option<&str>,
    ) -> Result<Option<T>, StoreError> {
        text.map(|text| self.name(column, text)).transpose()
    }

    pub(super) fn json<T: DeserializeOwned>(self, column: &'static str, text: &str) -> Result<T, StoreError> {
        serde_json::from_str(text).map_err(|_| self.corrupt(column))
    }

    pub(super) fn bool(self, column: &'static str, value: i64) -> Result<bool, StoreError> {
        match value {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.corrupt(column)),
        }
    }

    pub(super) fn number<T: TryFrom<i64>>(self, column: &'static str, value: i64) -> Result<T, StoreError> {
        T::try_from(value).map_err(|_| self.corrupt(column))
    }
}

/// Returns the serialised name of an enum of plain variants.
pub(super) fn name_of(value: &impl Serialize) -> Result<String, StoreError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => Ok(name),
        Ok(_) => Err(encode_error("expected a plain variant")),
        Err(cause) => Err(StoreError::Encode(Arc::new(cause))),
    }
}

pub(super) fn name_of_opt(value: Option<&impl Serialize>) -> Result<Option<String>, StoreError> {
    value.map(name_of).transpose()
}

pub(super) fn json_of(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|cause| StoreError::Encode(Arc::new(cause)))
}

/// Returns the text without NUL characters, which Postgres refuses in TEXT: a person must not
/// be able to make a message unstorable.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "")) } else { Cow::Borrowed(text) }
}

pub(super) fn clean_opt(text: Option<&str>) -> Option<Cow<'_, str>> {
    text.map(clean)
}

fn encode_error(reason: &'static str) -> StoreError {
    StoreError::Encode(Arc::new(serde::ser::Error::custom(reason)))
}
