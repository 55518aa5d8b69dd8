//! Chinese characters as they are written elsewhere: the simplified form of each traditional one.

use std::collections::HashMap;
use std::sync::LazyLock;

use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;

/// One character for one, so that positions in a text stay.
static SIMPLIFIED: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let Ok(table) = OpenCC::from_config(BuiltinConfig::T2s) else { return HashMap::new() };
    let simpler = |c: char| table.convert(c.encode_utf8(&mut [0; 4])).chars().next().unwrap_or(c);
    // Twice: what some become has a simpler form itself.
    let pairs = ('\u{4e00}'..='\u{9fff}').map(|from| (from, simpler(simpler(from))));
    pairs.filter(|(from, to)| from != to).collect()
});

/// Says whether a character is Chinese.
pub fn is_han(c: char) -> bool {
    ('\u{3400}'..='\u{9fff}').contains(&c)
}

/// Returns the simplified form of a character: itself, if it has no other.
pub fn simplified(c: char) -> char {
    SIMPLIFIED.get(&c).copied().unwrap_or(c)
}

/// Returns every character that has a simplified form, with that; empty if the built-in table cannot be read.
pub fn table() -> &'static HashMap<char, char> {
    &SIMPLIFIED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traditional_becomes_simplified_and_stays_so() {
        let written: String = "退訂、刪除我的資料 OK".chars().map(simplified).collect();
        assert_eq!(written, "退订、删除我的资料 OK");
        let twice: Vec<_> = table().values().filter(|c| simplified(**c) != **c).collect();
        assert!(twice.is_empty(), "{twice:?}");
    }
}
