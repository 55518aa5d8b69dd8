//! Which home an address names: building, entrance and room, as far as they are numbers.

use super::project::Unit;
use super::script::normalised;

/// What stands behind the number of a building, and before it.
const BUILDINGS: [&str; 4] = ["栋", "幢", "座", "号楼"];
const BUILDING: [&str; 3] = ["building", "block", "tower"];
/// The same of an entrance.
const ENTRANCES: [&str; 1] = ["单元"];
const ENTRANCE: [&str; 2] = ["unit", "entrance"];
/// The same of a room, for numbers that are too short to be one by themselves.
const ROOMS: [&str; 2] = ["室", "房"];
const ROOM: [&str; 4] = ["room", "flat", "apartment", "apt"];
/// A number of so many digits behind a building is a room: 902.
const ROOM_DIGITS: usize = 3;

/// A home among others of its project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct House {
    pub building: String,
    /// 单元, where it is named.
    pub entrance: Option<String>,
    pub room: String,
}

/// A number or word of Latin letters, with the one before it and the text behind it.
struct Piece<'t> {
    before: &'t str,
    word: &'t str,
    after: &'t str,
}

impl House {
    /// Reads the home that an address names by building and room: "2栋1单元902 厨房", "Building 2, Room 501".
    pub fn named_in(address: &str) -> Option<House> {
        let text = normalised(address);
        let mut pieces = pieces(&text).into_iter();
        let building = pieces.find(|piece| piece.is_numbered(&BUILDINGS, &BUILDING))?.word.to_owned();
        let rest: Vec<Piece<'_>> = pieces.collect();
        let is_entrance = |piece: &&Piece<'_>| piece.is_numbered(&ENTRANCES, &ENTRANCE);
        let entrance = rest.iter().find(is_entrance).map(|piece| piece.word.to_owned());
        let is_room = |piece: &&Piece<'_>| piece.is_room() && !is_entrance(piece);
        let room = rest.iter().find(is_room)?.word.to_owned();
        Some(House { building, entrance, room })
    }

    /// Returns the home that a unit is; `None` for a machine, or where its label does not say.
    pub fn of(unit: &Unit) -> Option<House> {
        House::named_in(&unit.label).or_else(|| {
            Some(House {
                building: normalised(unit.building.as_deref()?),
                entrance: unit.unit.as_deref().map(normalised),
                room: normalised(unit.room.as_deref()?),
            })
        })
    }

    /// Whether both may be the same: an entrance that is not named says nothing.
    pub fn is(&self, other: &House) -> bool {
        let same_entrance = self.entrance.as_ref().zip(other.entrance.as_ref()).is_none_or(|(one, two)| one == two);
        self.building == other.building && self.room == other.room && same_entrance
    }
}

impl Piece<'_> {
    /// Whether it is a number, or a single letter, called by one of the words behind it or before it.
    fn is_numbered(&self, behind: &[&str], before: &[&str]) -> bool {
        let is_number = self.word.len() == 1 || self.word.contains(|c: char| c.is_ascii_digit());
        is_number && (behind.iter().any(|word| self.after.starts_with(word)) || before.contains(&self.before))
    }

    fn is_room(&self) -> bool {
        let digits = self.word.chars().filter(char::is_ascii_digit).count();
        digits >= ROOM_DIGITS || self.is_numbered(&ROOMS, &ROOM)
    }
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces: Vec<Piece<'_>> = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphanumeric()) {
        let (_, from) = rest.split_at_checked(start).unwrap_or_default();
        let end = from.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(from.len());
        let (word, after) = from.split_at_checked(end).unwrap_or((from, ""));
        let before = pieces.last().map_or("", |last| last.word);
        pieces.push(Piece { before, word, after });
        rest = after;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_home_by_building_and_room() {
        let cases = [
            ("2栋1单元902", Some(("2", Some("1"), "902"))),
            ("翠湖花园12栋1803厨房", Some(("12", None, "1803"))),
            ("A座3室", Some(("a", None, "3"))),
            ("Building 2, Room 501, Jade Lake Garden", Some(("2", None, "501"))),
            ("Block 3 Unit 2 Flat 12", Some(("3", Some("2"), "12"))),
            ("3栋2单元电梯", None),
            ("12栋3层机房", None),
            ("主卧卫生间", None),
            ("the building has 200 flats", None),
        ];
        for (address, expected) in cases {
            let named = House::named_in(address);
            let named =
                named.as_ref().map(|house| (house.building.as_str(), house.entrance.as_deref(), house.room.as_str()));
            assert_eq!(named, expected, "{address}");
        }
    }

    #[test]
    fn an_entrance_that_is_not_named_may_be_any() {
        let house = |address| House::named_in(address).unwrap();
        assert!(house("2栋902").is(&house("2栋1单元902")));
        assert!(!house("2栋2单元902").is(&house("2栋1单元902")));
        assert!(!house("1栋902").is(&house("2栋902")));
    }
}
