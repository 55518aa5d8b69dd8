//! Updates as the Bot API sends them, and as nobody should.

use serde_json::json;

use super::*;

/// Reads an update as it stands in a webhook's body; shows what came of it, one line a message.
fn seen(update: &Value) -> String {
    let update = Update::read(update.to_string().as_bytes()).unwrap();
    let mut lines = vec![format!("{} {}", update.id, update.kind)];
    for inbound in &update.inbound {
        assert_eq!(inbound.channel, ChannelKind::Telegram);
        let language = inbound.language.map_or("?", Language::tag);
        lines.push(format!("{} {} {language} {:?}", inbound.external_id, inbound.address, inbound.content));
    }
    lines.extend(update.query.map(|query| format!("to be answered: {query}")));
    lines.join("\n")
}

/// A message of a private chat with further members.
fn message(rest: &Value) -> Value {
    let mut message = json!({
        "message_id": 1365,
        "from": {
            "id": 1_111_111, "is_bot": false, "first_name": "Wang", "last_name": "Fang", "username": "wangfang",
            "language_code": "zh-hans", "is_premium": true
        },
        "chat": { "id": 1_111_111, "type": "private", "first_name": "Wang", "last_name": "Fang", "username": "wangfang" },
        "date": 1_441_645_532
    });
    for (name, value) in rest.as_object().unwrap() {
        message[name] = value.clone();
    }
    json!({ "update_id": 10_000, "message": message })
}

/// What a message with these members holds.
fn held(rest: &Value) -> Vec<Content> {
    let update = Update::of(&message(rest));
    update.inbound.into_iter().map(|inbound| inbound.content).collect()
}

fn refused(refusal: Refusal) -> Vec<Content> {
    vec![Content::Refused(refusal)]
}

fn remote(kind: MediaKind, reference: &str, caption: Option<&str>) -> Vec<Content> {
    let file = RemoteFile { kind, reference: reference.to_owned(), recognition: None };
    vec![Content::Remote { files: vec![file], caption: caption.map(str::to_owned) }]
}

#[test]
fn a_text_is_read_with_the_deep_link_that_began_it() {
    let start = json!({ "text": "/start aB-9_z", "entities": [{ "offset": 0, "length": 6, "type": "bot_command" }] });
    insta::assert_snapshot!(seen(&message(&start)), @r#"
    10000 message
    m:1111111:1365 1111111 zh-CN Text("/start aB-9_z")
    "#);
}

#[test]
fn what_is_new_around_a_text_does_not_keep_it_from_being_read() {
    let odd = json!({
        "text": "厨房漏水",
        "entities": [{ "offset": 0, "length": 2, "type": "a_kind_of_2031", "date_time": { "unix": "x" } }],
        "reply_to_message": { "message_id": "not a number" },
        "external_reply": 7, "quote": [], "sender_tag": {}, "reply_markup": { "inline_keyboard": [[{ "text": 1 }]] }
    });
    assert_eq!(held(&odd), [Content::Text("厨房漏水".to_owned())]);
}

#[test]
fn a_pressed_button_is_a_choice_of_whoever_pressed_it() {
    let query = json!({ "update_id": 10_001, "callback_query": {
        "id": "4382bfdwdsb323b2d9",
        "from": { "id": 1_111_111, "is_bot": false, "first_name": "Ann", "language_code": "en" },
        "message": {
            "message_id": 1366, "date": 1_441_645_533,
            "from": { "id": 42, "is_bot": true, "first_name": "huifang", "username": "huifang_bot" },
            "chat": { "id": 1_111_111, "type": "private", "first_name": "Ann" },
            "text": "How was it?",
            "reply_markup": { "inline_keyboard": [[{ "text": "5", "callback_data": "q1a2b3c4d:overall:5" }]] }
        },
        "chat_instance": "-3294582", "data": "q1a2b3c4d:overall:5"
    } });
    insta::assert_snapshot!(seen(&query), @r#"
    10001 callback_query
    cb:4382bfdwdsb323b2d9 1111111 en Choice("q1a2b3c4d:overall:5")
    to be answered: 4382bfdwdsb323b2d9
    "#);
    let mut old = query.clone();
    old["callback_query"]["message"] =
        json!({ "message_id": 1366, "date": 0, "chat": { "id": 1_111_111, "type": "private", "first_name": "Ann" } });
    assert_eq!(seen(&old), seen(&query));
    let mut inline = query.clone();
    inline["callback_query"].as_object_mut().unwrap().remove("message");
    assert_eq!(seen(&inline), seen(&query));
}

#[test]
fn a_press_that_says_nothing_or_comes_from_a_group_is_answered_all_the_same() {
    let from = json!({ "id": 1, "is_bot": false, "first_name": "A" });
    let group = json!({ "message_id": 1, "date": 1, "chat": { "id": -5, "type": "group", "title": "G" } });
    for query in [
        json!({ "id": "q", "from": from, "chat_instance": "1", "game_short_name": "chess" }),
        json!({ "id": "q", "from": from, "chat_instance": "1", "data": "x".repeat(257) }),
        json!({ "id": "q", "from": from, "chat_instance": "1", "data": "do:help", "message": group }),
        json!({ "id": "q", "chat_instance": "1", "data": "do:help" }),
    ] {
        let update = Update::of(&json!({ "update_id": 1, "callback_query": query }));
        assert!(update.inbound.is_empty(), "{query}");
        assert_eq!(update.query.as_deref(), Some("q"));
    }
}

#[test]
fn of_a_photo_the_largest_size_is_taken() {
    let size = |id: &str, bytes: u64| json!({ "file_id": id, "file_unique_id": "AQAD", "width": 90, "height": 67, "file_size": bytes });
    let photo = json!({ "photo": [size("small", 1_253), size("large", 184_553)], "caption": "看这里" });
    assert_eq!(held(&photo), remote(MediaKind::Photo, "large", Some("看这里")));
    let huge = json!({ "photo": [size("small", 1_253), size("huge", 30_000_000)] });
    assert_eq!(held(&huge), remote(MediaKind::Photo, "small", None));
    assert_eq!(held(&json!({ "photo": [size("huge", 30_000_000)] })), refused(Refusal::TooLarge));
    assert_eq!(held(&json!({ "photo": [] })), refused(Refusal::UnknownKind));
}

#[test]
fn the_photos_of_an_album_are_messages_of_their_own() {
    let photo = json!([{ "file_id": "p", "file_unique_id": "u", "width": 1, "height": 1 }]);
    let mut second = message(&json!({ "photo": photo, "media_group_id": "13243" }));
    second["message"]["message_id"] = json!(1366);
    let first = message(&json!({ "photo": photo, "media_group_id": "13243", "caption": "两张" }));
    let ids = [&first, &second].map(|update| Update::of(update).inbound[0].external_id.clone());
    assert_eq!(ids, ["m:1111111:1365", "m:1111111:1366"]);
}

#[test]
fn voices_and_recordings_are_listened_to() {
    let voice = json!({ "voice": { "file_id": "AwACAgIAAxk", "file_unique_id": "AgAD", "duration": 3,
        "mime_type": "audio/ogg", "file_size": 12_345 } });
    assert_eq!(held(&voice), remote(MediaKind::Voice, "AwACAgIAAxk", None));
    // Type and size are optional.
    let bare = json!({ "voice": { "file_id": "AwACAgIAAxk", "file_unique_id": "AgAD", "duration": 3 } });
    assert_eq!(held(&bare), held(&voice));
    let audio = json!({ "audio": { "file_id": "CQAC", "file_unique_id": "A", "duration": 60, "performer": "我",
        "title": "录音", "mime_type": "audio/mpeg", "file_size": 1_000_000 }, "caption": "听一下" });
    assert_eq!(held(&audio), remote(MediaKind::Voice, "CQAC", Some("听一下")));
    let long =
        json!({ "voice": { "file_id": "A", "file_unique_id": "A", "duration": 9_000, "file_size": 20_971_521 } });
    assert_eq!(held(&long), refused(Refusal::TooLarge));
    let absurd = json!({ "voice": { "file_id": "A", "file_unique_id": "A", "duration": 1, "file_size": u64::MAX } });
    assert_eq!(held(&absurd), refused(Refusal::TooLarge));
}

#[test]
fn a_document_is_taken_if_it_is_an_image_or_a_recording() {
    let document = |mime: &str| {
        json!({ "document": { "file_id": "BQAC", "file_unique_id": "A", "file_name": "x", "mime_type": mime,
            "file_size": 1_000 } })
    };
    assert_eq!(held(&document("image/heic")), remote(MediaKind::Photo, "BQAC", None));
    assert_eq!(held(&document("audio/amr")), remote(MediaKind::Voice, "BQAC", None));
    assert_eq!(held(&document("application/ogg")), remote(MediaKind::Voice, "BQAC", None));
    for other in ["application/pdf", "video/mp4", "text/html", "", "image"] {
        assert_eq!(held(&document(other)), refused(Refusal::UnknownKind), "{other}");
    }
    let nameless = json!({ "document": { "file_id": "BQAC", "file_unique_id": "A" } });
    assert_eq!(held(&nameless), refused(Refusal::UnknownKind));
}

#[test]
fn what_cannot_be_looked_at_is_refused_but_the_words_below_it_are_heard() {
    let file = json!({ "file_id": "V", "file_unique_id": "A", "width": 1, "height": 1, "duration": 3, "length": 240 });
    for kind in ["video_note", "video", "sticker", "dice", "poll", "game", "story", "checklist", "something_of_2031"] {
        assert_eq!(held(&json!({ kind: file })), refused(Refusal::UnknownKind), "{kind}");
    }
    let animation = json!({ "animation": file, "document": { "file_id": "V", "file_unique_id": "A",
        "mime_type": "image/gif" } });
    assert_eq!(held(&animation), refused(Refusal::UnknownKind));
    insta::assert_snapshot!(seen(&message(&json!({ "video": file, "caption": "厨房漏水" }))), @r#"
    10000 message
    m:1111111:1365 1111111 zh-CN Text("厨房漏水")
    m:1111111:1365:file 1111111 zh-CN Refused(UnknownKind)
    "#);
}

#[test]
fn places_are_places_and_a_card_is_a_telephone_number() {
    let location = json!({ "latitude": 31.224_361, "longitude": 121.469_17, "horizontal_accuracy": 20.0 });
    insta::assert_snapshot!(seen(&message(&json!({ "location": location }))), @"
    10000 message
    m:1111111:1365 1111111 zh-CN Place(Place { latitude: 31.224361, longitude: 121.46917, label: None })
    ");
    let venue = json!({ "location": location, "venue": { "location": location, "title": "翠湖花园", "address": "湖滨路 1 号" } });
    insta::assert_snapshot!(seen(&message(&venue)), @r#"
    10000 message
    m:1111111:1365 1111111 zh-CN Place(Place { latitude: 31.224361, longitude: 121.46917, label: Some("翠湖花园, 湖滨路 1 号") })
    "#);
    let contact = json!({ "contact": { "phone_number": "+8613800000000", "first_name": "张", "last_name": "师傅",
        "user_id": 2_222_222 } });
    assert_eq!(held(&contact), [Content::Text("张 师傅 +8613800000000".to_owned())]);
    let own = json!({ "phone_number": "8613800000000", "first_name": "Wang", "user_id": 1_111_111 });
    assert_eq!(held(&json!({ "contact": own })), [Content::OwnNumber("8613800000000".to_owned())]);
    // Handed on by somebody it is a card like any other.
    let origin = json!({ "type": "hidden_user", "sender_user_name": "x", "date": 1 });
    let forwarded = held(&json!({ "contact": own, "forward_origin": origin }));
    assert_eq!(forwarded, [Content::Text("Wang 8613800000000".to_owned())]);
    for nowhere in [json!({ "latitude": 91.0, "longitude": 0.0 }), json!({ "latitude": "x" }), json!(7)] {
        assert_eq!(held(&json!({ "location": nowhere })), refused(Refusal::UnknownKind));
    }
}

#[test]
fn an_edited_message_is_said_in_place_of_what_it_was() {
    let mut edited = message(&json!({ "text": "卧室漏水", "edit_date": 1_441_645_600 }));
    edited["edited_message"] = edited["message"].take();
    edited.as_object_mut().unwrap().remove("message");
    insta::assert_snapshot!(seen(&edited), @r#"
    10000 edited_message
    edit:1111111:1365:1441645600 1111111 zh-CN Edited("卧室漏水")
    "#);
    // A live location moves by edits.
    edited["edited_message"].as_object_mut().unwrap().remove("text");
    edited["edited_message"]["location"] = json!({ "latitude": 1.0, "longitude": 1.0, "live_period": 900 });
    assert_eq!(seen(&edited), "10000 edited_message");
}

#[test]
fn blocking_and_letting_in_again_are_known() {
    let change = |before: &str, after: &str| {
        let member = |status: &str| json!({ "user": { "id": 42, "is_bot": true, "first_name": "huifang" }, "status": status, "until_date": 0 });
        json!({ "update_id": 7, "my_chat_member": {
            "chat": { "id": 1_111_111, "type": "private", "first_name": "A" },
            "from": { "id": 1_111_111, "is_bot": false, "first_name": "A" }, "date": 1_441_645_532,
            "old_chat_member": member(before), "new_chat_member": member(after) } })
    };
    assert_eq!(seen(&change("member", "kicked")), "7 my_chat_member\nmember:1111111:1441645532:left 1111111 ? Left");
    assert_eq!(
        seen(&change("kicked", "member")),
        "7 my_chat_member\nmember:1111111:1441645532:back 1111111 ? Returned"
    );
    assert_eq!(seen(&change("left", "kicked")), "7 my_chat_member\nmember:1111111:1441645532:left 1111111 ? Left");
    assert_eq!(seen(&change("member", "member")), "7 my_chat_member");
}

#[test]
fn groups_channels_bots_and_telegrams_own_words_are_ignored() {
    let nothing = |update: &Value| Update::of(update).inbound.is_empty();
    let mut group = message(&json!({ "text": "/help@huifang_bot" }));
    group["message"]["chat"] = json!({ "id": -100_123, "type": "supergroup", "title": "业主群" });
    assert!(nothing(&group));
    let mut bot = message(&json!({ "text": "hello" }));
    bot["message"]["from"]["is_bot"] = json!(true);
    assert!(nothing(&bot));
    let post = json!({ "update_id": 1, "channel_post": { "message_id": 1, "date": 1, "text": "x",
        "chat": { "id": -1_005, "type": "channel", "title": "C" } } });
    assert!(nothing(&post));
    for own in ["pinned_message", "message_auto_delete_timer_changed", "chat_background_set"] {
        assert!(nothing(&message(&json!({ own: {} }))), "{own}");
    }
    let migrated = json!({ "update_id": 1, "message": { "message_id": 1, "date": 1, "migrate_to_chat_id": -1_007,
        "chat": { "id": -7, "type": "group", "title": "G" } } });
    assert!(nothing(&migrated));
}

#[test]
fn a_kind_that_is_new_is_named_by_nothing_it_holds() {
    for unknown in
        [json!({ "update_id": 5, "poll_answer": {} }), json!({ "update_id": 5, "x\ny": { "text": "secret" } })]
    {
        assert_eq!(seen(&unknown), "5 another kind");
    }
    assert_eq!(seen(&json!({})), "0 another kind");
}

#[test]
fn hostile_bodies_are_read_as_nothing() {
    for body in
        [b"".as_slice(), b"null", b"[]", b"7", b"\"x\"", b"{\"update_id\":", b"\xff\xfe", b"{\"message\":\"\xc3\x28\"}"]
    {
        assert_eq!(Update::read(body).unwrap_err(), Unreadable);
    }
    let deep = format!("{{\"message\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(Update::read(deep.as_bytes()).unwrap_err(), Unreadable);
    for broken in [
        json!({ "update_id": 1, "message": 7 }),
        json!({ "update_id": 1, "message": {} }),
        json!({ "update_id": "1", "message": { "text": "x", "message_id": 1 } }),
        json!({ "update_id": 1, "callback_query": { "id": 7 } }),
        json!({ "update_id": 1, "my_chat_member": { "chat": null } }),
        json!({ "update_id": -1, "edited_message": { "chat": { "id": 1, "type": "private" } } }),
    ] {
        let update = Update::of(&broken);
        assert!(update.inbound.is_empty() && update.query.is_none(), "{broken}");
    }
    let mut huge = message(&json!({ "text": "x" }));
    huge["message"]["chat"]["id"] = serde_json::from_str("99999999999999999999999999").unwrap();
    assert!(Update::of(&huge).inbound.is_empty());
    huge["message"]["chat"]["id"] = json!(4_503_599_627_370_495_i64);
    assert_eq!(Update::of(&huge).inbound[0].address, "4503599627370495");
    let long =
        json!({ "voice": { "file_id": "A".repeat(LONGEST_REFERENCE + 1), "file_unique_id": "A", "duration": 1 } });
    assert_eq!(held(&long), refused(Refusal::UnknownKind));
}
