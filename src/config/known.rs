//! The names of sections and keys, asked from the types that hold them, so that there is no
//! second list to forget.

use serde::Deserialize;
use serde::de::value::Error;
use serde::de::{Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;

use super::Config;
use super::sections::{
    AlertsConfig, DatabaseConfig, MediaConfig, ModelsConfig, PolicyConfig, ServerConfig, TaggingConfig,
};
use crate::channel::http::HttpConfig;
use crate::channel::telegram::TelegramConfig;
use crate::channel::wechat::WechatConfig;
use crate::channel::wecom::WecomConfig;
use crate::speech::SpeechConfig;

/// Returns the names of all sections.
pub(super) fn sections() -> &'static [&'static str] {
    fields_of::<Config>()
}

/// Returns the keys of one section.
pub(super) fn keys(section: &str) -> Option<&'static [&'static str]> {
    Some(match section {
        "server" => fields_of::<ServerConfig>(),
        "database" => fields_of::<DatabaseConfig>(),
        "media" => fields_of::<MediaConfig>(),
        "speech" => fields_of::<SpeechConfig>(),
        "tagging" => fields_of::<TaggingConfig>(),
        "models" => fields_of::<ModelsConfig>(),
        "policy" => fields_of::<PolicyConfig>(),
        "wechat" => fields_of::<WechatConfig>(),
        "wecom" => fields_of::<WecomConfig>(),
        "alerts" => fields_of::<AlertsConfig>(),
        "telegram" => fields_of::<TelegramConfig>(),
        "http" => fields_of::<HttpConfig>(),
        _ => return None,
    })
}

fn fields_of<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let mut fields: &'static [&'static str] = &[];
    // The answer is what the type asks for; there is nothing to give it, so it always "fails".
    let _: Result<T, Error> = T::deserialize(Asked(&mut fields));
    fields
}

/// A deserialiser that only notes which fields it is asked for.
struct Asked<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Asked<'_> {
    type Error = Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Error> {
        *self.0 = fields;
        Err(Error::custom("only the names were wanted"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Error> {
        Err(Error::custom("not a struct"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
