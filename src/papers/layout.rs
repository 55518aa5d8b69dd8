//! Where the words of a paper lie on sheets of A4: wrapping, tables, page breaks, page numbers.
//!
//! Pure: it is given a ruler (how wide a character is) and returns marks. Chinese breaks between
//! any two characters, except that no line begins with closing or ends with opening punctuation;
//! Latin words stay whole where they fit. A row that is taller than what is left of a sheet goes on
//! on the next; nothing is cut off.

mod pictures;

use super::picture::Album;
use crate::domain::ids::MediaId;
use crate::domain::paper::{Block, Field, Paper};

/// Points of an A4 sheet.
pub(super) const WIDTH: f32 = 595.0;
pub(super) const HEIGHT: f32 = 842.0;
const MARGIN: f32 = 54.0;
/// Below this nothing but the page number stands.
const BOTTOM: f32 = HEIGHT - 64.0;
const INNER: f32 = WIDTH - 2.0 * MARGIN;

const TITLE: f32 = 18.0;
const HEADING: f32 = 11.5;
const BODY: f32 = 10.0;
const SMALL: f32 = 8.5;
/// From one line to the next, of the size of the letters.
const LEADING: f32 = 1.5;
/// Between the border of a cell and its words.
const PAD: f32 = 5.0;
/// Width of the column of labels.
const LABEL: f32 = 82.0;
/// Room to sign in.
const SIGNATURE: f32 = 64.0;
/// Lines of a row that are kept together where it is broken.
const KEPT: usize = 2;

/// Characters no line begins with.
const NOT_FIRST: &str = "，。、：；！？）》】」』〉〕”’…·%％℃,.;:!?)]}";
/// Characters no line ends with.
const NOT_LAST: &str = "（《【「『〈〔“‘([{";

/// Something on a sheet; y grows downwards, words stand on it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Mark {
    Words {
        x: f32,
        y: f32,
        size: f32,
        soft: bool,
        text: String,
    },
    Line {
        from: (f32, f32),
        to: (f32, f32),
    },
    /// The modules of a QR code, row by row; true is dark.
    Modules {
        x: f32,
        y: f32,
        module: f32,
        rows: Vec<Vec<bool>>,
    },
    /// A photo, the way up it is seen.
    Picture {
        x: f32,
        y: f32,
        width: f32,
        height: f32,
        id: MediaId,
    },
    /// A light ground below labels.
    Ground {
        x: f32,
        y: f32,
        width: f32,
        height: f32,
    },
}

/// One page.
pub(super) type Sheet = Vec<Mark>;

/// How wide a character is, of the size of the letters.
pub(super) type Ruler<'r> = &'r dyn Fn(char) -> f32;

/// Lays a paper out with those of its pictures that are in the album.
pub(super) fn lay_out(paper: &Paper, ruler: Ruler<'_>, album: &Album) -> Vec<Sheet> {
    let mut page = Page { ruler, sheets: vec![Vec::new()], y: MARGIN };
    page.title(paper);
    for (block, n) in paper.blocks.iter().zip(1..) {
        match block {
            Block::Heading(words) => {
                if let Some(Block::Pictures(pictures)) = paper.blocks.get(n) {
                    page.need_row(pictures, album);
                }
                page.heading(words);
            }
            Block::Fields(fields) => fields.chunks(2).for_each(|pair| page.fields(pair)),
            Block::Text(field) => page.row(&label_and_words(field)),
            Block::Table { head, rows } => page.table(head, rows),
            Block::Signatures(who) => page.signatures(who),
            Block::Pictures(pictures) => page.pictures(pictures, album),
        }
    }
    page.foot(&paper.foot);
    page.number(&paper.number);
    page.sheets
}

/// Breaks words into lines of that width.
pub(super) fn wrap(text: &str, size: f32, width: f32, ruler: Ruler<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        wrap_paragraph(paragraph, size, width, ruler, &mut lines);
    }
    if lines.is_empty() {
        lines.push(String::new());
    }
    lines
}

fn wrap_paragraph(text: &str, size: f32, width: f32, ruler: Ruler<'_>, lines: &mut Vec<String>) {
    let mut rest = text.trim_end();
    loop {
        let (mut wide, mut break_at, mut before) = (0.0, None, None);
        let mut cut = None;
        for (at, c) in rest.char_indices() {
            if before.is_some_and(|before| may_break(before, c)) {
                break_at = Some(at);
            }
            wide += ruler(c) * size;
            if wide > width && at > 0 {
                cut = Some(break_at.unwrap_or(at));
                break;
            }
            before = Some(c);
        }
        let Some(cut) = cut else {
            lines.push(rest.to_owned());
            return;
        };
        let (line, more) = rest.split_at(cut);
        lines.push(line.trim_end().to_owned());
        rest = more.trim_start();
        if rest.is_empty() {
            return;
        }
    }
}

fn may_break(before: char, after: char) -> bool {
    if NOT_FIRST.contains(after) || NOT_LAST.contains(before) {
        return false;
    }
    let wide = |c: char| c >= '\u{2e80}';
    before == ' ' || before == '-' || before == '/' || wide(before) || wide(after)
}

/// A cell of a row.
struct Cell<'t> {
    width: f32,
    text: &'t str,
    is_label: bool,
}

struct Page<'r> {
    ruler: Ruler<'r>,
    sheets: Vec<Sheet>,
    y: f32,
}

impl Page<'_> {
    fn mark(&mut self, mark: Mark) {
        if let Some(sheet) = self.sheets.last_mut() {
            sheet.push(mark);
        }
    }

    fn words(&mut self, x: f32, y: f32, size: f32, soft: bool, text: &str) {
        if !text.is_empty() {
            self.mark(Mark::Words { x, y, size, soft, text: text.to_owned() });
        }
    }

    fn width_of(&self, text: &str, size: f32) -> f32 {
        text.chars().map(|c| (self.ruler)(c) * size).sum()
    }

    fn turn(&mut self) {
        self.sheets.push(Vec::new());
        self.y = MARGIN;
    }

    /// Turns the page unless so much room is left.
    fn need(&mut self, height: f32) {
        if self.y + height > BOTTOM {
            self.turn();
        }
    }

    fn title(&mut self, paper: &Paper) {
        for line in wrap(&paper.title, TITLE, INNER, self.ruler) {
            self.y += TITLE;
            let x = MARGIN + (INNER - self.width_of(&line, TITLE)) / 2.0;
            self.words(x, self.y, TITLE, false, &line);
            self.y += TITLE * (LEADING - 1.0);
        }
        self.y += SMALL;
        let x = MARGIN + INNER - self.width_of(&paper.number, BODY);
        self.words(x, self.y, BODY, true, &paper.number);
        self.y += 6.0;
    }

    fn heading(&mut self, words: &str) {
        // A heading stays with the first lines below it.
        self.need(HEADING * 2.0 + BODY * LEADING * 2.0 + 2.0 * PAD);
        self.y += HEADING * 1.9;
        self.words(MARGIN, self.y, HEADING, false, words);
        self.y += HEADING * 0.6;
    }

    fn fields(&mut self, pair: &[Field]) {
        let cells: Vec<Cell<'_>> = match pair {
            [one] => label_and_words(one).into(),
            many => {
                let half = INNER / 2.0 - LABEL;
                many.iter()
                    .flat_map(|field| {
                        [
                            Cell { width: LABEL, text: &field.label, is_label: true },
                            Cell { width: half, text: &field.value, is_label: false },
                        ]
                    })
                    .collect()
            }
        };
        self.row(&cells);
    }

    fn table(&mut self, head: &[String], rows: &[Vec<String>]) {
        let widths = shares(head.len());
        let cell = |is_label| move |(text, width): (&'_ String, &f32)| (text.clone(), *width, is_label);
        let all = std::iter::once((head, true)).chain(rows.iter().map(|row| (row.as_slice(), false)));
        for (row, is_label) in all {
            let texts: Vec<_> = row.iter().zip(&widths).map(cell(is_label)).collect();
            let cells: Vec<_> =
                texts.iter().map(|(text, width, is_label)| Cell { width: *width, text, is_label: *is_label }).collect();
            self.row(&cells);
        }
    }

    /// Draws one row with its borders, on as many sheets as it takes.
    fn row(&mut self, cells: &[Cell<'_>]) {
        let line_height = BODY * LEADING;
        let lines: Vec<_> =
            cells.iter().map(|cell| wrap(cell.text, BODY, cell.width - 2.0 * PAD, self.ruler)).collect();
        let most = lines.iter().map(Vec::len).max().unwrap_or(1);
        let mut drawn = 0;
        while drawn < most {
            self.need(2.0 * PAD + line_height * count(most.min(drawn + KEPT) - drawn));
            let mut fit = 0;
            while drawn + fit < most && self.y + 2.0 * PAD + line_height * count(fit + 1) <= BOTTOM {
                fit += 1;
            }
            let fit = fit.max(1);
            let height = 2.0 * PAD + line_height * count(fit);
            let (top, mut x) = (self.y, MARGIN);
            for (cell, lines) in cells.iter().zip(&lines) {
                if cell.is_label {
                    self.mark(Mark::Ground { x, y: top, width: cell.width, height });
                }
                for (line, row) in lines.iter().skip(drawn).take(fit).zip(0..) {
                    let y = top + PAD + line_height * count(row) + BODY * 1.1;
                    self.words(x + PAD, y, BODY, cell.is_label, line);
                }
                x += cell.width;
            }
            self.borders(cells, top, height);
            self.y += height;
            drawn += fit;
        }
    }

    fn borders(&mut self, cells: &[Cell<'_>], top: f32, height: f32) {
        let right = MARGIN + cells.iter().map(|cell| cell.width).sum::<f32>();
        for y in [top, top + height] {
            self.mark(Mark::Line { from: (MARGIN, y), to: (right, y) });
        }
        let mut x = MARGIN;
        self.mark(Mark::Line { from: (x, top), to: (x, top + height) });
        for cell in cells {
            x += cell.width;
            self.mark(Mark::Line { from: (x, top), to: (x, top + height) });
        }
    }

    fn signatures(&mut self, who: &[String]) {
        self.need(SIGNATURE + BODY * 2.0);
        let width = INNER / count(who.len().max(1));
        let top = self.y + BODY * 2.0;
        for (label, n) in who.iter().zip(0..) {
            let x = MARGIN + width * count(n);
            self.words(x, top, BODY, true, label);
            let y = top + SIGNATURE * 0.55;
            self.mark(Mark::Line { from: (x, y), to: (x + width - 20.0, y) });
        }
        self.y = top + SIGNATURE * 0.7;
    }

    fn foot(&mut self, foot: &str) {
        self.need(SMALL * 3.0);
        self.y += SMALL * 2.2;
        self.words(MARGIN, self.y, SMALL, true, foot);
    }

    /// Writes number and page at the foot of each sheet.
    fn number(&mut self, number: &str) {
        let total = self.sheets.len();
        for (at, page) in (0..total).zip(1..) {
            let said = format!("{page} / {total}");
            let y = HEIGHT - 36.0;
            let right = MARGIN + INNER - self.width_of(&said, SMALL);
            let marks = [(MARGIN, number.to_owned()), (right, said)];
            if let Some(sheet) = self.sheets.get_mut(at) {
                let words = marks.into_iter().map(|(x, text)| Mark::Words { x, y, size: SMALL, soft: true, text });
                sheet.extend(words);
            }
        }
    }
}

fn label_and_words(field: &Field) -> [Cell<'_>; 2] {
    [
        Cell { width: LABEL, text: &field.label, is_label: true },
        Cell { width: INNER - LABEL, text: &field.value, is_label: false },
    ]
}

/// The widths of a table's columns: the last one, for remarks, is the widest.
fn shares(columns: usize) -> Vec<f32> {
    match columns {
        0 => Vec::new(),
        1 => vec![INNER],
        _ => {
            let narrow = INNER * 0.56 / count(columns - 1);
            let mut widths = vec![narrow; columns - 1];
            widths.push(INNER - narrow * count(columns - 1));
            widths
        }
    }
}

/// A small count as a length's factor.
fn count(n: usize) -> f32 {
    u16::try_from(n).map_or(f32::MAX, f32::from)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Chinese as wide as high, the rest half as wide.
    pub(crate) fn half(c: char) -> f32 {
        if c >= '\u{2e80}' { 1.0 } else { 0.5 }
    }

    fn lines(text: &str, characters: f32) -> Vec<String> {
        wrap(text, 10.0, characters * 10.0, &half)
    }

    pub(crate) fn paper(blocks: Vec<Block>) -> Paper {
        Paper { title: "保修".to_owned(), number: "HF2611-0042".to_owned(), blocks, foot: "foot".to_owned() }
    }

    fn words(sheets: &[Sheet]) -> String {
        let said = sheets.iter().flatten().filter_map(|mark| match mark {
            Mark::Words { text, .. } => Some(text.as_str()),
            Mark::Line { .. } | Mark::Ground { .. } | Mark::Modules { .. } | Mark::Picture { .. } => None,
        });
        said.collect()
    }

    #[test]
    fn chinese_breaks_between_any_two_characters() {
        assert_eq!(lines("主卧卫生间渗水", 4.0), ["主卧卫生", "间渗水"]);
        assert_eq!(lines("", 4.0), [""]);
        assert_eq!(lines("一\n二", 4.0), ["一", "二"]);
    }

    #[test]
    fn no_line_begins_with_closing_or_ends_with_opening_punctuation() {
        assert_eq!(lines("主卧渗水，很急", 4.0), ["主卧渗", "水，很急"]);
        assert_eq!(lines("主卧水《保修单》", 4.0), ["主卧水", "《保修", "单》"]);
    }

    #[test]
    fn latin_words_stay_whole_where_they_fit_and_are_cut_where_they_do_not() {
        assert_eq!(lines("the drain leaks", 5.0), ["the drain", "leaks"]);
        assert_eq!(lines("aaaaaaaaaaaaaaa", 5.0), ["aaaaaaaaaa", "aaaaa"]);
        assert_eq!(lines("换HF2611-0042号", 6.0), ["换HF2611-", "0042号"]);
    }

    #[test]
    fn a_short_paper_takes_one_sheet_that_says_so() {
        let field = |value: &str| Field { label: "项目".to_owned(), value: value.to_owned() };
        let sheets = lay_out(&paper(vec![Block::Fields(vec![field("翠湖"), field("三栋")])]), &half, &Album::default());
        assert_eq!(sheets.len(), 1);
        assert!(words(&sheets).ends_with("HF2611-00421 / 1"), "{}", words(&sheets));
    }

    #[test]
    fn nothing_is_lost_where_a_row_goes_on_on_the_next_sheet() {
        let long: String = (0..4000).map(|n| char::from_u32(0x4e00 + n).unwrap()).collect();
        let text = Block::Text(Field { label: "描述".to_owned(), value: long.clone() });
        let sheets = lay_out(&paper(vec![text]), &half, &Album::default());
        assert!(sheets.len() > 1);
        let said = words(&sheets);
        let kept: String = said.chars().filter(|c| long.contains(*c) && !"保修描述".contains(*c)).collect();
        let wanted: String = long.chars().filter(|c| !"保修描述".contains(*c)).collect();
        assert_eq!(kept, wanted);
    }

    #[test]
    fn nothing_lies_outside_the_margins() {
        let cell = "一二三四五六七八九十".repeat(8);
        let rows = vec![vec![cell.clone(), cell.clone(), cell]; 30];
        let head = ["时间", "步骤", "说明"].map(str::to_owned).to_vec();
        let who = ["业主", "维修人", "经理"].map(str::to_owned).to_vec();
        let sheets =
            lay_out(&paper(vec![Block::Table { head, rows }, Block::Signatures(who)]), &half, &Album::default());
        assert!(sheets.len() > 2);
        for mark in sheets.iter().flatten() {
            match mark {
                Mark::Words { x, y, size, text, .. } => {
                    let right = x + text.chars().map(|c| half(c) * size).sum::<f32>();
                    assert!(*x >= MARGIN && right <= WIDTH - MARGIN + 0.5, "{text} ends at {right}");
                    assert!(*y >= MARGIN && *y <= HEIGHT - 30.0, "{text} at {y}");
                }
                Mark::Line { to, .. } => assert!(to.0 <= WIDTH - MARGIN + 0.5 && to.1 <= BOTTOM + 0.5),
                Mark::Ground { x, y, width, height } => {
                    assert!(x + width <= WIDTH - MARGIN + 0.5 && y + height <= BOTTOM + 0.5);
                }
                Mark::Modules { .. } | Mark::Picture { .. } => panic!("this paper has neither code nor picture"),
            }
        }
    }
}
