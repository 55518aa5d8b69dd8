//! What the labels of a classifier that is not ours mean to us.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use crate::domain::understanding::Sentiment;

/// Label → mood. Upper and lower case are the same.
///
/// Written as a table, `{ "1 star" = "negative", … }`, or, where only text fits (a variable), as
/// `1 star=negative, 2 stars=negative, …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels(BTreeMap<String, Sentiment>);

impl Labels {
    /// The labels of a classifier that names the three moods as we do.
    pub fn ours() -> Labels {
        Labels(BTreeMap::from(
            [Sentiment::Negative, Sentiment::Neutral, Sentiment::Positive].map(|mood| (name(mood).to_owned(), mood)),
        ))
    }

    /// Returns what a label means, if it is known.
    pub fn mood_of(&self, label: &str) -> Option<Sentiment> {
        self.0.get(&label.trim().to_lowercase()).copied()
    }

    fn add(&mut self, label: &str, mood: &str) -> Result<(), String> {
        let known = [Sentiment::Negative, Sentiment::Neutral, Sentiment::Positive];
        let mood = known.into_iter().find(|known| name(*known) == mood.trim().to_lowercase()).ok_or_else(|| {
            format!("label \"{}\" cannot mean \"{}\": say negative, neutral or positive", label.trim(), mood.trim())
        })?;
        self.0.insert(label.trim().to_lowercase(), mood);
        Ok(())
    }
}

fn name(mood: Sentiment) -> &'static str {
    match mood {
        Sentiment::Negative => "negative",
        Sentiment::Neutral => "neutral",
        Sentiment::Positive => "positive",
    }
}

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Labels, D::Error> {
        source.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Labels;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("labels with what they mean, such as { \"1 star\" = \"negative\" }")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Labels, E> {
        let mut labels = Labels(BTreeMap::new());
        for pair in text.split(',').filter(|pair| !pair.trim().is_empty()) {
            let (label, mood) = pair
                .split_once('=')
                .ok_or_else(|| E::custom(format!("expected LABEL=MOOD, LABEL=MOOD, …, not {:?}", pair.trim())))?;
            labels.add(label, mood).map_err(E::custom)?;
        }
        Ok(labels)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Labels, A::Error> {
        let mut labels = Labels(BTreeMap::new());
        while let Some((label, mood)) = pairs.next_entry::<String, String>()? {
            labels.add(&label, &mood).map_err(A::Error::custom)?;
        }
        Ok(labels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Holder {
        labels: Labels,
    }

    fn read(toml: &str) -> Result<Labels, String> {
        toml::from_str::<Holder>(toml).map(|holder| holder.labels).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn a_table_and_a_text_say_the_same() {
        let table = read(r#"labels = { "1 Star" = "negative", "2 stars" = "neutral" }"#).unwrap();
        assert_eq!(read(r#"labels = "1 star=negative, 2 stars = neutral""#).unwrap(), table);
        assert_eq!(table.mood_of("1 STAR"), Some(Sentiment::Negative));
        assert_eq!(table.mood_of("3 stars"), None);
    }

    #[test]
    fn what_is_no_mood_is_refused() {
        insta::assert_snapshot!(read(r#"labels = { good = "nice" }"#).unwrap_err(), @r#"label "good" cannot mean "nice": say negative, neutral or positive"#);
        insta::assert_snapshot!(read(r#"labels = "good""#).unwrap_err(), @r#"expected LABEL=MOOD, LABEL=MOOD, …, not "good""#);
    }
}
