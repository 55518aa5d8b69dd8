//! What Telegram tells us, read (protocols §3.3).
//!
//! An update is read piece by piece: chat, sender, file and place are teloxide's types, each read
//! for itself, so that a member of a message that is new, odd or of no concern here (an entity, a
//! reply, a keyboard) cannot make the whole message unreadable. What nobody reads yet is answered
//! by a polite refusal if a person sent it, and else ignored by its kind alone.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use teloxide::types::{Chat, ChatId, Contact, FileMeta, Location, User, Venue};

use super::staff::{StaffSays, What};
use crate::channel::{ChannelKind, Content, Inbound, LONGEST_REFERENCE, Place, RemoteFile};
use crate::domain::language::Language;
use crate::domain::media::{MOST_MEGABYTES, MediaKind, Refusal};

/// The largest file that the Bot API hands out and we take, in bytes.
const LARGEST_FILE: u64 = MOST_MEGABYTES as u64 * 1024 * 1024;
/// The longest id and the longest callback data that are Telegram's (64 bytes) or ours.
const LONGEST_ID: usize = 256;

/// Members of a message by which Telegram itself speaks, not the person.
const SERVICE: &[&str] = &[
    "pinned_message",
    "message_auto_delete_timer_changed",
    "successful_payment",
    "refunded_payment",
    "users_shared",
    "chat_shared",
    "connected_website",
    "write_access_allowed",
    "proximity_alert_triggered",
    "boost_added",
    "chat_background_set",
    "direct_message_price_changed",
    "paid_message_price_changed",
    "forum_topic_created",
    "forum_topic_edited",
    "forum_topic_closed",
    "forum_topic_reopened",
    "gift",
    "unique_gift",
    "migrate_to_chat_id",
    "migrate_from_chat_id",
];

/// One update, reduced to what concerns us.
#[derive(Debug, Clone)]
pub struct Update {
    /// Rises by one from update to update.
    pub id: i64,
    /// What kind it was, for the log; nothing of what it held.
    pub kind: &'static str,
    /// What a client sent; empty when it is nothing for us.
    pub inbound: Vec<Inbound>,
    /// The pressed button that waits to be told that it was seen.
    pub query: Option<String>,
    /// What somebody did who may be staff. If it turns out to be nothing of staff's, `inbound` counts.
    pub staff: Option<StaffSays>,
}

/// Not an update: no JSON, or no object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an update of the Bot API")]
pub struct Unreadable;

impl Update {
    /// Reads the body of a webhook request.
    ///
    /// # Errors
    /// [`Unreadable`]. Telegram would send it again for a day; there is nothing in it to keep.
    pub fn read(body: &[u8]) -> Result<Update, Unreadable> {
        match serde_json::from_slice::<Value>(body) {
            Ok(value) if value.is_object() => Ok(Update::of(&value)),
            _ => Err(Unreadable),
        }
    }

    /// Reads one update of a list.
    pub fn of(update: &Value) -> Update {
        let id = update.get("update_id").and_then(Value::as_i64).unwrap_or(0);
        let member = |name| update.get(name).and_then(Value::as_object);
        let nothing = Update { id, kind: "another kind", inbound: Vec::new(), query: None, staff: None };
        if let Some(message) = member("message") {
            let staff = StaffSays::in_message(message);
            let linked = staff.as_ref().is_some_and(|says| matches!(says.what, What::Linked { .. }));
            let inbound = if linked { Vec::new() } else { message_in(message) };
            return Update { kind: "message", inbound, staff, ..nothing };
        }
        if let Some(message) = member("edited_message") {
            let staff = StaffSays::in_edit(message);
            return Update { kind: "edited_message", inbound: edit_in(message), staff, ..nothing };
        }
        if let Some(query) = member("callback_query") {
            let waiting = text(query, "id").filter(|id| id.len() <= LONGEST_ID).map(str::to_owned);
            let staff = waiting.as_deref().and_then(|id| StaffSays::in_query(query, id));
            let inbound = if staff.is_some() { None } else { press_in(query) };
            return Update {
                kind: "callback_query",
                inbound: inbound.into_iter().collect(),
                query: waiting,
                staff,
                ..nothing
            };
        }
        if let Some(change) = member("my_chat_member") {
            return Update { kind: "my_chat_member", inbound: change_in(change).into_iter().collect(), ..nothing };
        }
        nothing
    }
}

/// A message. Only private chats are clients' conversations: what is said in groups is ignored,
/// unless it answers us ([`StaffSays`]).
fn message_in(message: &Map<String, Value>) -> Vec<Inbound> {
    let (Some(chat), Some(number)) = (private_chat(message), integer(message, "message_id")) else { return Vec::new() };
    let Some(language) = sender(message) else { return Vec::new() };
    let inbound = |part: &str, content| Inbound {
        channel: ChannelKind::Telegram,
        address: chat.to_string(),
        external_id: format!("m:{chat}:{number}{part}"),
        language,
        content,
    };
    let caption = text(message, "caption").filter(|caption| !caption.trim().is_empty());
    match content(message, caption) {
        Some(content @ Content::Refused(_)) => {
            // What was written below a film is heard, though the film is not looked at.
            let words = caption.map(|caption| inbound("", Content::Text(caption.to_owned())));
            let part = if words.is_some() { ":file" } else { "" };
            words.into_iter().chain([inbound(part, content)]).collect()
        }
        Some(content) => vec![inbound("", content)],
        None => Vec::new(),
    }
}

/// An edited message: its new words are said in place of the old ones. A place that moves on is no message.
fn edit_in(message: &Map<String, Value>) -> Vec<Inbound> {
    let (Some(chat), Some(number)) = (private_chat(message), integer(message, "message_id")) else { return Vec::new() };
    let (Some(language), Some(edited)) = (sender(message), integer(message, "edit_date")) else { return Vec::new() };
    let words = text(message, "text").or_else(|| text(message, "caption")).filter(|words| !words.trim().is_empty());
    let external_id = format!("edit:{chat}:{number}:{edited}");
    let inbound = words.map(|words| Inbound {
        channel: ChannelKind::Telegram,
        address: chat.to_string(),
        external_id,
        language,
        content: Content::Edited(words.to_owned()),
    });
    inbound.into_iter().collect()
}

/// A pressed button. Who pressed it is said by `from`; what it says could be anybody's making, and
/// is looked up in what was offered to that person.
fn press_in(query: &Map<String, Value>) -> Option<Inbound> {
    let id = text(query, "id").filter(|id| id.len() <= LONGEST_ID)?;
    let data = text(query, "data").filter(|data| data.len() <= LONGEST_ID)?;
    let from = part::<User>(query, "from").filter(|from| !from.is_bot)?;
    // Buttons below messages of groups would be those of staff.
    if let Some(message) = query.get("message").and_then(Value::as_object) {
        private_chat(message)?;
    }
    Some(Inbound {
        channel: ChannelKind::Telegram,
        address: from.id.0.to_string(),
        external_id: format!("cb:{id}"),
        language: language_of(&from),
        content: Content::Choice(data.to_owned()),
    })
}

/// Somebody blocked us, or let us in again.
fn change_in(change: &Map<String, Value>) -> Option<Inbound> {
    let (chat, date) = (private_chat(change)?, integer(change, "date")?);
    let language = sender(change)?;
    let status = |which| change.get(which).and_then(|member| member.get("status")).and_then(Value::as_str);
    let outside = |status: &str| matches!(status, "kicked" | "left");
    let (content, word) = match (status("old_chat_member"), status("new_chat_member")?) {
        (_, now) if outside(now) => (Content::Left, "left"),
        (Some(before), _) if outside(before) => (Content::Returned, "back"),
        _ => return None,
    };
    Some(Inbound {
        channel: ChannelKind::Telegram,
        address: chat.to_string(),
        external_id: format!("member:{chat}:{date}:{word}"),
        language,
        content,
    })
}

/// Returns what a message holds; `None` when it is Telegram's own.
fn content(message: &Map<String, Value>, caption: Option<&str>) -> Option<Content> {
    if let Some(words) = text(message, "text") {
        return Some(Content::Text(words.to_owned()));
    }
    let unknown = Some(Content::Refused(Refusal::UnknownKind));
    let remote = |found: Result<RemoteFile, Refusal>| match found {
        Ok(file) => Content::Remote { files: vec![file], caption: caption.map(str::to_owned) },
        Err(refusal) => Content::Refused(refusal),
    };
    for name in ["voice", "audio"] {
        if let Some(file) = message.get(name) {
            return Some(remote(remote_file(MediaKind::Voice, file)));
        }
    }
    if let Some(sizes) = message.get("photo").and_then(Value::as_array) {
        // In ascending order; the largest that may be fetched.
        let size = sizes.iter().rev().find(|size| size_of(size) <= LARGEST_FILE).or(sizes.last());
        return Some(remote(size.ok_or(Refusal::UnknownKind).and_then(|size| remote_file(MediaKind::Photo, size))));
    }
    // A moving picture comes with a document that is it once more.
    if let Some(file) = message.get("document").filter(|_| !message.contains_key("animation")) {
        let kind = file.get("mime_type").and_then(Value::as_str).and_then(kind_of);
        return Some(remote(kind.ok_or(Refusal::UnknownKind).and_then(|kind| remote_file(kind, file))));
    }
    // A venue comes with a location that is it once more.
    if message.contains_key("venue") {
        let venue = part::<Venue>(message, "venue");
        let place = venue.and_then(|venue| place(venue.location, Some(format!("{}, {}", venue.title, venue.address))));
        return place.or(unknown);
    }
    if message.contains_key("location") {
        return part::<Location>(message, "location").and_then(|location| place(location, None)).or(unknown);
    }
    if message.contains_key("contact") {
        let contact = part::<Contact>(message, "contact");
        return contact
            .map(|contact| if is_own(message, &contact) { own_number(contact) } else { words_of(contact) })
            .or(unknown);
    }
    if SERVICE.iter().any(|name| message.contains_key(*name)) {
        return None;
    }
    unknown
}

/// What Telegram calls the type of a document is what the sender's program said; the bytes decide
/// later whether it was true.
fn kind_of(mime: &str) -> Option<MediaKind> {
    match mime.split_once('/')? {
        ("image", _) => Some(MediaKind::Photo),
        ("audio", _) | ("application", "ogg") => Some(MediaKind::Voice),
        _ => None,
    }
}

fn remote_file(kind: MediaKind, file: &Value) -> Result<RemoteFile, Refusal> {
    if size_of(file) > LARGEST_FILE {
        return Err(Refusal::TooLarge);
    }
    let known = FileMeta::deserialize(file).map_err(|_| Refusal::UnknownKind)?;
    let reference = known.id.0;
    if reference.is_empty() || reference.len() > LONGEST_REFERENCE {
        return Err(Refusal::UnknownKind);
    }
    Ok(RemoteFile { kind, reference, recognition: None })
}

/// Returns how large Telegram says a file is; 0 where it does not say.
fn size_of(file: &Value) -> u64 {
    file.get("file_size").and_then(Value::as_u64).unwrap_or(0)
}

fn place(location: Location, label: Option<String>) -> Option<Content> {
    let (latitude, longitude) = (location.latitude, location.longitude);
    let on_earth = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
    on_earth.then_some(Content::Place(Place { latitude, longitude, label }))
}

/// Whether a card is the sender's own, shown by themselves: it names their account, and was neither
/// forwarded nor sent through another bot (protocols §3.3).
fn is_own(message: &Map<String, Value>, contact: &Contact) -> bool {
    let from = part::<User>(message, "from").map(|from| from.id);
    let direct = !["forward_origin", "forward_date", "via_bot"].iter().any(|name| message.contains_key(*name));
    direct && contact.user_id.is_some() && contact.user_id == from
}

fn own_number(contact: Contact) -> Content {
    Content::OwnNumber(contact.phone_number)
}

/// A card of somebody's address book: whom to call.
fn words_of(contact: Contact) -> Content {
    let named = [Some(contact.first_name), contact.last_name, Some(contact.phone_number)];
    let words: Vec<String> = named.into_iter().flatten().filter(|word| !word.is_empty()).collect();
    Content::Text(words.join(" "))
}

/// Returns the number of a private chat.
fn private_chat(message: &Map<String, Value>) -> Option<i64> {
    part::<Chat>(message, "chat").filter(Chat::is_private).map(|Chat { id: ChatId(number), .. }| number)
}

/// Returns the language of the person who wrote, as far as it is ours; the outer `None` means that
/// it was no person.
#[expect(clippy::option_option, reason = "whether it was a person, and whether their language is known")]
fn sender(message: &Map<String, Value>) -> Option<Option<Language>> {
    part::<User>(message, "from").filter(|from| !from.is_bot).map(|from| language_of(&from))
}

pub(super) fn language_of(user: &User) -> Option<Language> {
    user.language_code.as_deref().and_then(Language::from_tag)
}

/// Reads one member for itself.
pub(super) fn part<T: DeserializeOwned>(of: &Map<String, Value>, name: &str) -> Option<T> {
    of.get(name).and_then(|value| serde_json::from_value(value.clone()).ok())
}

pub(super) fn text<'m>(of: &'m Map<String, Value>, name: &str) -> Option<&'m str> {
    of.get(name).and_then(Value::as_str)
}

pub(super) fn integer(of: &Map<String, Value>, name: &str) -> Option<i64> {
    of.get(name).and_then(Value::as_i64)
}

#[cfg(test)]
mod tests;
