//! Numbers that are ratings by their wording: "四分", "4 stars", "8 out of 10", "给 4".
//!
//! And the words that make a number no rating: minutes, floors, prices, "十分满意".

use super::{Mark, Reader, Scale, is_star, same};
use crate::domain::lexicon::Meaning;
use crate::domain::understanding::Awaiting;
use crate::tagging::number::Number;
use crate::tagging::text::is_han;

/// What carries a number that is no mark: rooms, tickets, times of day.
const NUMBERED_ENGLISH: &[&str] = &[
    "room",
    "flat",
    "unit",
    "floor",
    "apartment",
    "apt",
    "block",
    "number",
    "no",
    "ticket",
    "order",
    "building",
    "door",
    "gate",
    "bus",
    "line",
    "route",
    "level",
    "page",
    "step",
    "question",
    "item",
    "suite",
    "tower",
    "lift",
    "elevator",
    "bay",
    "plot",
    "house",
    "job",
    "case",
    "reference",
    "ref",
    "invoice",
    "size",
    "phase",
    "section",
    "bedroom",
    "bathroom",
    "switch",
    "meter",
    "at",
    "by",
    "after",
    "before",
    "day",
    "until",
    "till",
    "since",
    "past",
];
const NUMBERED_CHINESE: &[&str] =
    &["房间", "电梯", "单号", "编号", "尾号", "工号", "门牌", "工单", "订单", "楼栋", "型号", "尺寸", "农历", "电话"];

/// What follows a mark at the beginning of a message.
const FOR_SOMETHING: &[&str] =
    &[" for the ", " for your ", " for this ", " for that ", " across the ", " all round", " all around"];

/// What leads to a mark with its article: "now a 2", "a solid 4" is a mark by its word.
const CALLING: &[&str] =
    &["now", "so", "maybe", "probably", "still", "just", "only", "barely", "then", "merely", "overall"];

/// What follows 分 where it is a share, a width, money or the size of a part.
const NO_MARKS: &[&str] = &[
    "像样板",
    "像个",
    "宽",
    "把握",
    "利息",
    "转",
    "变",
    "内丝",
    "外丝",
    "对丝",
    "三通",
    "球阀",
    "软管",
    "货",
    "价钱",
    "那种",
    "口",
    "接口",
    "接头",
    "弯头",
    "管",
    "丝",
    "阀",
    "水管",
    "饱",
    "醉",
    "靠材料",
    "靠手艺",
    "不差",
    "没差",
    "没多",
    "不多收",
    "没收",
    "都没多",
    "都没收",
];

impl Reader<'_> {
    /// Returns what is a rating by its wording.
    pub(super) fn marks(&self) -> Vec<Mark> {
        let mut marks: Vec<Mark> = Vec::new();
        let mut taken = 0;
        for number in self.numbers {
            if number.start < taken {
                continue;
            }
            let fraction = self.fraction(number).or_else(|| self.named_fraction(number));
            let fraction = fraction.or_else(|| self.said_fraction(number));
            if let Some(mark) = fraction.or_else(|| self.worded(number)) {
                taken = mark.end;
                marks.push(mark);
            }
        }
        marks.extend(self.stars());
        let heard = self.homophones(&marks);
        if heard.is_empty() {
            marks.extend(self.maxima(&marks));
        }
        marks.extend(heard);
        if marks.is_empty() {
            marks.extend(self.minima());
        }
        marks.sort_by_key(|mark| mark.start);
        marks
    }

    /// "8/10", "8 out of 10", "4 of 5".
    pub(super) fn fraction(&self, number: &Number) -> Option<Mark> {
        let rest: String = self.text.span(number.end, number.end + 16).iter().collect();
        let after =
            ["/", " / ", " out of a possible ", " out of ", " outta ", " of ", "分/", "分(满分", "分,满分", "分 满分"]
                .iter()
                .find(|joint| rest.starts_with(**joint))
                .map(|joint| number.end + joint.chars().count())?;
        let whole = self.numbers.iter().find(|other| other.start == after || other.start == after + 1)?;
        let scale = if same(whole.value, 5.0) {
            Scale::Five
        } else if same(whole.value, 10.0) {
            Scale::Ten
        } else if same(whole.value, 100.0) {
            Scale::Foreign
        } else {
            return None;
        };
        // "3 of 5." is a mark, "3 of 5 taps" are taps.
        if rest.starts_with(" of ") && matches!(self.text.char(whole.end), ' ' | '-') {
            return None;
        }
        // A date goes on after the slash; "1/5的地砖", "1/10 of the tiles" and "3 out of 5 sockets" are shares of things.
        let tail = self.text.char(whole.end);
        let things = matches!(tail, '的' | '都') || rest.contains("of") && tail == ' ' && !self.goes_on_about_it(whole);
        if matches!(tail, '/' | '月' | '日' | '号') || things || number.value > whole.value {
            return None;
        }
        Some(Mark { range: number.range, ..Mark::plain(number.start, whole.end, number.value, scale) })
    }

    /// "three fifths"; "two tenths of the tiles" are tiles, unless the message begins with it.
    fn named_fraction(&self, number: &Number) -> Option<Mark> {
        let opens = number.start == self.text.core().0;
        [(" fifths", Scale::Five), (" tenths", Scale::Ten)].into_iter().find_map(|(share, scale)| {
            let end = number.end + share.len();
            let named = self.text.span(number.end, end).iter().copied().eq(share.chars());
            let meant = named && (opens || self.text.span(end, end + 3) != [' ', 'o', 'f']);
            meant.then(|| Mark::plain(number.start, end, number.value, scale))
        })
    }

    /// "五分之四", where a rating is awaited and no share of something is meant.
    fn said_fraction(&self, whole: &Number) -> Option<Mark> {
        let joint: String = self.text.span(whole.end, whole.end + 2).iter().collect();
        let part = self.numbers.iter().find(|part| joint == "分之" && part.start == whole.end + 2)?;
        let scale = if same(whole.value, 5.0) {
            Scale::Five
        } else if same(whole.value, 10.0) {
            Scale::Ten
        } else {
            return None;
        };
        let counted = matches!(self.text.char(part.end), '的' | '都') || self.has_unit(part);
        let alone = self.text.core().0 == whole.start && !self.text.char(part.end).is_alphanumeric();
        let meant = self.awaiting != Awaiting::Nothing || self.is_rated(whole) || alone;
        (meant && !counted && part.value <= whole.value).then(|| Mark::plain(whole.start, part.end, part.value, scale))
    }

    /// "四分", "五颗星", "4 stars", "rate it 4", "给 4".
    pub(super) fn worded(&self, number: &Number) -> Option<Mark> {
        let (c, next) = (self.text.char(number.end), self.text.char(number.end + 1));
        let english: String = self
            .text
            .span(number.end, number.end + 8)
            .iter()
            .collect::<String>()
            .trim_start_matches([' ', '-'])
            .to_owned();
        let mark = |end: usize, scale: Scale| {
            // 三分半, 四颗星半
            let next = self.text.char(end + 1);
            let half = self.text.char(end) == '半' && !matches!(next, '钟' | '天' | '年' | '个');
            // 三分五
            let closed = !next.is_alphanumeric() || matches!(next, '吧' | '啦' | '了');
            let half = half || self.text.before(end) == '分' && self.text.char(end) == '五' && closed;
            let (end, value) = if half { (end + 1, number.value + 0.5) } else { (end, number.value) };
            let setting = self.names_scale(number);
            Some(Mark { range: number.range, setting, ..Mark::plain(number.start, end, value, scale) })
        };
        if self.is_ordinal(number) {
            return None;
        }
        if matches!(c, '分' | '份') || c == ' ' && next == '分' {
            let end = number.end + 1 + usize::from(c == ' ');
            return if self.is_marks(number, end, c == '份') {
                mark(end, self.scale_of_setting(number))
            } else {
                None
            };
        }
        if c == '星' || matches!(c, '颗' | '个' | '粒') && (next == '星' || is_star(next)) || is_star(c) {
            let end = number.end + if c == '星' || is_star(c) { 1 } else { 2 };
            let end = end + usize::from(matches!((c, self.text.char(end)), ('星', '级')));
            // 五星级 before a noun praises or names a class of hotel, but rates all the same.
            return if self.text.char(end) == '期' { None } else { mark(end, Scale::Five) };
        }
        // "五颗星里亮三颗", "她点了五颗，我心里是四颗"
        let of_stars = || {
            let same = self.numbers.iter().filter(|other| self.text.char(other.end) == '颗').count();
            same > 1 || self.settings.iter().any(|setting| setting.end <= number.start)
        };
        if c == '颗' && (!next.is_alphanumeric() || matches!(next, '登' | '吧')) && of_stars() {
            return mark(number.end + 1, Scale::Five);
        }
        if english.starts_with("star") {
            let skipped =
                self.text.span(number.end, number.end + 2).iter().take_while(|c| matches!(c, ' ' | '-')).count();
            let end = number.end + skipped + if english.starts_with("stars") { 5 } else { 4 };
            return mark(end, Scale::Five);
        }
        if english.starts_with("point") || english.starts_with("marks") {
            let skipped = usize::from(self.text.char(number.end) == ' ');
            let word = english.chars().take_while(char::is_ascii_alphabetic).count();
            return if self.is_rated(number) || self.awaiting != Awaiting::Nothing {
                mark(number.end + skipped + word, self.scale_of_setting(number))
            } else {
                None
            };
        }
        let corrected = (self.awaiting != Awaiting::Nothing || self.speaks_of_rating() || self.is_slip())
            && self.follows_correction(number);
        let said = corrected || self.is_called(number) || self.is_for_something(number) || self.is_recommending(number);
        // "打了5通电话", "gave it two coats": what is counted is no mark.
        let counts = self.awaiting == Awaiting::Nothing && !said && !self.goes_on_about_it(number);
        if (self.is_rated(number) || said) && !counts && !self.has_unit(number) {
            return mark(number.end, self.scale_of_setting(number));
        }
        None
    }

    /// 分 after a number is a mark unless it is a minute, a cent, a centimetre, a share or "very".
    pub(super) fn is_marks(&self, number: &Number, end: usize, portion: bool) -> bool {
        let after = self.text.char(end);
        let before = self.text.before(number.start);
        let between = after == '之' && self.text.char(end + 1) == '间';
        if !between
            && matches!(
                after,
                '钟' | '之'
                    | '米'
                    | '贝'
                    | '期'
                    | '店'
                    | '包'
                    | '钱'
                    | '厘'
                    | '管'
                    | '摊'
                    | '成'
                    | '公'
                    | '号'
                    | '批'
            )
        {
            return false;
        }
        // 十分钟, "一分都不会付"
        if self.is_counted(number) {
            return false;
        }
        // 5分30秒, 五分多钟, 14:05分
        let rest: String = self.text.span(end, end + 6).iter().collect();
        let seconds = after.is_ascii_digit() && rest.contains('秒');
        let clock = before == ':' && self.text.before(number.start - 1).is_ascii_digit();
        if seconds || clock || ["多钟", "来钟", "半钟", "几秒"].iter().any(|word| rest.starts_with(word)) {
            return false;
        }
        if portion {
            // 四份 is what speech recognition makes of 四分.
            return self.awaiting != Awaiting::Nothing;
        }
        // 三分像, 八分把握, 四分的接口: a share, a width or the size of a part.
        let rest = rest.trim_start_matches(['的', ' ']);
        if self.awaiting == Awaiting::Nothing && NO_MARKS.iter().any(|word| rest.starts_with(word)) {
            return false;
        }
        // 九点二十分, 六角五分, 百分之五
        if matches!(before, '点' | '角' | '时' | '秒') && !self.is_rated(number) || before == '百' {
            return false;
        }
        // 十分满意: "very", unless it is rated, awaited or nothing is said after it.
        let very = same(number.value, 10.0) && self.text.char(number.start) == '十';
        if very && is_han(after) && !self.is_rated(number) {
            let particle = matches!(after, '吧' | '啊' | '呀' | '哦' | '哈' | '啦' | '了');
            return self.awaiting != Awaiting::Nothing && particle;
        }
        if number.value > 10.0 && number.end - number.start > 1 && after == '上' {
            return false;
        }
        true
    }

    /// 第三, 3号, B1, 负三, version numbers, parts of a longer code.
    pub(super) fn is_ordinal(&self, number: &Number) -> bool {
        let before = self.text.before(number.start);
        matches!(before, '第' | '头')
            || before.is_ascii_alphanumeric()
            || matches!(before, '#' | '№' | '$' | '¥' | '€' | '£' | '周' | '拜' | '初' | '号')
            || before == '期' && self.text.before(number.start - 1) == '星'
            || self.is_below_zero(number)
            || self.is_numbered(number)
            || self.text.char(number.end) == '-' && self.text.char(number.end + 1).is_ascii_alphabetic()
    }

    /// "room 8", 尾号 4, "at 5": the word before says what is numbered or when.
    fn is_numbered(&self, number: &Number) -> bool {
        let lead: String = self.text.span(number.start.saturating_sub(14), number.start).iter().collect();
        let lead = lead.trim_end_matches([' ', ':', '.', '是']);
        let word: String = lead.chars().rev().take_while(char::is_ascii_alphabetic).collect();
        let word: String = word.chars().rev().collect();
        NUMBERED_ENGLISH.contains(&word.as_str()) && !self.is_rated(number)
            || NUMBERED_CHINESE.iter().any(|word| lead.ends_with(word))
    }

    pub(super) fn has_unit(&self, number: &Number) -> bool {
        let c = self.text.char(number.end);
        self.is_counted(number)
            || matches!(c, ':' | '/' | '-') && self.text.char(number.end + 1).is_ascii_digit()
            || c.is_ascii_alphabetic()
    }

    /// "3 days", 9楼, 20%: something is counted or numbered.
    pub(super) fn is_counted(&self, number: &Number) -> bool {
        self.text.char(number.end) == '%'
            || self.found.iter().any(|find| {
                matches!(find.meaning, Meaning::Unit)
                    && find.start >= number.end
                    && self
                        .text
                        .span(number.end, find.start)
                        .iter()
                        .all(|c| matches!(c, ' ' | '多' | '几' | '来' | '-'))
                    && find.start - number.end <= 1
            })
    }

    /// "发的4是按错了，应该是5", "3. no wait, 4": a figure that was wrong, and another instead of it.
    fn is_slip(&self) -> bool {
        let cues = self.found.iter().filter(|find| matches!(find.meaning, Meaning::Correction)).count();
        let first = self.numbers.first();
        let opens = first.is_some_and(|number| {
            number.start == self.text.core().0 && matches!(self.text.char(number.end), '.' | ',' | '?' | '!')
        });
        self.numbers.len() == 2 && (cues > 1 || cues == 1 && opens)
    }

    /// "an 8, the lock turns", "Now a 2.", "I mean four": what English puts before a mark, and nothing after it.
    fn is_called(&self, number: &Number) -> bool {
        let after = self.text.char(number.end);
        if after == ' ' || after.is_alphanumeric() || !(0.0..=10.0).contains(&number.value) {
            return false;
        }
        let lead: String = self.text.span(0, number.start).iter().collect();
        if lead.ends_with("i mean ") || lead.ends_with("i meant ") {
            return true;
        }
        let Some(lead) = lead.strip_suffix("a ").or_else(|| lead.strip_suffix("an ")) else { return false };
        let begins = lead.trim_end().ends_with(|c: char| !c.is_alphanumeric()) || lead.trim_end().is_empty();
        let word = lead.trim_end().rsplit(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
        lead.ends_with(' ') && CALLING.contains(&word) || begins
    }

    /// "是否愿意推荐：9": the number right after the word.
    fn is_recommending(&self, number: &Number) -> bool {
        !self.text.char(number.end).is_alphanumeric()
            && self.found.iter().any(|find| {
                matches!(find.meaning, Meaning::Recommend)
                    && matches!(self.text.span(find.end, number.start), [':' | '是'] | [':', ' '])
            })
    }

    /// "5 for the roof job", "Fives across the board".
    fn is_for_something(&self, number: &Number) -> bool {
        let opens = number.start == self.text.core().0 && (0.0..=10.0).contains(&number.value);
        let rest: String = self.text.span(number.end, number.end + 14).iter().collect();
        opens && FOR_SOMETHING.iter().any(|words| rest.starts_with(words))
    }

    fn speaks_of_rating(&self) -> bool {
        self.found.iter().any(|find| matches!(find.meaning, Meaning::Rating))
    }

    /// Says whether a word of rating leads to the number: 给 4, "a 3 from me", "I'd give it 4".
    pub(super) fn is_rated(&self, number: &Number) -> bool {
        self.found.iter().any(|find| {
            if !matches!(find.meaning, Meaning::Rating) {
                return false;
            }
            let between = if find.end <= number.start {
                self.text.span(find.end, number.start)
            } else if find.start >= number.end {
                self.text.span(number.end, find.start)
            } else {
                return find.start <= number.start && find.end >= number.end;
            };
            let filler = |c: &char| " :个你们他了的它到成就只能是\"".contains(*c);
            between.len() <= 3 && between.iter().all(filler)
                || between.iter().copied().eq(" a ".chars())
                || between.iter().copied().eq(" it a ".chars())
        })
    }
}
