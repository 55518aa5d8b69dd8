//! Follow-up surveys.

use crate::talk::Talk;
use huifang::channel::Content;
use huifang::domain::dialogue::{Activity, Event, NotHeard};
use huifang::domain::understanding::{Awaiting, Intent, Sentiment, Understanding};
use insta::assert_snapshot;

/// A talk in which the first question of a survey has its five points.
async fn answered_once() -> Talk {
    let mut talk = Talk::bound().await;
    talk.says("/survey").await;
    talk.taps("5").await;
    talk
}

#[tokio::test]
async fn five_questions_take_five_taps() {
    let mut talk = Talk::bound().await;
    talk.says("/survey").await;
    for value in ["5", "4", "5", "5", "9"] {
        talk.taps(value).await;
    }
    assert_snapshot!(talk.transcript(), @r"
    » /survey
      想听听您对我们服务的看法，五个小问题，一分钟就好。点按钮、打字、语音都行。
      （1/5）总体来说，您满意吗？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
    » [5]
      （2/5）响应快不快，到得及时吗？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
    » [4]
      （3/5）技术怎么样，问题解决了吗？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
    » [5]
      （4/5）师傅的沟通和态度怎么样？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5] [跳过]
    » [5]
      （5/5）您愿意把我们推荐给别人吗？
      0 分绝不推荐，10 分一定推荐
      [0] [1] [2] [3] [4] [5] [6] [7] [8] [9] [10] [跳过]
    » [9]
      谢谢您的认可，我们会继续用心。
      还有什么想说的？打字、语音都行，不说也没关系。
    ");
    let response = &talk.responses().await[0];
    assert_eq!((response.score, response.band.as_deref(), response.nps), (Some(4.7), Some("satisfied"), Some(9)));
    assert!(talk.taps <= 7, "{} taps", talk.taps);
}

#[tokio::test]
async fn digits_words_and_voice_are_answers_and_a_voice_is_read_back() {
    let mut talk = Talk::bound().await;
    talk.says("/survey").await;
    talk.says("2").await;
    talk.says("两分").await;
    talk.speaks("我打两分，师傅态度敷衍，希望改善").await;
    talk.taps("对").await;
    talk.says("跳过").await;
    talk.says("3").await;
    talk.speaks("等了三天才来人，太慢了").await;
    assert_snapshot!(talk.transcript(), @r"
    » /survey
      想听听您对我们服务的看法，五个小问题，一分钟就好。点按钮、打字、语音都行。
      （1/5）总体来说，您满意吗？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
    » 2
      （2/5）响应快不快，到得及时吗？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
    » 两分
      记下了：2 分
      （3/5）技术怎么样，问题解决了吗？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
    » [语音]
      收到，正在听…
      我听到：我打两分，师傅态度敷衍，希望改善 → 2 分，对吗？
      [对] [改]
    » [对]
      （4/5）师傅的沟通和态度怎么样？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5] [跳过]
    » 跳过
      （5/5）您愿意把我们推荐给别人吗？
      0 分绝不推荐，10 分一定推荐
      [0] [1] [2] [3] [4] [5] [6] [7] [8] [9] [10] [跳过]
    » 3
      对不起，没有让您满意。您的意见已转给负责人，会有人联系您。
      还有什么想说的？打字、语音都行，不说也没关系。
    » [语音]
      收到，正在听…
      我听到：等了三天才来人，太慢了
      您的补充已记下，谢谢。
    ");
    let response = &talk.responses().await[0];
    assert_eq!((response.score, response.band.as_deref(), response.nps), (Some(2.0), Some("dissatisfied"), Some(3)));
    assert_snapshot!(response.comment.as_deref().unwrap_or_default(), @r"
    我打两分，师傅态度敷衍，希望改善
    等了三天才来人，太慢了
    ");
    let flags: Vec<_> = talk.flags().await.iter().map(|flag| flag.kind.name()).collect();
    assert_eq!(flags, ["negative_feedback"]);
    assert!(talk.taps <= 7);
}

#[tokio::test]
async fn a_photo_that_is_sent_after_a_survey_is_no_part_of_what_was_said() {
    const WORDS: &str = "等了三天才来人，太慢了";
    const FILE: &str = "[media:019a0000-0000-7000-8000-000000000000]";
    let mut talk = Talk::bound().await;
    talk.says("/survey").await;
    for value in ["5", "4", "5", "5", "9"] {
        talk.taps(value).await;
    }
    let comment = async |talk: &Talk| talk.responses().await.remove(0).comment;
    talk.runner().run_until_idle().await;
    talk.transcript();
    talk.sends_photo().await;
    let told = talk.transcript();
    assert!(told.contains("照片已加上"), "{told}");
    assert_eq!(comment(&talk).await, None);
    assert_eq!(talk.runner().run_until_idle().await, 0, "there are no words to judge");
    talk.says(WORDS).await;
    assert_eq!(comment(&talk).await.as_deref(), Some(WORDS));
    talk.sends_photo().await;
    assert_eq!(comment(&talk).await.as_deref(), Some(WORDS));

    // Files were named in comments before; those that are stored so are read without.
    talk.execute(&format!("UPDATE responses SET comment = '{FILE} {FILE}' || char(10) || comment")).await;
    assert_eq!(comment(&talk).await.as_deref(), Some(WORDS));
    talk.execute(&format!("UPDATE responses SET comment = '{FILE}'")).await;
    assert_eq!(comment(&talk).await, None);
    talk.says(WORDS).await;
    assert_eq!(comment(&talk).await.as_deref(), Some(WORDS));
}

#[tokio::test]
async fn an_answer_out_of_range_or_beside_the_point_is_asked_again_and_kept() {
    let mut talk = Talk::bound().await;
    talk.says("评价").await;
    talk.says("7").await;
    talk.says("今天天气不错").await;
    talk.says("三四分吧").await;
    talk.says("跳过").await;
    talk.taps("4").await;
    assert_snapshot!(talk.transcript(), @r"
    » 评价
      想听听您对我们服务的看法，五个小问题，一分钟就好。点按钮、打字、语音都行。
      （1/5）总体来说，您满意吗？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
    » 7
      请给 1 到 5 之间的分数。
      （1/5）总体来说，您满意吗？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
    » 今天天气不错
      没看出是几分。请点一个，或者说 1 到 5 之间的分数。
      不想填了，回复“取消”就行。
      （1/5）总体来说，您满意吗？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
    » 三四分吧
      您说的是几分？请点一个，或者说一个数。
      （1/5）总体来说，您满意吗？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
    » 跳过
      这一题对我们很重要，请选一个；不想填了可以回复“取消”。
      （1/5）总体来说，您满意吗？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
    » [4]
      （2/5）响应快不快，到得及时吗？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
    ");
}

#[tokio::test]
async fn a_high_score_with_words_that_contradict_it_is_flagged_for_a_call() {
    let mut talk = Talk::bound().await;
    talk.says("/survey").await;
    for value in ["5", "5", "5", "5", "10"] {
        talk.taps(value).await;
    }
    talk.transcript();
    talk.says("就是卫生间还在漏水，气死人了").await;
    assert_snapshot!(talk.transcript(), @r"
    » 就是卫生间还在漏水，气死人了
      请您看一下：
      类别：渗漏
      问题：漏水
      位置：卫生间
      这样提交可以吗？
      [提交] [改一改] [不报了]
    ");
    assert!(talk.flags().await.iter().any(|flag| flag.kind.name() == "score_text_conflict"));
    // Said without a word of anger it is one as well.
    let mut calm = Talk::bound().await;
    calm.says("/survey").await;
    for value in ["5", "5", "5", "5", "10"] {
        calm.taps(value).await;
    }
    calm.says("卫生间还在漏水").await;
    assert!(calm.flags().await.iter().any(|flag| flag.kind.name() == "score_text_conflict"));
}

/// A person who is asked the questions of the routine visit.
async fn asked_as_every_year() -> Talk {
    let mut talk = Talk::bound().await;
    let (dialogue, response) = (talk.dialogue().await, talk.clock.new_id());
    let event = Event::SurveyInvited { response, survey: "routine".to_owned(), intro: None };
    talk.happens(dialogue, event).await;
    talk.transcript();
    talk
}

#[tokio::test]
async fn a_fault_that_an_open_question_brings_out_after_the_best_marks_is_flagged_for_a_call() {
    let mut talk = asked_as_every_year().await;
    for value in ["5", "5", "10"] {
        talk.taps(value).await;
    }
    talk.transcript();
    talk.says("卫生间还在漏水").await;
    let said = talk.transcript();
    assert!(!said.contains("谢谢您的认可"), "{said}");
    let flags: Vec<_> = talk.flags().await.iter().map(|flag| flag.kind.name()).collect();
    assert!(flags.contains(&"score_text_conflict"), "{flags:?}");
    for words in ["没有了，都挺好的", "外墙没有渗水", "换季开机时声音大，现在好了", "密封条请在到期前换一下"]
    {
        let mut content = asked_as_every_year().await;
        for value in ["5", "5", "10"] {
            content.taps(value).await;
        }
        content.says(words).await;
        let flags: Vec<_> = content.flags().await.iter().map(|flag| flag.kind.name()).collect();
        assert!(!flags.contains(&"score_text_conflict"), "{words}: {flags:?}");
    }
}

#[tokio::test]
async fn words_of_satisfaction_and_marks_of_another_scale_are_answers_that_are_said_back() {
    for (words, mark) in [("一般般", 3.0), ("非常满意！", 5.0), ("不满意", 2.0)] {
        let mut talk = Talk::bound().await;
        talk.says("/survey").await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains(&format!("→ {mark} 分，对吗？")) && said.contains("[对] [改]"), "{said}");
        talk.taps("对").await;
        assert_eq!(answers(&talk).await[0].1, Some(mark), "{words}");
    }
    let mut talk = Talk::bound().await;
    talk.says("/survey").await;
    talk.says("8 out of 10").await;
    assert!(talk.transcript().contains("I heard: 8 out of 10 → 4. Is that right?"));
    for (words, mark) in [("⭐⭐⭐⭐⭐", Some(10.0)), ("五星", Some(10.0)), ("满意", Some(8.0)), ("四星", None)]
    {
        let mut talk = asked_as_every_year().await;
        for value in ["4", "4"] {
            talk.taps(value).await;
        }
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        match mark {
            Some(mark) => assert!(said.contains(&format!("→ {mark} 分，对吗？")), "{said}"),
            None => assert!(said.contains("1 到 10 之间"), "asked again: {said}"),
        }
        assert_eq!(answers(&talk).await.len(), 2, "{words}");
    }
}

#[tokio::test]
async fn ordinary_words_of_content_are_marks_and_two_that_agree_are_one() {
    for (words, mark) in [
        ("好", 4.0),
        ("挺好的", 4.0),
        ("不错", 4.0),
        ("还不错吧", 4.0),
        ("很快", 4.0),
        ("还可以", 3.0),
        ("还行吧一般般", 3.0),
        ("还行，一般般吧。", 3.0),
        ("太慢了", 2.0),
        ("很差，太差了", 1.0),
        ("👍", 4.0),
        ("我都很满意", 5.0),
    ] {
        let mut talk = Talk::bound().await;
        talk.says("/survey").await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains(&format!("→ {mark} 分，对吗？")) && said.contains("[对] [改]"), "{said}");
    }
    let mut torn = Talk::bound().await;
    torn.says("/survey").await;
    torn.says("一般，不满意").await;
    assert!(torn.transcript().contains("没看出是几分"));
}

#[tokio::test]
async fn ordinary_english_words_of_content_are_marks_whoever_they_are_said_of() {
    for (words, mark) in
        [("great", 5), ("I'm very satisfied", 5), ("It’s fine.", 4), ("Okay", 3), ("could be better", 2)]
    {
        let mut talk = Talk::bound().await;
        talk.says("/survey").await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains(&format!("{words} → {mark}")), "{said}");
    }
}

/// Says words that sound displeased, so surely.
async fn says_as_if_displeased(talk: &mut Talk, words: &str, intent: Intent, confidence: f64) {
    let (dialogue, text) = (talk.dialogue().await, words.to_owned());
    let understood = talk.intake.understand(&text, &talk.state().await);
    let understood = Understanding { sentiment: Sentiment::Negative, intent, confidence, ..understood };
    talk.happens(dialogue, Event::Text { text, understood }).await;
}

#[tokio::test]
async fn displeasure_is_shown_at_once_by_a_bad_word_or_beyond_doubt_and_not_where_it_is_guessed() {
    for (words, confidence, shown) in [
        ("一定推荐", 0.57, false),
        ("100%", 0.54, false),
        ("都行", 0.48, false),
        ("很快", 0.56, false),
        ("你们自己想想", 0.85, true),
        ("我觉得只能打一分给你们", 0.6, true),
        ("太差了", 0.6, true),
        ("非常不满意", 0.6, true),
        ("我要投诉", 0.6, true),
        ("a bit slow", 0.86, false),
        ("回复有点慢", 0.88, false),
        ("师傅有点敷衍", 0.69, true),
        ("2分，有点慢", 0.9, true),
        ("差，来得有点晚", 0.9, true),
        ("等太久了，有点贵", 0.9, true),
        ("a bit slow, I want my money back", 0.9, true),
        ("slightly expensive rip-off", 0.9, true),
    ] {
        let mut talk = Talk::bound().await;
        talk.says("/survey").await;
        says_as_if_displeased(&mut talk, words, Intent::SurveyAnswer, confidence).await;
        assert_eq!(talk.flagged("negative_feedback").await.len(), usize::from(shown), "{words}");
    }
    for words in ["太差了", "非常不满意"] {
        let mut talk = Talk::bound().await;
        talk.says("/survey").await;
        talk.says(words).await;
        assert_eq!(talk.flagged("negative_feedback").await.len(), 1, "{words}");
    }
}

#[tokio::test]
async fn what_is_said_after_an_alarm_in_a_survey_goes_to_its_ticket_and_the_survey_waits() {
    for taken_up_by in ["a wish", "a button", "its reminder"] {
        let mut talk = Talk::bound().await;
        talk.says("评价").await;
        talk.taps("4").await;
        let four = talk.button("4");
        talk.says("我家煤气漏了").await;
        talk.says("厨房").await;
        talk.says("师傅快来").await;
        let said = talk.transcript();
        assert!(!said.contains("没看出是几分") && !said.contains("我们接着刚才的评价"), "{said}");
        let [ticket] = talk.tickets().await.try_into().unwrap();
        assert!(ticket.description.contains("师傅快来"), "{}", ticket.description);
        let again = match taken_up_by {
            "a wish" => {
                talk.says("评价").await;
                "（2/5）"
            }
            "a button" => {
                talk.presses(&four).await;
                "（3/5）"
            }
            _ => {
                talk.waits_until(talk.clock.now() + std::time::Duration::from_secs(3 * 86_400)).await;
                "（2/5）"
            }
        };
        let said = talk.transcript();
        assert!(said.contains(again), "{taken_up_by}: {said}");
        assert_eq!(talk.responses().await.len(), 1, "{taken_up_by}");
    }
}

#[tokio::test]
async fn a_survey_that_waits_behind_an_alarm_ends_with_the_wish_for_no_more_and_runs_out() {
    for stopped in [true, false] {
        let mut talk = Talk::bound().await;
        talk.says("评价").await;
        talk.taps("4").await;
        talk.says("厨房有很重的煤气味").await;
        if stopped {
            talk.says("退订").await;
        } else {
            talk.waits_until(talk.clock.now() + std::time::Duration::from_secs(15 * 86_400)).await;
        }
        let [response] = talk.responses().await.try_into().unwrap();
        assert_eq!(response.progress, huifang::store::responses::Progress::Expired, "{}", talk.transcript());
        assert_eq!(answers(&talk).await.len(), 1, "what was answered stays");
    }
}

#[tokio::test]
async fn a_leak_reported_in_the_middle_of_a_survey_comes_first_and_the_survey_goes_on() {
    let mut talk = Talk::bound().await;
    talk.says("/survey").await;
    talk.taps("3").await;
    talk.says("先不说这个，厨房水槽下面漏水了").await;
    talk.taps("提交").await;
    talk.taps("4").await;
    assert_snapshot!(talk.transcript(), @r"
    » /survey
      想听听您对我们服务的看法，五个小问题，一分钟就好。点按钮、打字、语音都行。
      （1/5）总体来说，您满意吗？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
    » [3]
      （2/5）响应快不快，到得及时吗？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
    » 先不说这个，厨房水槽下面漏水了
      请您看一下：
      类别：渗漏
      问题：漏水
      位置：厨房水槽下面
      这样提交可以吗？
      [提交] [改一改] [不报了]
    » [提交]
      已登记，工单号 HF2611-0001。工作人员会尽快联系您，回复“进度”随时可查。
      我们接着刚才的评价。
      （2/5）响应快不快，到得及时吗？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
    » [4]
      （3/5）技术怎么样，问题解决了吗？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
    ");
    assert_eq!(talk.tickets().await.len(), 1);
}

#[tokio::test]
async fn a_tap_on_an_earlier_question_corrects_it() {
    let mut talk = Talk::bound().await;
    talk.says("/survey").await;
    let five = talk.button("5");
    talk.taps("1").await;
    talk.presses(&five).await;
    talk.says("4").await;
    talk.says("取消").await;
    assert_snapshot!(talk.transcript(), @r"
    » /survey
      想听听您对我们服务的看法，五个小问题，一分钟就好。点按钮、打字、语音都行。
      （1/5）总体来说，您满意吗？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
    » [1]
      （2/5）响应快不快，到得及时吗？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
    » [q0000000a:overall:5]
      记下了：5 分
      （2/5）响应快不快，到得及时吗？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
    » 4
      （3/5）技术怎么样，问题解决了吗？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
    » 取消
      好的，不填了。已答的部分我们会保留。
    ");
}

/// The survey as the operator changed it: what was its third question comes first, three are gone.
fn shorter(survey: &str) -> String {
    let head = survey.split("[[question]]").next().unwrap().replace("version = 1", "version = 2");
    let skill = survey.split("[[question]]").find(|question| question.contains("\"skill\"")).unwrap();
    let overall = survey.split("[[question]]").find(|question| question.contains("\"overall\"")).unwrap();
    let [skill, overall] = [skill.replace("0.2", "0.4"), overall.replace("0.4", "0.6")];
    format!("{head}[[question]]{skill}[[question]]{overall}")
}

#[tokio::test]
async fn a_survey_whose_questions_are_changed_meanwhile_is_answered_as_it_began_and_the_next_as_it_is() {
    let mut talk = Talk::bound().await;
    talk.says("/survey").await;
    let five = talk.button("5");
    talk.taps("4").await;
    talk.transcript();
    talk.operator_edits("surveys/maintenance.toml", shorter);
    for value in ["4", "3", "跳过", "9"] {
        talk.taps(value).await;
    }
    assert_snapshot!(talk.transcript(), @r"
    » [4]
      （3/5）技术怎么样，问题解决了吗？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
    » [3]
      （4/5）师傅的沟通和态度怎么样？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5] [跳过]
    » [跳过]
      （5/5）您愿意把我们推荐给别人吗？
      0 分绝不推荐，10 分一定推荐
      [0] [1] [2] [3] [4] [5] [6] [7] [8] [9] [10] [跳过]
    » [9]
      谢谢您。还有做得不够的地方，会有同事来向您了解。
      还有什么想说的？打字、语音都行，不说也没关系。
    ");
    let response = talk.responses().await.remove(0);
    assert_eq!((response.survey_version, response.score.map(|score| (score * 1000.0).round())), (1, Some(3780.0)));
    assert_eq!(response.nps, Some(9), "the question that is gone was asked, and its answer is kept");
    // The next run asks what is asked now; a button of the run before changes neither.
    talk.passes(8 * 24 * 60);
    talk.says("/survey").await;
    talk.presses(&five).await;
    talk.taps("2").await;
    talk.taps("2").await;
    assert_snapshot!(talk.transcript(), @r"
    » /survey
      想听听您对我们服务的看法，五个小问题，一分钟就好。点按钮、打字、语音都行。
      （1/2）技术怎么样，问题解决了吗？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
    » [q0000000a:overall:5]
      这个按钮已经过时了。请点最新一条消息下面的按钮，或者直接说。
      （1/2）技术怎么样，问题解决了吗？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
    » [2]
      （2/2）总体来说，您满意吗？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
    » [2]
      对不起，没有让您满意。您的意见已转给负责人，会有人联系您。
      还有什么想说的？打字、语音都行，不说也没关系。
    ");
    let responses = talk.responses().await;
    let mut told: Vec<_> = responses.iter().map(|r| (r.survey_version, r.band.clone().unwrap())).collect();
    told.sort();
    assert_eq!(told, [(1, "neutral".to_owned()), (2, "dissatisfied".to_owned())]);
}

#[tokio::test]
async fn a_button_of_an_old_survey_tapped_after_a_new_one_began_changes_neither_and_says_so() {
    let mut talk = Talk::bound().await;
    talk.says("/survey").await;
    let (five, one) = (talk.button("5"), talk.button("1"));
    talk.taps("2").await;
    talk.transcript();
    talk.waits_until(talk.clock.now() + std::time::Duration::from_secs(15 * 86_400)).await;
    assert_snapshot!(talk.transcript(), @r"
    上次的评价还没填完，方便的话接着填，一分钟就好。
    （2/5）响应快不快，到得及时吗？
    1 分很不满意，5 分非常满意
    [1] [2] [3] [4] [5]
    这份评价已过期，谢谢您。有话想说，现在直接告诉我也行。
    [现在评价]
    ");
    talk.says("/survey").await;
    talk.presses(&five).await;
    talk.taps("3").await;
    talk.presses(&one).await;
    assert_snapshot!(talk.transcript(), @r"
    » /survey
      想听听您对我们服务的看法，五个小问题，一分钟就好。点按钮、打字、语音都行。
      （1/5）总体来说，您满意吗？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
    » [q0000000a:overall:5]
      这个按钮已经过时了。请点最新一条消息下面的按钮，或者直接说。
      （1/5）总体来说，您满意吗？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
    » [3]
      （2/5）响应快不快，到得及时吗？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
    » [q0000000a:overall:1]
      这个按钮已经过时了。请点最新一条消息下面的按钮，或者直接说。
      （2/5）响应快不快，到得及时吗？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
    ");
    let responses = talk.responses().await;
    assert_eq!(responses.len(), 2);
    let mut answers = Vec::new();
    for response in &responses {
        let id = response.id;
        let found = talk.store.read(|tx| Box::pin(async move { huifang::store::responses::answers(tx, id).await }));
        let found: Vec<_> = found.await.map_err(|error: huifang::store::StoreError| error).unwrap();
        answers.push(found.into_iter().map(|answer| (answer.question, answer.value)).collect::<Vec<_>>());
    }
    answers.sort_by(|a, b| a[0].1.partial_cmp(&b[0].1).unwrap());
    let overall = |value| vec![("overall".to_owned(), Some(value))];
    assert_eq!(answers, [overall(2.0), overall(3.0)], "each keeps what was answered to it");
}

/// A person who is asked about a repair: is it fixed?
async fn asked_whether_it_is_fixed() -> Talk {
    let mut talk = Talk::bound().await;
    let (dialogue, response) = (talk.dialogue().await, talk.clock.new_id());
    let event = Event::SurveyInvited { response, survey: "post_repair".to_owned(), intro: None };
    talk.happens(dialogue, event).await;
    talk.transcript();
    talk
}

/// What was answered, question by question.
async fn answers(talk: &Talk) -> Vec<(String, Option<f64>, Option<String>)> {
    let id = talk.responses().await[0].id;
    let found = talk.store.read(|tx| Box::pin(async move { huifang::store::responses::answers(tx, id).await })).await;
    let found: Vec<_> = found.map_err(|error: huifang::store::StoreError| error).unwrap();
    found.into_iter().map(|answer| (answer.question, answer.value, answer.text)).collect()
}

#[tokio::test]
async fn what_was_read_back_is_agreed_to_or_denied_in_plain_words_typed_or_spoken() {
    let mut talk = Talk::bound().await;
    talk.says("/survey").await;
    for (yes, spoken) in [("对", true), ("是的", false), ("好的", false)] {
        talk.speaks("我觉得可以打两分").await;
        talk.transcript();
        if spoken {
            talk.speaks(yes).await;
        } else {
            talk.says(yes).await;
        }
        let said = talk.transcript();
        assert!(said.contains("/5）") && !said.contains("需要什么"), "{yes}: {said}");
    }
    assert_eq!(answers(&talk).await.iter().filter(|answer| answer.1 == Some(2.0)).count(), 3);
    talk.speaks("我觉得可以打两分").await;
    talk.transcript();
    talk.says("不对").await;
    assert_snapshot!(talk.transcript(), @r"
    » 不对
      （4/5）师傅的沟通和态度怎么样？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5] [跳过]
    ");
    talk.speaks("我觉得可以打两分").await;
    talk.transcript();
    talk.speaks("改").await;
    assert_snapshot!(talk.transcript(), @r"
    » [语音]
      收到，正在听…
      我听到：改
      （4/5）师傅的沟通和态度怎么样？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5] [跳过]
    ");
    assert_eq!(answers(&talk).await.len(), 3);
}

#[tokio::test]
async fn a_recording_that_is_heard_late_answers_no_question_that_was_asked_after_it() {
    let mut talk = Talk::bound().await;
    talk.says("/survey").await;
    let media = talk.sends_voice().await;
    talk.says("4").await;
    talk.transcript();
    talk.is_heard(media, "我觉得可以打两分").await;
    let said = talk.transcript();
    for part in ["我听到：我觉得可以打两分", "没有当作这一题的回答", "（2/5）"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("对吗"), "{said}");
    talk.speaks("我觉得可以打三分").await;
    assert!(talk.transcript().contains("3 分，对吗"), "in time it is the answer");
    talk.says("对").await;
    let marks: Vec<_> = answers(&talk).await.into_iter().map(|(_, mark, _)| mark).collect();
    assert_eq!(marks, [Some(4.0), Some(3.0)]);
    // A fault is a report, whenever it is heard.
    let media = talk.sends_voice().await;
    talk.says("5").await;
    talk.is_heard(media, "厨房水管漏水").await;
    assert!(talk.transcript().contains("位置：厨房"));
}

#[tokio::test]
async fn what_waits_to_be_agreed_to_is_asked_for_once_more_when_a_recording_is_heard_late() {
    let mut talk = Talk::bound().await;
    talk.says("/survey").await;
    let media = talk.sends_voice().await;
    talk.says("4").await;
    talk.says("我觉得可以打三分").await;
    talk.is_heard(media, "我觉得可以打两分").await;
    talk.says("对").await;
    assert_eq!(answers(&talk).await.len(), 1, "nothing was read back last: {}", talk.transcript());
    let media = talk.sends_voice().await;
    talk.is_not_heard(media, NotHeard::NoSpeech).await;
    assert!(talk.state().await.sent_to.is_empty());
}

#[tokio::test]
async fn an_edited_message_answers_no_question_that_was_asked_after_it() {
    let mut talk = Talk::bound().await;
    talk.says("/survey").await;
    talk.says("4").await;
    talk.transcript();
    talk.shows(Content::Edited("5".to_owned()), "[改为] 5").await;
    let said = talk.transcript();
    assert!(said.contains("没有当作这一题的回答") && said.contains("“上一题”"), "{said}");
    let marks = async |talk: &Talk| answers(talk).await.into_iter().map(|(_, mark, _)| mark).collect::<Vec<_>>();
    assert_eq!(marks(&talk).await, [Some(4.0)]);
    talk.taps("5").await;
    assert_eq!(marks(&talk).await, [Some(4.0), Some(5.0)], "the question still stands");
    // What was no answer is put right by its edit.
    talk.says("来的是李师傅").await;
    talk.shows(Content::Edited("3".to_owned()), "[改为] 3").await;
    assert_eq!(marks(&talk).await, [Some(4.0), Some(5.0), Some(3.0)], "{}", talk.transcript());
    // Danger is heard, whatever is asked.
    talk.shows(Content::Edited("厨房有很重的煤气味".to_owned()), "[改为] 厨房有很重的煤气味").await;
    assert_eq!(talk.flagged("emergency").await.len(), 1, "{}", talk.transcript());
}

/// Edits a message that was sent before.
async fn edits(talk: &mut Talk, words: &str) {
    talk.shows(Content::Edited(words.to_owned()), &format!("[改为] {words}")).await;
}

#[tokio::test]
async fn an_edited_message_is_heard_that_blames_tells_of_a_fault_or_asks_for_a_person() {
    for words in ["1分，师傅骂人", "我要投诉你们"] {
        let mut talk = Talk::bound().await;
        talk.says("/survey").await;
        talk.says("4").await;
        edits(&mut talk, words).await;
        assert_eq!(talk.flagged("negative_feedback").await.len(), 1, "{}", talk.transcript());
        talk.says("取消").await;
        assert_eq!(talk.responses().await[0].comment.as_deref(), Some(words));
    }
    let mut talk = Talk::bound().await;
    talk.says("/survey").await;
    talk.says("4").await;
    edits(&mut talk, "卫生间天花板漏水了").await;
    assert!(talk.transcript().contains("位置：卫生间"), "a report");
    edits(&mut talk, "人工").await;
    assert!(talk.state().await.handed_over(), "{}", talk.transcript());
}

#[tokio::test]
async fn an_edited_message_answers_where_nothing_was_taken_for_an_answer_before_it() {
    let mut talk = Talk::bound().await;
    talk.says("/survey").await;
    edits(&mut talk, "4").await;
    talk.says("55").await;
    edits(&mut talk, "5").await;
    talk.says("三四分吧").await;
    edits(&mut talk, "3").await;
    let marks: Vec<_> = answers(&talk).await.into_iter().map(|(_, mark, _)| mark).collect();
    assert_eq!(marks, [Some(4.0), Some(5.0), Some(3.0)], "{}", talk.transcript());
}

#[tokio::test]
async fn whether_it_is_fixed_is_answered_in_plain_words_typed_or_spoken() {
    for (word, spoken, fixed) in
        [("是", false, 1.0), ("对。", false, 1.0), ("不是", false, 0.0), ("没有", false, 0.0), ("没有", true, 0.0)]
    {
        let mut talk = asked_whether_it_is_fixed().await;
        if spoken {
            talk.speaks(word).await;
            assert!(talk.transcript().contains("没修好，对吗"));
            talk.speaks("对").await;
        } else {
            talk.says(word).await;
        }
        assert_eq!(answers(&talk).await[0].1, Some(fixed), "{word}");
        let said = talk.transcript();
        assert!(said.contains("/3）") || said.contains("/2）"), "the next question comes: {said}");
    }
}

#[tokio::test]
async fn nothing_is_an_answer_to_an_open_question() {
    let mut talk = asked_whether_it_is_fixed().await;
    talk.taps("没修好").await;
    talk.says("没有").await;
    assert_snapshot!(talk.transcript(), @r"
    » [没修好]
      （2/3）还有哪里没好？打字、语音都行。
      [跳过]
    » 没有
      （3/3）这次维修您打几分？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
    ");
    assert_eq!(answers(&talk).await[1], ("remaining".to_owned(), None, Some("没有".to_owned())));
}

#[tokio::test]
async fn unsubscribing_during_a_report_ends_the_survey_that_waits_behind_it() {
    let mut talk = Talk::bound().await;
    talk.says("评价").await;
    talk.taps("4").await;
    talk.says("厨房水管漏水").await;
    let submit = talk.button("提交");
    talk.transcript();
    talk.says("退订").await;
    talk.presses(&submit).await;
    assert_snapshot!(talk.transcript().replace(&submit, "r…:submit"), @r"
    » 退订
      好的，不再给您发回访。您报修的进度仍会通知您；想恢复回访，回复“恢复”即可。
    » [r…:submit]
      已登记，工单号 HF2611-0001。工作人员会尽快联系您，回复“进度”随时可查。
    ");
    let [response] = talk.responses().await.try_into().unwrap();
    assert_eq!(response.progress, huifang::store::responses::Progress::Expired);
    assert_eq!(answers(&talk).await.len(), 1, "what was answered stays");
}

#[tokio::test]
async fn whoever_wants_out_of_a_survey_need_not_know_the_word_for_it() {
    for words in [
        "取消吧",
        "算了吧",
        "不想填",
        "不想填了",
        "没空",
        "下次吧",
        "Not now",
        "I’m busy",
        "I don't want to do this now.",
    ] {
        let mut talk = Talk::bound().await;
        talk.says("/survey").await;
        talk.says(words).await;
        let state = talk.state().await;
        assert_eq!((state.awaiting(), state.surveys_stopped), (Awaiting::Nothing, false), "{}", talk.transcript());
    }
    for words in [
        "退订吧",
        "以后别发了",
        "不要再给我发问卷了",
        "别再问了",
        "please don't contact me again",
        "stop sending me surveys",
        "unsubscribe me please",
        "Please stop sending these",
        "don’t send me any more surveys",
    ] {
        for asked in [true, false] {
            let mut talk = Talk::bound().await;
            if asked {
                talk.says("/survey").await;
            }
            talk.says(words).await;
            assert!(talk.state().await.surveys_stopped, "{}", talk.transcript());
        }
    }
}

#[tokio::test]
async fn a_question_that_may_be_passed_over_is_passed_over_with_a_particle_as_well() {
    for words in ["跳过吧", "I'd rather not say"] {
        let mut talk = Talk::bound().await;
        talk.says("/survey").await;
        for _ in 0..4 {
            talk.taps("4").await;
        }
        talk.says(words).await;
        let [response] = talk.responses().await.try_into().unwrap();
        assert!(response.completed_at.is_some(), "{}", talk.transcript());
    }
}

#[tokio::test]
async fn back_leads_from_question_to_question_down_to_the_first() {
    for jumps in [false, true] {
        let mut talk = Talk::bound().await;
        talk.says("评价").await;
        let first = talk.button("4");
        for _ in 0..3 {
            talk.taps("4").await;
        }
        if jumps {
            // The order is that of the questions, not that of the answers.
            talk.presses(&first).await;
        }
        for back in ["（3/5）", "（2/5）", "（1/5）", "（1/5）"] {
            talk.transcript();
            talk.says("上一题").await;
            let said = talk.transcript();
            assert!(said.contains(back), "{back}: {said}");
        }
        talk.taps("5").await;
        let said = talk.transcript();
        assert!(said.contains("（4/5）"), "{said}");
    }
}

#[tokio::test]
async fn another_language_is_asked_for_in_a_sentence() {
    for (words, language) in [
        ("English please", "en"),
        ("in English, please", "en"),
        ("Do you speak English?", "en"),
        ("请说英语", "en"),
        ("用英文", "en"),
        ("can you speak Chinese?", "zh-CN"),
        ("中文可以吗", "zh-CN"),
        ("请说中文", "zh-CN"),
    ] {
        let mut talk = Talk::bound().await;
        talk.says(words).await;
        let state = talk.state().await;
        assert!(state.language_chosen && !state.handed_over(), "{words}: {}", talk.transcript());
        assert_eq!(state.language.tag(), language, "{words}");
    }
}

#[tokio::test]
async fn a_few_signs_a_question_and_small_talk_are_no_displeasure_by_their_wording() {
    for (words, intent) in [
        ("第二个", Intent::SurveyAnswer),
        ("谁会看到我的回答", Intent::SurveyAnswer),
        ("who will see this", Intent::SurveyAnswer),
        ("你们会看到我的回答吗？", Intent::SurveyAnswer),
        ("你们自己想想", Intent::Smalltalk),
    ] {
        let mut talk = Talk::bound().await;
        talk.says("/survey").await;
        says_as_if_displeased(&mut talk, words, intent, 0.9).await;
        assert!(talk.flagged("negative_feedback").await.is_empty(), "{words}");
    }
}

#[tokio::test]
async fn a_fault_behind_the_best_mark_is_flagged_though_the_mark_is_read_back() {
    for (words, flagged) in [
        ("5分，就是卫生间还漏水", true),
        ("5分，还在漏水", true),
        ("5分，修好了不漏水了", false),
        ("5分，没有再漏水", false),
        ("5分，师傅修漏水很快", false),
        ("5分，漏水处理得很及时", false),
        ("5分，修得很好，可是卫生间漏水", true),
        ("5分，漏水修好了师傅很专业，但是墙皮又掉了", true),
        ("5分，上次修的漏水很及时，这次门锁坏了", true),
        ("5分，漏水修了很快就漏", true),
        ("5分 修得很好就是还有异响", true),
        ("5分，维修师傅很好但天花板漏水", true),
    ] {
        let mut talk = answered_once().await;
        talk.says(words).await;
        talk.taps("对").await;
        for value in ["5", "5", "10"] {
            talk.taps(value).await;
        }
        assert_eq!(talk.flagged("score_text_conflict").await.len(), usize::from(flagged), "{words}");
        assert_eq!(talk.transcript().contains("谢谢您的认可"), !flagged, "{words}");
    }
}

#[tokio::test]
async fn another_word_of_satisfaction_than_the_one_read_back_is_read_back_itself() {
    for (first, then, mark) in [
        ("太慢了", "都很好", 4.0),
        ("很差", "其实很好", 4.0),
        ("不满意", "说错了，满意", 4.0),
        ("很差", "不对，是很满意", 5.0),
        ("very bad", "no, it was fast", 4.0),
    ] {
        let mut talk = Talk::bound().await;
        talk.says("/survey").await;
        talk.says(first).await;
        talk.transcript();
        talk.says(then).await;
        let said = talk.transcript();
        assert!(said.contains(&format!("{then} → {mark}")), "{said}");
        assert!(answers(&talk).await.is_empty(), "{then}");
        talk.says("yes").await;
        assert_eq!(answers(&talk).await[0].1, Some(mark), "{then}");
    }
    let mut again = Talk::bound().await;
    again.says("/survey").await;
    again.says("一般").await;
    again.says("一般").await;
    assert_eq!(answers(&again).await[0].1, Some(3.0), "who says it twice means it");
}

#[tokio::test]
async fn words_that_take_an_answer_back_lead_to_its_question_with_the_mark_they_name() {
    for (words, mark) in [
        ("不对，三分", 3.0),
        ("说错了，是三分", 3.0),
        ("刚才点错了，应该是4分", 4.0),
        ("改一下上一题，2分", 2.0),
        ("oops, I meant three", 3.0),
        ("说错了，不满意", 2.0),
    ] {
        let mut talk = answered_once().await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains(&format!("{words} → {mark}")), "{said}");
        assert!(said.contains("总体来说") || said.to_lowercase().contains("overall"), "{said}");
        talk.says("yes").await;
        let said = talk.transcript();
        assert!(said.contains("2/5"), "{said}");
        let answers = answers(&talk).await;
        assert_eq!((answers.len(), answers[0].1), (1, Some(mark)), "{words}");
    }
    for words in ["不对", "前面那题我点错了", "回去改一下第一题", "回上一题", "点错了"] {
        let mut talk = answered_once().await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("（1/5）") && !said.contains("没看出是几分"), "{said}");
    }
}

#[tokio::test]
async fn a_plain_no_takes_no_answer_back_and_why_somebody_leaves_is_kept_where_it_is_a_complaint() {
    for words in ["no", "不是", "no, it was slow"] {
        let mut talk = answered_once().await;
        talk.transcript();
        talk.says(words).await;
        assert!(!talk.transcript().contains("（1/5）"), "{words}");
        assert_eq!(answers(&talk).await[0].1, Some(5.0), "{words}");
    }
    let mut talk = answered_once().await;
    talk.says("忙着呢，师傅态度很差").await;
    assert!(talk.flags().await.iter().any(|flag| flag.kind.name() == "negative_feedback"), "{}", talk.transcript());
}

#[tokio::test]
async fn the_words_at_the_ends_of_the_scale_answer_whether_somebody_would_recommend_us() {
    for (words, mark) in
        [("一定推荐", 10), ("肯定会", 10), ("会的", 8), ("不会", 0), ("绝对不推荐", 0), ("yes, definitely", 10)]
            .into_iter()
            .chain([("会", 8), ("是的", 8), ("yes", 8), ("yeah sure", 8), ("不", 0), ("no", 0), ("nope", 0)])
    {
        let mut talk = Talk::bound().await;
        talk.says("/survey").await;
        for _ in 0..4 {
            talk.taps("4").await;
        }
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains(&format!("{words} → {mark}")), "{said}");
    }
    for (words, mark) in [
        ("all good", 4),
        ("all perfect", 5),
        ("又快又好", 5),
        ("师傅人挺好的", 4),
        ("修得挺好的", 4),
        ("其实还挺快的", 4),
        ("actually good", 4),
        ("It was okay, nothing special", 3),
    ] {
        let mut talk = Talk::bound().await;
        talk.says("/survey").await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains(&format!("{words} → {mark}")), "{said}");
    }
}

#[tokio::test]
async fn a_no_that_declines_is_no_mark() {
    let mut talk = Talk::bound().await;
    talk.says("/survey").await;
    for _ in 0..4 {
        talk.taps("4").await;
    }
    talk.transcript();
    talk.says("no, thanks").await;
    assert!(!talk.transcript().contains("→ 0"));
    assert_eq!(answers(&talk).await.len(), 4);
}

#[tokio::test]
async fn who_does_not_know_whether_there_is_danger_skips_no_question_of_the_survey() {
    let mut talk = Talk::bound().await;
    talk.says("/survey").await;
    for _ in 0..3 {
        talk.taps("4").await;
    }
    // The fourth question may be skipped.
    let (dialogue, text) = (talk.dialogue().await, "好像不大对劲".to_owned());
    let understood = Understanding { danger_unsure: true, ..Understanding::default() };
    talk.happens(dialogue, Event::Text { text, understood }).await;
    assert!(talk.transcript().contains("有没有人有危险"));
    talk.says("I don't know").await;
    assert_eq!(answers(&talk).await.len(), 3, "{}", talk.transcript());
}

#[tokio::test]
async fn a_sentence_that_begins_with_the_wish_to_leave_a_survey_is_one_unless_it_says_more() {
    for words in
        ["没空，改天吧", "改天吧", "等会儿再说", "忙着呢", "later", "not now, I'm driving", "can we do this tomorrow?"]
    {
        let mut talk = Talk::bound().await;
        talk.says("/survey").await;
        talk.says(words).await;
        assert_eq!(talk.state().await.awaiting(), Awaiting::Nothing, "{words}: {}", talk.transcript());
    }
    for words in [
        "别再发这种问卷了",
        "请不要再给我发消息了",
        "以后不要给我发这些了，烦死了",
        "不要再打扰我了",
        "stop sending me these things please",
        "take me off your list",
    ] {
        let mut talk = Talk::bound().await;
        talk.says("/survey").await;
        talk.says(words).await;
        assert!(talk.state().await.surveys_stopped, "{words}: {}", talk.transcript());
    }
    for words in ["can you switch to English please", "Could we do this in English?", "I only speak English"] {
        let mut talk = Talk::bound().await;
        talk.says("/survey").await;
        talk.says(words).await;
        assert!(talk.state().await.language_chosen, "{words}: {}", talk.transcript());
    }
    let mut marked = Talk::bound().await;
    marked.says("/survey").await;
    marked.says("算了，给3分吧").await;
    assert_eq!(marked.state().await.awaiting(), Awaiting::Score5, "{}", marked.transcript());
}

#[tokio::test]
async fn who_is_not_understood_twice_in_a_row_is_told_how_to_leave() {
    let mut talk = Talk::bound().await;
    talk.says("/survey").await;
    talk.transcript();
    talk.says("今天天气不错").await;
    assert!(!talk.transcript().contains("不想填了"));
    talk.says("明天也不错").await;
    let said = talk.transcript();
    assert!(said.contains("不想填了，回复“取消”就行。"), "{said}");
}

#[tokio::test]
async fn whoever_denies_any_trouble_complains_of_nothing() {
    for (words, tickets) in [
        ("That won't be a problem", 0),
        ("no problem at all", 0),
        ("没什么问题", 0),
        ("I don't have any complaints", 0),
        ("没问题才怪", 1),
        ("Not a problem? It is a huge problem", 1),
        ("I would not say there is no problem", 1),
        ("I would not say I have no complaints", 1),
        ("没有投诉，谢谢", 0),
        ("没投诉你们就不错了", 1),
        ("不投诉对不起自己", 1),
        ("no complaints except the rude plumber", 1),
        ("no problem my foot", 1),
        ("I have a complaint", 1),
        ("我要投诉", 1),
    ] {
        let mut talk = Talk::bound().await;
        says_as_if_displeased(&mut talk, words, Intent::SurveyAnswer, 0.95).await;
        assert_eq!(talk.tickets().await.len(), tickets, "{words}: {}", talk.transcript());
    }
}

#[tokio::test]
async fn two_marks_that_are_stated_with_their_questions_are_recorded_each_for_its_own() {
    for words in ["上一题5分，这题3分", "上一题打5分，这题打3分", "上一题应该是5分，这题给3分"]
    {
        let mut talk = Talk::bound().await;
        talk.says("/survey").await;
        talk.taps("4").await;
        talk.says(words).await;
        let mut marks: Vec<_> = answers(&talk).await.into_iter().map(|(question, mark, _)| (question, mark)).collect();
        marks.sort_by(|one, other| one.0.cmp(&other.0));
        let expected = [("overall".to_owned(), Some(5.0)), ("speed".to_owned(), Some(3.0))];
        assert_eq!(marks, expected, "{}", talk.transcript());
        assert!(talk.transcript().contains("3/5"));
    }
    // Where one of them cannot be read nothing is recorded yet: what was heard is read back.
    for words in ["上一题五分，这题三分", "上一题很差，这题3分"] {
        let mut talk = Talk::bound().await;
        talk.says("/survey").await;
        talk.taps("4").await;
        talk.says(words).await;
        assert_eq!(answers(&talk).await.len(), 1, "{}", talk.transcript());
    }
}

#[tokio::test]
async fn a_fault_or_displeasure_beside_two_marks_is_shown_to_staff() {
    let mut talk = Talk::bound().await;
    talk.says("/survey").await;
    talk.taps("4").await;
    talk.says("上一题漏水了，这题5分").await;
    talk.taps("对").await;
    for value in ["5", "5", "5", "10"] {
        talk.taps(value).await;
    }
    assert_eq!(talk.flagged("score_text_conflict").await.len(), 1, "{}", talk.transcript());
    let mut talk = Talk::bound().await;
    talk.says("/survey").await;
    talk.taps("4").await;
    says_as_if_displeased(&mut talk, "上一题2分，这题2分", Intent::SurveyAnswer, 0.95).await;
    assert_eq!(answers(&talk).await.len(), 2, "{}", talk.transcript());
    assert_eq!(talk.flagged("negative_feedback").await.len(), 1, "{}", talk.transcript());
}

#[tokio::test]
async fn the_last_one_that_came_is_no_question_of_the_survey() {
    for words in ["the last one was rude", "Last one made a mess", "the previous one broke my tap"] {
        let mut talk = Talk::bound().await;
        talk.says("/survey").await;
        talk.taps("4").await;
        talk.says(words).await;
        if let Activity::Surveying(run) = talk.state().await.activity {
            assert_eq!(run.revisiting, None, "{words}");
        }
    }
}

#[tokio::test]
async fn a_number_within_words_that_take_an_answer_back_is_no_mark() {
    for words in ["wrong one", "oops wrong one", "I tapped the wrong one"] {
        let mut talk = answered_once().await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("1/5") && !said.contains("→ 1"), "{said}");
        assert!(talk.flags().await.is_empty(), "{words}");
        talk.says("3").await;
        assert_eq!(answers(&talk).await[0].1, Some(3.0), "{words}");
    }
    let mut talk = answered_once().await;
    talk.says("wrong one, 3").await;
    let said = talk.transcript();
    assert!(said.contains("→ 3"), "{said}");
}

#[tokio::test]
async fn whoever_takes_back_an_answer_after_the_last_question_is_called_by_staff() {
    for (words, back) in [
        ("不对，刚才点错了", true),
        ("点错了", true),
        ("oops wrong button", true),
        ("不对，应该是2分", true),
        ("改一下", true),
        ("修改", true),
        ("上一步", true),
        ("back", true),
        ("/back", true),
        ("填错了", true),
        ("I tapped the wrong one", true),
        ("sorry, 3", true),
        ("师傅很准时", false),
    ] {
        let mut talk = Talk::bound().await;
        talk.says("/survey").await;
        for value in ["5", "5", "5", "5", "10"] {
            talk.taps(value).await;
        }
        talk.says(words).await;
        assert_eq!(talk.flagged("score_text_conflict").await.len(), usize::from(back), "{}", talk.transcript());
        assert_eq!(talk.responses().await[0].comment.as_deref(), Some(words));
    }
}

#[tokio::test]
async fn whoever_wants_to_think_is_given_time_and_the_question_stands() {
    for words in ["让我想想", "我想一下", "Let me think"] {
        let mut talk = Talk::bound().await;
        talk.says("/survey").await;
        talk.transcript();
        let (dialogue, text) = (talk.dialogue().await, words.to_owned());
        let understood = talk.intake.understand(&text, &talk.state().await);
        let understood = Understanding { intent: Intent::HumanAgent, ..understood };
        talk.happens(dialogue, Event::Text { text, understood }).await;
        let state = talk.state().await;
        assert_eq!((state.handed_over(), state.awaiting()), (false, Awaiting::Score5), "{words}");
        talk.taps("5").await;
        assert_eq!(answers(&talk).await.len(), 1, "{}", talk.transcript());
    }
}
