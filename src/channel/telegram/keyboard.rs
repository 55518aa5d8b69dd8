//! Buttons below a message, as an inline keyboard where Telegram can carry them, else as words
//! (protocols §3.3, §3.4). The button that asks for the person's own number is Telegram's: it stands
//! where the letters do, and goes when it was pressed.

use teloxide::types::{
    ButtonRequest, InlineKeyboardButton, InlineKeyboardMarkup, KeyboardButton, KeyboardMarkup, ReplyMarkup,
};

use crate::channel::{Button, plain};
use crate::domain::dialogue::SHARE_NUMBER;

/// The most bytes a button may send back.
const LONGEST_DATA: usize = 64;
/// The most buttons that are shown.
const MOST_BUTTONS: usize = 100;
/// The most buttons side by side, where they are as short as marks.
const WIDEST: usize = 6;
/// Columns (a Han character takes two) of a label that leaves room for a second beside it.
const SHORT: usize = 16;
/// Columns of a mark.
const MARK: usize = 2;

/// Returns the text to send and what stands below it.
pub(super) fn below(text: &str, buttons: &[Button]) -> (String, Option<ReplyMarkup>) {
    if let [button] = buttons
        && button.id == SHARE_NUMBER
    {
        let key = KeyboardButton::new(button.label.clone()).request(ButtonRequest::Contact);
        let keyboard = KeyboardMarkup::new([[key]]).one_time_keyboard().resize_keyboard();
        return (text.to_owned(), Some(ReplyMarkup::Keyboard(keyboard)));
    }
    let (text, keyboard) = lay_out(text, buttons);
    (text, keyboard.map(ReplyMarkup::InlineKeyboard))
}

/// Returns the text to send and the keyboard below it.
fn lay_out(text: &str, buttons: &[Button]) -> (String, Option<InlineKeyboardMarkup>) {
    if buttons.is_empty() {
        return (text.to_owned(), None);
    }
    let carried = |button: &Button| (1..=LONGEST_DATA).contains(&button.id.len()) && !button.label.trim().is_empty();
    if buttons.len() > MOST_BUTTONS || !buttons.iter().all(carried) {
        return (plain::with_buttons(text, buttons), None);
    }
    let mut rows: Vec<Vec<&Button>> = Vec::new();
    for button in buttons {
        match rows.last_mut() {
            Some(row) if fits(row, button) => row.push(button),
            _ => rows.push(vec![button]),
        }
    }
    let key = |button: &Button| InlineKeyboardButton::callback(button.label.clone(), button.id.clone());
    let rows = rows.into_iter().map(|row| row.into_iter().map(key).collect::<Vec<_>>());
    (text.to_owned(), Some(InlineKeyboardMarkup::new(rows)))
}

/// Two short labels stand side by side, marks up to six.
fn fits(row: &[&Button], next: &Button) -> bool {
    let within = |columns| row.iter().chain([&next]).all(|button| width(&button.label) <= columns);
    within(MARK) && row.len() < WIDEST || within(SHORT) && row.len() < 2
}

fn width(label: &str) -> usize {
    label.chars().map(|c| if c >= '\u{1100}' { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(labels: &[&str]) -> String {
        let buttons: Vec<_> =
            labels.iter().map(|label| Button { id: format!("id:{label}"), label: (*label).to_owned() }).collect();
        let (text, keyboard) = lay_out("?", &buttons);
        assert_eq!(text, "?");
        let rows = keyboard.unwrap().inline_keyboard;
        rows.iter()
            .map(|row| row.iter().flat_map(|key| ["[", key.text.as_str(), "]"]).collect::<String>())
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn the_button_for_the_number_is_the_one_telegram_keeps_for_that() {
        let button = Button { id: SHARE_NUMBER.to_owned(), label: "发送我的手机号".to_owned() };
        let (text, keyboard) = below("?", &[button]);
        let keyboard = serde_json::to_value(keyboard.unwrap()).unwrap();
        assert_eq!((text.as_str(), &keyboard["keyboard"][0][0]["request_contact"]), ("?", &serde_json::json!(true)));
        assert_eq!(keyboard["one_time_keyboard"], true);
    }

    #[test]
    fn short_labels_stand_two_by_two_and_marks_in_a_line() {
        insta::assert_snapshot!(rows(&["报修", "查进度", "评价", "找人工"]), @r"
        [报修][查进度]
        [评价][找人工]
        ");
        insta::assert_snapshot!(rows(&["1", "2", "3", "4", "5", "跳过"]), @r"
        [1][2][3][4][5]
        [跳过]
        ");
        insta::assert_snapshot!(rows(&["师傅还没有和我联系过", "Yes", "No"]), @r"
        [师傅还没有和我联系过]
        [Yes][No]
        ");
    }

    #[test]
    fn what_a_button_cannot_carry_is_said_in_words() {
        let button = |id: String| Button { id, label: "好".to_owned() };
        let longest = [button("x".repeat(64))];
        assert!(lay_out("?", &longest).1.is_some());
        for id in ["x".repeat(65), "好".repeat(22), String::new()] {
            let (text, keyboard) = lay_out("?", &[button(id)]);
            assert_eq!((text.as_str(), keyboard), ("?\n1. 好", None));
        }
    }
}
