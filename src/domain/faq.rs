//! Questions that are often asked (`prompts/faq/`): which of them a message asks.
//!
//! By words alone: an entry is meant if each of its groups is met by one word. What it answers is a
//! text; whether that helped is asked (`super::dialogue`), with a person one tap away.

use serde::{Deserialize, Serialize};

use super::han::simplified;

/// Longer messages are stories, not questions.
const LONGEST_QUESTION: usize = 60;

/// One question and what is said to it: the text `faq.<id>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub id: String,
    /// Each group must be met by one of its words: lower case, simplified; with `$` behind it at the end of a clause.
    pub words: Vec<Vec<String>>,
}

impl Entry {
    fn is_asked(&self, said: &str) -> bool {
        self.words.iter().all(|group| group.iter().any(|word| stands_in(word, said)))
    }
}

fn stands_in(word: &str, said: &str) -> bool {
    match word.strip_suffix('$') {
        Some(end) => said.split(|c: char| !c.is_alphanumeric()).any(|clause| clause.ends_with(end)),
        None => said.contains(word),
    }
}

/// Returns the entry a message asks for, the first that fits.
pub fn asked<'e>(entries: &'e [Entry], said: &str) -> Option<&'e Entry> {
    if said.chars().count() > LONGEST_QUESTION {
        return None;
    }
    let said = said.chars().map(simplified).collect::<String>().to_lowercase();
    entries.iter().find(|entry| entry.is_asked(&said))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn common_questions_find_their_answer_in_both_languages_and_reports_find_none() {
        let catalog = Catalog::embedded().unwrap();
        let asked = |said: &str| asked(&catalog.script().faq, said).map(|entry| entry.id.as_str());
        assert_eq!(asked("房子的防水质保是几年？"), Some("warranty_terms"));
        assert_eq!(asked("How long is the warranty?"), Some("warranty_terms"));
        assert_eq!(asked("保修期内上门要钱吗"), Some("warranty_cost"));
        for said in ["修这个要收钱吗", "要收费吗？", "怎么收费", "要自己出钱吗", "多少钱", "How much do I have to pay?"]
        {
            assert_eq!(asked(said), Some("warranty_cost"), "{said}");
        }
        for said in [
            "收费不",
            "上门收费不？",
            "这个要不要钱",
            "保修期内免费吧",
            "免费吧",
            "使唔使錢",
            "幾多錢呀",
            "要錢嗎",
            "is it free?",
        ] {
            assert_eq!(asked(said), Some("warranty_cost"), "{said}");
        }
        assert_eq!(asked("改下時間"), Some("reschedule"));
        for said in ["收费不合理", "师傅收费不高，挺好", "免费修一下吧", "when are you free to fix it?"]
        {
            assert_eq!(asked(said), None, "{said}");
        }
        for said in ["还在保修期吗", "我家房子还在保修期吗", "在不在保", "过保了吗", "Is it still under warranty?"]
        {
            assert_eq!(asked(said), Some("warranty_terms"), "{said}");
        }
        assert_eq!(asked("发票怎么开"), Some("invoice"));
        assert_eq!(asked("能开发票吗"), Some("invoice"));
        assert_eq!(asked("什么时候能拿房产证"), Some("deeds"));
        assert_eq!(asked("报了修多久能上门？"), Some("when_visit"));
        assert_eq!(asked("明天不在家，可以改时间吗"), Some("reschedule"));
        assert_eq!(asked("维修单在哪里下载"), Some("documents"));
        assert_eq!(asked("Where do I get the service report?"), Some("documents"));
        let others = [
            "厨房漏水了",
            "空调不制冷",
            "师傅修得很好",
            "你好",
            "How is my report going?",
            "How do I report a problem?",
        ];
        for report in others {
            assert_eq!(asked(report), None, "{report}");
        }
    }

    #[test]
    fn a_long_story_is_no_question() {
        let entry = Entry { id: "x".to_owned(), words: vec![vec!["质保".to_owned()]] };
        let entries = [entry];
        assert!(asked(&entries, "质保？").is_some());
        assert!(asked(&entries, &format!("质保{}", "啊".repeat(60))).is_none());
    }
}
