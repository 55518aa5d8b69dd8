//! What is told while somebody is to come, and says nothing of the time: who comes has to know it.

use super::absence::is_stood_in_for;
use super::calling::{bounds_visit, speaks_of_it};
use super::change::wants_another;
use super::excuse::{is_excuse_for_all, names_excuse};
use super::heard::Heard;
use super::wish::is_refused;
use super::{names_time, offer};
use crate::domain::appointment::Window;
use crate::domain::dialogue::clause::{asks, holds};
use crate::domain::dialogue::danger::BREAKS;
use crate::domain::dialogue::reading::asks_of_state;
use crate::domain::dialogue::state::Meeting;
use crate::domain::dialogue::{Turn, Words};
use crate::domain::script::normalised;

/// Fewer signs, or fewer words in Latin letters, tell nothing: 嘿嘿, "hmm".
const FEWEST_SIGNS: usize = 4;
const FEWEST_WORDS: usize = 2;
/// What speaks of another time, or may …
const MOVES: [&str; 4] = ["rather ", "push it", "push back", "bring it forward"];
/// … where a time is named in the same clause: 换 may be said of a tap.
const MOVES_TIME: [&str; 6] = ["改", "换", "挪", "推", "instead", "cant "];
/// What wants something of who comes, in words that sound as if it was asked how far it is.
const WANTS: [&str; 8] = ["让", "叫", "带", "记得", "别", "不要", "bring", "tell "];

impl Turn<'_> {
    /// Says how far it is, unless words only want something of who comes: "让师傅带个新软管".
    pub(in crate::domain::dialogue) fn hear_query(&mut self, words: &Words) {
        let wants = holds(&normalised(&words.text), &WANTS);
        if !wants || !self.told_for_visit(words) {
            self.status();
        }
    }

    /// Adds words to the one ticket to which somebody is to come, and says when that is, or asks once more. Staff sees
    /// those that may speak against the time. `false` if they ask something or say too little, or if it is not sure which
    /// visit is meant.
    pub(in crate::domain::dialogue) fn told_for_visit(&mut self, words: &Words) -> bool {
        let Some(meeting) = self.only_visit().filter(|_| tells(words)) else { return false };
        match meeting.agreed {
            Some(window) if self.doubts_time(&meeting, window, words) => {
                return self.shift_wished(&meeting, window, words);
            }
            Some(window) => self.note_for_visit(&meeting, window, words),
            None if is_excuse_for_all(&normalised(&words.text)) && !asks(&words.text) => {
                return self.appointment_verdict(false);
            }
            // An answer that names a time was not clear enough.
            None if names_time(&words.text) => return false,
            None => {
                self.add_to_ticket(meeting.ticket, words, Vec::new());
                self.say(offer(&meeting));
            }
        }
        true
    }

    /// Whether words may speak against the time that is agreed on: they name another day or hour, or something that does
    /// not suit with a time, or speak of it that nobody is to come.
    fn doubts_time(&self, meeting: &Meeting, window: Window, words: &Words) -> bool {
        let heard = Heard::new(&meeting.offered, words, self.ctx.now);
        let text = normalised(&words.text);
        // What keeps them on another day is no matter: "周五我上班".
        let excused = |clause: &str| heard.is_of_other_day(clause, window) && names_excuse(clause);
        let of_other_day = |clause: &str| heard.is_of_other_day(clause, window) && !names_excuse(clause);
        let other_day = !heard.names_day_of(window) && text.split(BREAKS).any(of_other_day);
        let other_hour = text.split(BREAKS).any(|clause| heard.sets_other_hour(clause, window));
        let against = |clause: &str| {
            let refused = || !excused(clause) && !bounds_visit(clause) && (is_refused(clause) || names_excuse(clause));
            let unfit = || refused() || holds(clause, &MOVES_TIME);
            let moved = holds(clause, &MOVES) || wants_another(clause) || speaks_of_it(clause);
            moved || names_time(clause) && unfit()
        };
        other_day || other_hour || text.split(BREAKS).any(against) && !is_stood_in_for(&text)
    }

    /// Returns the visit that is agreed on or offered and not over, if there is only one.
    fn only_visit(&self) -> Option<Meeting> {
        let now = self.ctx.now;
        let stands = |meeting: &&Meeting| match meeting.agreed {
            Some(window) => now < window.until,
            None => !meeting.asked && meeting.offered.iter().any(|offered| now < offered.window.until),
        };
        let mut visits = self.state.meetings.iter().filter(stands);
        let only = visits.next()?;
        visits.next().is_none().then(|| only.clone())
    }
}

/// Whether words tell something and ask nothing.
fn tells(words: &Words) -> bool {
    let text = normalised(&words.text);
    let enough = if text.is_ascii() {
        text.split_whitespace().count() >= FEWEST_WORDS
    } else {
        text.chars().filter(|c| c.is_alphanumeric()).count() >= FEWEST_SIGNS
    };
    enough && !asks_of_state(words)
}
