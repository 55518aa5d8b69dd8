//! What the operator sees when a setting is right, wrong, misspelt or secret.

use std::io::Write;

use super::*;

fn with_file(text: &str) -> Result<Config, String> {
    let mut file = tempfile::Builder::new().prefix("huifang").suffix(".toml").tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let name = file.path().display().to_string();
    Config::load(Some(file.path()), []).map_err(|error| error.to_string().replace(&name, "huifang.toml"))
}

fn with_variables(variables: &[(&str, &str)]) -> Result<Config, String> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::load(None, variables).map_err(|error| error.to_string())
}

#[test]
fn the_example_file_is_the_defaults() {
    let config = Config::builtin().unwrap();
    assert_eq!(with_file(EXAMPLE).unwrap(), config);
    assert_eq!(config.server.public_url(), "http://127.0.0.1:8080");
    assert_eq!(config.database.url.to_string(), "sqlite:huifang.db");
    assert_eq!(config.media.url, "file:media");
    assert_eq!(config.speech, SpeechConfig::default());
    assert_eq!(config.policy.quiet_from, jiff::civil::time(20, 0, 0, 0));
    assert_eq!(config.policy.survey_gap_days, 7);
    let kept = &config.policy;
    assert_eq!((kept.forget_after_minutes, kept.forget_left_after_hours, kept.keep_done_jobs_days), (10, 24, 180));
}

#[test]
fn an_address_that_nobody_else_reaches_and_one_with_a_path_are_known() {
    let server = |url: &str| with_variables(&[("HUIFANG_SERVER__PUBLIC_URL", url)]).unwrap().server;
    assert_eq!(Config::builtin().unwrap().server.unreachable(), Some("is not set"));
    for url in
        ["http://127.0.0.1:8080", "http://localhost", "http://LOCALHOST:80/", "http://[::1]:80", "http://0.0.0.0"]
    {
        assert!(server(url).unreachable().is_some(), "{url}");
    }
    for url in ["https://huifang.example.com", "http://192.168.1.5:8080", "https://localhost.example.com/sub"] {
        assert_eq!(server(url).unreachable(), None, "{url}");
    }
    let paths = ["https://a.example", "https://a.example/", "https://a.example/sub/"].map(|url| server(url).has_path());
    assert_eq!(paths, [false, false, true]);
}

#[test]
fn every_key_is_explained_in_the_example_file_and_none_other() {
    let mut written: Vec<(String, String)> = Vec::new();
    let mut section = String::new();
    let mut explained = false;
    for line in EXAMPLE.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            name.clone_into(&mut section);
        }
        let key = line.trim_start_matches("# ").split_once(" = ").map(|(key, _)| key);
        if let Some(key) = key.filter(|key| key.chars().all(|c| c.is_ascii_lowercase() || c == '_')) {
            assert!(explained, "[{section}] {key} has no comment above it");
            written.push((section.clone(), key.to_owned()));
        } else {
            explained = line.starts_with('#');
        }
    }
    let known: Vec<(String, String)> = known::sections()
        .iter()
        .flat_map(|section| known::keys(section).unwrap().iter().map(|key| ((*section).to_owned(), (*key).to_owned())))
        .collect();
    assert_eq!(written, known);
}

#[test]
fn a_variable_wins_over_the_file_and_the_file_over_the_default() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "[server]\nlisten = \"0.0.0.0:1\"\n[speech]\nthreads = 3").unwrap();
    let variables = [("HUIFANG_SERVER__LISTEN".to_owned(), "0.0.0.0:2".to_owned())];
    let config = Config::load(Some(file.path()), variables).unwrap();
    assert_eq!(config.server.listen.port(), 2);
    assert_eq!(config.speech.threads, 3);
    assert_eq!(config.policy.survey_gap_days, 7);
}

#[test]
fn a_variable_is_a_number_where_a_number_is_wanted_and_text_where_text_is() {
    let config =
        with_variables(&[("HUIFANG_SPEECH__THREADS", "2"), ("HUIFANG_POLICY__EMERGENCY_PHONE", "119")]).unwrap();
    assert_eq!(config.speech.threads, 2);
    assert_eq!(config.policy.emergency_phone.as_deref(), Some("119"));
}

#[test]
fn a_blank_setting_without_a_default_is_as_if_it_were_not_given() {
    let builtin = Config::builtin().unwrap();
    let in_the_file = "[server]\npublic_url = \"\"\n[speech]\nservice_url = \" \"\n[models]\nmirror = \"\"\n\
         [policy]\nemergency_phone = \"\"\n[telegram]\ntoken = \"\"\n[wecom]\nagent_id = \"\"";
    assert_eq!(with_file(in_the_file).unwrap(), builtin);
    let variables = [
        ("HUIFANG_SERVER__PUBLIC_URL", ""),
        ("HUIFANG_SPEECH__SERVICE_URL", ""),
        ("HUIFANG_MODELS__MIRROR", " "),
        ("HUIFANG_POLICY__EMERGENCY_PHONE", ""),
        ("HUIFANG_ALERTS__SMTP_URL", ""),
    ];
    assert_eq!(with_variables(&variables).unwrap(), builtin);
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file).unwrap();
    let path = file.path().display().to_string();
    assert_eq!(with_variables(&[("HUIFANG_POLICY__EMERGENCY_PHONE_FILE", &path)]).unwrap(), builtin);
    let unknown = with_variables(&[("HUIFANG_POLICY__EMERGENCY_FONE", "")]).unwrap_err();
    assert!(unknown.contains("unknown key `emergency_fone`"), "{unknown}");
}

#[test]
fn an_empty_variable_takes_back_what_the_file_says() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "[policy]\nemergency_phone = \"119\"\nsurvey_gap_days = 3").unwrap();
    let variables = [("HUIFANG_POLICY__EMERGENCY_PHONE".to_owned(), String::new())];
    let config = Config::load(Some(file.path()), variables).unwrap();
    assert_eq!((config.policy.emergency_phone, config.policy.survey_gap_days), (None, 3));
}

#[test]
fn an_empty_value_that_overrides_a_default_keeps_its_meaning() {
    let variables = [("HUIFANG_TAGGING__MODEL", ""), ("HUIFANG_TAGGING__NGRAMS", "")];
    let config = with_variables(&variables).unwrap();
    assert_eq!((config.tagging.model, config.tagging.ngrams), (None, None));
    insta::assert_snapshot!(
        with_variables(&[("HUIFANG_POLICY__QUIET_FROM", "")]).unwrap_err(),
        @r#"variable HUIFANG_POLICY__QUIET_FROM: [policy] quiet_from: expected a time of day such as "20:00", not """#
    );
}

#[test]
fn proxies_are_a_list_in_the_file_and_a_text_in_a_variable_and_no_other_thing() {
    let builtin = Config::builtin().unwrap().server.trusted_proxies;
    let listed = with_file("[server]\ntrusted_proxies = [\"127.0.0.0/8\", \"::1\"]").unwrap();
    assert_eq!(listed.server.trusted_proxies, builtin, "this machine alone is believed by default");
    let given = with_variables(&[("HUIFANG_SERVER__TRUSTED_PROXIES", "127.0.0.0/8,::1")]).unwrap();
    assert_eq!(given.server.trusted_proxies, builtin);
    insta::assert_snapshot!(
        with_file("[server]\ntrusted_proxies = [\"10.0.0.0/8\", \"proxy.lan\"]").unwrap_err(),
        @r#"huifang.toml:2: [server] trusted_proxies: expected addresses or networks such as "10.0.0.0/8", not "proxy.lan""#
    );
}

#[test]
fn an_unknown_name_is_refused_with_its_place_and_the_nearest_known_one() {
    insta::assert_snapshot!(
        with_file("# ours\n[server]\nlisten = \"0.0.0.0:80\"\nlisen = \"x\"").unwrap_err(),
        @"huifang.toml:4: unknown key `lisen` in [server] (did you mean `listen`?); its keys are listen, public_url, trusted_proxies"
    );
    insta::assert_snapshot!(
        with_file("[serve]\n").unwrap_err(),
        @"huifang.toml:1: unknown section [serve] (did you mean `server`?); the sections are server, database, media, speech, tagging, models, policy, telegram, wechat, wecom, http, alerts"
    );
    insta::assert_snapshot!(
        with_file("listen = \"0.0.0.0:80\"").unwrap_err(),
        @"huifang.toml:1: `listen` stands outside a section; every setting belongs below a [section]: server, database, media, speech, tagging, models, policy, telegram, wechat, wecom, http, alerts"
    );
    insta::assert_snapshot!(
        with_variables(&[("HUIFANG_POLICY__QUIET_FORM", "20:00")]).unwrap_err(),
        @"variable HUIFANG_POLICY__QUIET_FORM: unknown key `quiet_form` in [policy] (did you mean `quiet_from`?); its keys are time_zone, quiet_from, quiet_to, survey_gap_days, forget_after_minutes, forget_left_after_hours, keep_done_jobs_days, emergency_phone"
    );
    insta::assert_snapshot!(
        with_variables(&[("HUIFANG_DATABASE_URL", "sqlite:x")]).unwrap_err(),
        @"variable HUIFANG_DATABASE_URL: section and key are joined by two underscores: did you mean HUIFANG_DATABASE__URL?"
    );
}

#[test]
fn a_wrong_value_is_told_with_its_place_and_what_would_be_right() {
    insta::assert_snapshot!(
        with_file("[server]\nlisten = 8080").unwrap_err(),
        @"huifang.toml:2: [server] listen: invalid type: integer `8080`, expected a string"
    );
    insta::assert_snapshot!(
        with_file("[server]\nlisten = \"8080\"").unwrap_err(),
        @r#"huifang.toml:2: [server] listen: expected ADDRESS:PORT such as 127.0.0.1:8080 or [::]:8080, not "8080""#
    );
    insta::assert_snapshot!(
        with_file("[policy]\nquiet_from = \"25:00\"").unwrap_err(),
        @r#"huifang.toml:2: [policy] quiet_from: expected a time of day such as "20:00", not "25:00""#
    );
    insta::assert_snapshot!(
        with_file("[policy]\nforget_after_minutes = 90").unwrap_err(),
        @"huifang.toml:2: [policy] forget_after_minutes: expected 0 to 50 minutes, since the client is told it takes an hour, not 90"
    );
    insta::assert_snapshot!(
        with_file("[media]\n\nurl = \"ftp://there\"").unwrap_err(),
        @r#"huifang.toml:3: [media] url: expected file:DIRECTORY or s3:BUCKET, not "ftp://there""#
    );
    insta::assert_snapshot!(
        with_variables(&[("HUIFANG_SPEECH__THREADS", "many")]).unwrap_err(),
        @"variable HUIFANG_SPEECH__THREADS: [speech] threads: expected a whole number from 1 to 64"
    );
}

#[test]
fn a_number_that_is_out_of_bounds_is_told_with_the_bounds() {
    for key in ["threads", "permits"] {
        for value in ["0", "65", "100000", "-1", "1.5"] {
            let refused = with_file(&format!("[speech]\n{key} = {value}")).unwrap_err();
            assert_eq!(refused, format!("huifang.toml:2: [speech] {key}: expected a whole number from 1 to 64"));
        }
    }
    for value in ["0", "3601"] {
        let refused = with_variables(&[("HUIFANG_SPEECH__DEADLINE_SECONDS", value)]).unwrap_err();
        assert!(refused.ends_with("expected a whole number from 1 to 3600"), "{refused}");
    }
    let speech = with_file("[speech]\nthreads = 64\npermits = 1\ndeadline_seconds = 3600").unwrap().speech;
    assert_eq!((speech.threads, speech.permits, speech.deadline_seconds), (64, 1, 3_600));
    insta::assert_snapshot!(
        with_file("[policy]\nsurvey_gap_days = 70000").unwrap_err(),
        @"huifang.toml:2: [policy] survey_gap_days: invalid value: integer `70000`, expected a whole number from 0 to 65535"
    );
    insta::assert_snapshot!(
        with_file("[telegram]\nmax_connections = 500").unwrap_err(),
        @"huifang.toml:2: [telegram] max_connections: invalid value: integer `500`, expected a whole number from 0 to 255"
    );
}

#[test]
fn links_begin_with_the_address_of_a_site_and_nothing_more() {
    for url in ["https://huifang.example.com", "http://192.168.1.5:8080/", "http://[::1]:80", "https://a.example/sub"] {
        assert!(with_variables(&[("HUIFANG_SERVER__PUBLIC_URL", url)]).is_ok(), "{url}");
    }
    for url in ["https://#", "https://:443", "https://ex.com?x=1", "https://ex.com/#a", "https://u:hunter2@ex.com"] {
        let refused = with_variables(&[("HUIFANG_SERVER__PUBLIC_URL", url)]).unwrap_err();
        assert!(refused.contains("expected https://HOST or http://HOST:PORT alone"), "{url}: {refused}");
        assert!(!refused.contains("hunter2"), "{refused}");
    }
    // The address of a mirror may have a password: no link begins with it.
    let mirror = with_variables(&[("HUIFANG_MODELS__MIRROR", "https://ci:hunter2@mirror.example")]).unwrap();
    assert_eq!(mirror.models.mirror.as_deref(), Some("https://ci:hunter2@mirror.example"));
}

#[test]
fn a_table_without_a_line_is_as_if_it_were_not_given() {
    assert_eq!(with_file("[tagging]\nlabels = {}").unwrap(), Config::builtin().unwrap());
    assert_eq!(with_file("[tagging]\nlabels = { }").unwrap().tagging.labels, None);
}

#[test]
fn a_database_in_memory_is_refused() {
    for url in ["sqlite::memory:", "sqlite://:memory:"] {
        let refused = with_variables(&[("HUIFANG_DATABASE__URL", url)]).unwrap_err();
        assert!(refused.ends_with("a database in memory forgets everything: write sqlite:FILE"), "{url}: {refused}");
    }
}

#[test]
fn a_file_that_is_no_toml_is_told_with_its_line() {
    let error = with_file("[server]\nlisten = ").unwrap_err();
    assert!(error.starts_with("huifang.toml:2: "), "{error}");
}

#[test]
fn a_value_may_lie_in_a_file_of_its_own() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "postgres://huifang:hunter2@db/huifang").unwrap();
    let path = file.path().display().to_string();
    let config = with_variables(&[("HUIFANG_DATABASE__URL_FILE", &path)]).unwrap();
    assert_eq!(config.database.url.expose(), "postgres://huifang:hunter2@db/huifang");
    // The image sets the one, compose the other: which comes first is chance.
    let both = [("HUIFANG_DATABASE__URL_FILE", path.as_str()), ("HUIFANG_DATABASE__URL", "sqlite:image.db")];
    for both in [both, [both[1], both[0]]] {
        assert_eq!(with_variables(&both).unwrap(), config, "{both:?}");
    }
    let gone = with_variables(&[("HUIFANG_DATABASE__URL_FILE", "/nonexistent/url")]).unwrap_err();
    assert!(gone.starts_with("cannot read /nonexistent/url (named by HUIFANG_DATABASE__URL_FILE): "), "{gone}");
}

#[test]
fn the_password_of_a_database_is_never_shown() {
    let url = "postgres://huifang:hunter2@db:5432/huifang?password=hunter2";
    let config = with_variables(&[("HUIFANG_DATABASE__URL", url)]).unwrap();
    assert_eq!(config.database.url.expose(), url);
    assert_eq!(config.database.url.to_string(), "postgres://…@db:5432/huifang");
    assert!(!format!("{config:?}").contains("hunter2"));
    let misspelt = with_variables(&[("HUIFANG_DATABASE__URL", "postgre://u:hunter2@db/x")]).unwrap_err();
    assert!(!misspelt.contains("hunter2"), "{misspelt}");
}

#[test]
fn nor_is_a_part_of_one_that_an_at_sign_or_a_question_mark_stands_in() {
    for (url, shown) in [
        ("postgres://db/huifang?user=h&password=hun@ter2", "postgres://…"),
        ("postgres://h:hun@ter2@db/huifang", "postgres://…@db/huifang"),
        ("postgres://h:hun?ter2@db/huifang", "postgres://…"),
        ("postgres://h:hun@ter?2@db/huifang", "postgres://…"),
        ("postgres://db/huifang?user=h&password=hunter2", "postgres://db/huifang"),
    ] {
        assert_eq!(DatabaseUrl::try_from(url.to_owned()).unwrap().to_string(), shown, "{url}");
    }
}

#[test]
fn a_file_of_sqlite_takes_no_parameters() {
    insta::assert_snapshot!(
        with_variables(&[("HUIFANG_DATABASE__URL", "sqlite:huifang.db?mode=rwc")]).unwrap_err(),
        @"variable HUIFANG_DATABASE__URL: [database] url: sqlite: takes no parameters: write sqlite:huifang.db alone (the file is made when absent)"
    );
}
