//! Buttons as words, for platforms and messages that cannot show any. The person answers with the
//! number or the label; `crate::intake` reads both as the button. It decides nothing else.

use std::fmt::Write as _;

use super::Button;

/// Returns the text with its buttons below: numbered, unless the labels are numbers themselves
/// (marks), which are answered as they stand.
pub fn with_buttons(text: &str, buttons: &[Button]) -> String {
    let mut whole = text.to_owned();
    let short = |button: &Button| button.label.chars().count() <= 2;
    if are_marks(buttons) {
        let (marks, others): (Vec<_>, Vec<_>) = buttons.iter().partition(|button| is_mark(button));
        let gap = if marks.iter().all(|mark| short(mark)) { " " } else { "\n" };
        let marks: Vec<_> = marks.into_iter().map(|mark| mark.label.as_str()).collect();
        whole.push('\n');
        whole.push_str(&marks.join(gap));
        for other in others {
            whole.push_str("\n· ");
            whole.push_str(&other.label);
        }
        return whole;
    }
    for (place, button) in buttons.iter().enumerate() {
        let _ = write!(whole, "\n{}. {}", place + 1, button.label);
    }
    whole
}

/// Says whether the buttons are marks (with perhaps one to skip): a line of words shows them best.
pub fn are_marks(buttons: &[Button]) -> bool {
    buttons.iter().any(is_mark)
}

/// "5", "10", "5 非常满意"; a day that is offered is none ("11月25日").
fn is_mark(button: &Button) -> bool {
    let rest = button.label.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.len() < button.label.len() && (rest.is_empty() || rest.starts_with([' ', '分']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buttons(labels: &[&str]) -> Vec<Button> {
        labels.iter().map(|label| Button { id: (*label).to_owned(), label: (*label).to_owned() }).collect()
    }

    #[test]
    fn buttons_are_numbered_and_marks_are_left_as_they_are() {
        insta::assert_snapshot!(with_buttons("提交吗？", &buttons(&["提交", "修改"])), @r"
        提交吗？
        1. 提交
        2. 修改
        ");
        insta::assert_snapshot!(with_buttons("几分？", &buttons(&["1", "2", "3", "跳过"])), @r"
        几分？
        1 2 3
        · 跳过
        ");
        insta::assert_snapshot!(with_buttons("满意吗？", &buttons(&["5 非常满意", "1 很不满意"])), @r"
        满意吗？
        5 非常满意
        1 很不满意
        ");
        insta::assert_snapshot!(with_buttons("哪个时间？", &buttons(&["11月25日（周三）09:00–11:00", "都不行"])), @r"
        哪个时间？
        1. 11月25日（周三）09:00–11:00
        2. 都不行
        ");
        assert_eq!(with_buttons("好的。", &[]), "好的。");
    }
}
