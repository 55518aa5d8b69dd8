//! Voice messages through the real thing: the program's own decode worker as a child process, the
//! embedded model, recordings in every container. `tests/fixtures/audio/make_fixtures.py` made them.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a test that cannot go on should stop; its tones are small numbers"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use huifang::domain::language::Language::{self, Chinese, English};
use huifang::speech::decode::{Caps, DecodeError};
use huifang::speech::sandbox::{Sandbox, SandboxError};
use huifang::speech::{Heard, Listener, SpeechConfig, SpeechError};

const PROGRAM: &str = env!("CARGO_BIN_EXE_huifang");
const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const WORDS: &str = "主卧卫生间天花板漏水";
/// One sentence of 2.9 s in every container.
const LEAKS: [&str; 11] = [
    "leak.ogg",
    "leak-vorbis.ogg",
    "leak.webm",
    "leak-live.webm",
    "leak.amr",
    "leak.awb",
    "leak.mp3",
    "leak-bare.mp3",
    "leak.m4a",
    "leak.wav",
    "leak.flac",
];

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(ROOT).join("tests/fixtures/audio").join(name)).unwrap()
}

fn sandbox() -> Sandbox {
    Sandbox::new(PathBuf::from(PROGRAM), Caps::default())
}

fn listener() -> Listener {
    let model = Path::new(ROOT).join("models/speech/ggml-huifang-zh-en-q5_0.bin");
    Listener::new(&SpeechConfig { model, ..SpeechConfig::default() }, PathBuf::from(PROGRAM)).unwrap()
}

async fn text(listener: &Listener, bytes: &[u8], language: Language) -> String {
    match listener.listen(bytes, None, language).await.unwrap() {
        Heard::Speech(transcript) => {
            assert!((0.0..=1.0).contains(&transcript.confidence));
            assert_eq!(transcript.language, language);
            transcript.text
        }
        Heard::Nothing { .. } => String::new(),
    }
}

/// 16-bit mono PCM in a WAV header.
fn wav(rate: u32, samples: &[i16]) -> Vec<u8> {
    let bytes = u32::try_from(samples.len() * 2).unwrap();
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + bytes).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend(rate.to_le_bytes());
    wav.extend((rate * 2).to_le_bytes());
    wav.extend(b"\x02\0\x10\0data");
    wav.extend(bytes.to_le_bytes());
    wav.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    wav
}

/// The samples of `leak.wav`.
fn leak_samples() -> Vec<i16> {
    let file = fixture("leak.wav");
    let data = file.windows(4).position(|window| window == b"data").unwrap() + 8;
    file[data..].chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

/// A small generator for noise and mutations: same seed, same test.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.roll()).unwrap() % limit.max(1)
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.roll() & 0xff).unwrap()
    }
}

#[tokio::test]
async fn every_container_decodes_to_its_length() {
    for name in LEAKS {
        let decoded = sandbox().decode(&fixture(name)).await.unwrap();
        assert!((2.84..3.05).contains(&decoded.seconds()), "{name}: {} s", decoded.seconds());
        let peak = decoded.samples.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        assert!((0.1..=1.0).contains(&peak), "{name}: peak {peak}");
        assert!(decoded.whole, "{name} is whole");
    }
}

#[tokio::test]
async fn amr_keeps_the_pauses_that_discontinuous_transmission_leaves_empty() {
    // sox writes one byte for a frame within a pause; ffmpeg 5.1 would drop it.
    let file = fixture("leak.amr");
    let sizes = [12, 13, 15, 17, 19, 20, 26, 31, 5, 0, 0, 0, 0, 0, 0, 0];
    let (mut at, mut frames, mut empty) = (6, 0_usize, 0);
    while at < file.len() {
        let kind = usize::from(file[at] >> 3 & 15);
        empty += usize::from(kind >= 8);
        frames += 1;
        at += 1 + sizes[kind];
    }
    assert!(empty > 5, "the fixture has pauses");
    let decoded = sandbox().decode(&file).await.unwrap();
    assert_eq!(decoded.samples.len(), frames * 320);
}

#[tokio::test]
async fn every_container_is_written_down_word_for_word() {
    let listener = listener();
    for name in LEAKS {
        assert_eq!(text(&listener, &fixture(name), Chinese).await, WORDS, "{name}");
    }
    assert_eq!(text(&listener, &fixture("english.ogg"), English).await, "The kitchen tap is leaking");
}

#[tokio::test]
async fn the_demo_clips_are_written_down_word_for_word() {
    let voices = Path::new(ROOT).join("assets/demo/voices");
    let clips: toml::Table = std::fs::read_to_string(voices.join("clips.toml")).unwrap().parse().unwrap();
    let clips = clips["clip"].as_array().unwrap();
    assert_eq!(clips.len(), 6);
    let listener = listener();
    for clip in clips {
        let file = clip["file"].as_str().unwrap();
        let bytes = std::fs::read(voices.join(file)).unwrap();
        assert!(bytes.len() <= 20_000, "{file} is small");
        let language = Language::from_tag(clip["language"].as_str().unwrap()).unwrap();
        assert_eq!(text(&listener, &bytes, language).await, clip["text"].as_str().unwrap(), "{file}");
    }
}

#[tokio::test]
async fn silence_noise_and_tones_yield_no_words() {
    let listener = listener();
    let mut dice = Dice(7);
    let white: Vec<i16> = (0..64_000).map(|_| i16::try_from(dice.below(20_000)).unwrap() - 10_000).collect();
    let tone = |hertz: f32| -> Vec<i16> {
        (0..64_000).map(|i| (12_000.0 * (i as f32 * hertz * std::f32::consts::TAU / 16_000.0).sin()) as i16).collect()
    };
    let recordings = [
        fixture("silence.ogg"),
        fixture("noise.ogg"),
        wav(16_000, &vec![0; 64_000]),
        wav(16_000, &white),
        wav(16_000, &tone(440.0)),
        wav(16_000, &tone(1_000.0)),
        wav(16_000, &[0; 10]),
    ];
    for (number, recording) in recordings.iter().enumerate() {
        let heard = listener.listen(recording, None, Chinese).await.unwrap();
        assert!(matches!(heard, Heard::Nothing { .. }), "recording {number}: {heard:?}");
    }
}

#[tokio::test]
async fn silence_before_and_pauses_within_do_not_confuse_it() {
    let quiet = |seconds: f32| vec![0_i16; (16_000.0 * seconds) as usize];
    let listener = listener();
    let late = [quiet(4.0), leak_samples(), quiet(2.0)].concat();
    assert_eq!(text(&listener, &wav(16_000, &late), Chinese).await, WORDS);
    let twice = [leak_samples(), quiet(1.0), leak_samples()].concat();
    assert_eq!(text(&listener, &wav(16_000, &twice), Chinese).await, format!("{WORDS}，{WORDS}"));
}

#[tokio::test]
async fn speech_that_is_not_understood_is_neither_silence_nor_left_out_unsaid() {
    let listener = listener();
    // Spoken backwards it sounds like speech and says nothing.
    let backwards: Vec<i16> = leak_samples().into_iter().rev().collect();
    let heard = listener.listen(&wav(16_000, &backwards), None, Chinese).await;
    assert!(matches!(heard, Err(SpeechError::Unclear)), "{heard:?}");
    let pause = vec![0; 16_000];
    let half = [leak_samples(), pause, backwards].concat();
    let Ok(Heard::Speech(transcript)) = listener.listen(&wav(16_000, &half), None, Chinese).await else {
        panic!("half of it is understood")
    };
    assert!(transcript.in_part);
    assert_eq!(transcript.text, format!("{WORDS}……"));
}

#[tokio::test]
async fn several_voices_at_once_wait_for_their_turn() {
    let listener = listener();
    let leak: Arc<[u8]> = fixture("leak.ogg").into();
    let turns: Vec<_> = (0..6)
        .map(|_| {
            let (listener, leak) = (listener.clone(), Arc::clone(&leak));
            tokio::spawn(async move { text(&listener, &leak, Chinese).await })
        })
        .collect();
    for turn in turns {
        assert_eq!(turn.await.unwrap(), WORDS);
    }
}

#[tokio::test]
async fn what_is_not_a_recording_is_refused_by_its_bytes() {
    let listener = listener();
    for bytes in [fixture("photo.jpg"), b"OggS".to_vec(), Vec::new(), b"hello".to_vec()] {
        let error = listener.listen(&bytes, None, Chinese).await.unwrap_err();
        assert!(matches!(error, SpeechError::UnknownFormat | SpeechError::Damaged(_)), "{error}");
    }
    let photo = listener.listen(&fixture("photo.jpg"), None, Chinese).await.unwrap_err();
    assert_eq!(photo.to_string(), "this is not a recording");
    let silk = listener.listen(b"\x02#!SILK_V3\x10\0abc", None, Chinese).await.unwrap_err();
    assert_eq!(silk.to_string(), "the recording is in a format that is not supported: SILK v3");
}

#[tokio::test]
async fn a_truncated_recording_yields_what_is_there() {
    for name in LEAKS.into_iter().filter(|name| *name != "leak.m4a") {
        let file = fixture(name);
        let decoded = sandbox().decode(&file[..file.len() * 3 / 5]).await.unwrap();
        assert!((0.9..2.6).contains(&decoded.seconds()), "{name}: {} s", decoded.seconds());
    }
    // An MP4's index stands at its end: without it there is nothing to find the audio by.
    let mp4 = fixture("leak.m4a");
    let error = sandbox().decode(&mp4[..mp4.len() * 3 / 5]).await.unwrap_err();
    assert!(matches!(error, SandboxError::Refused(DecodeError::Damaged(_))), "{error}");
}

/// `leak.ogg` with a byte changed in each of its pages from the second on that holds speech.
fn damaged() -> Vec<u8> {
    let mut file = fixture("leak.ogg");
    for at in [3_000, 6_500] {
        file[at] ^= 0xff;
    }
    file
}

#[tokio::test]
async fn a_damaged_or_cut_off_recording_says_that_something_is_lost() {
    let cut = |name: &str| {
        let file = fixture(name);
        file[..file.len() * 3 / 5].to_vec()
    };
    // A second recording behind the first one is not read.
    let chained = [fixture("leak.ogg"), fixture("english.ogg")].concat();
    for (number, file) in [damaged(), chained, cut("leak.ogg"), cut("leak.amr"), cut("leak.awb")].iter().enumerate() {
        assert!(!sandbox().decode(file).await.unwrap().whole, "recording {number}");
    }
    // Its last page begins at byte 5798: so end recordings that are sent while they are made.
    assert!(sandbox().decode(&fixture("leak.ogg")[..5_798]).await.unwrap().whole);
}

#[tokio::test]
async fn what_is_left_of_a_damaged_recording_is_not_taken_for_all_that_was_said() {
    let listener = listener();
    match listener.listen(&damaged(), None, Chinese).await {
        Ok(Heard::Speech(transcript)) => {
            assert!(transcript.in_part && transcript.text.ends_with("……"), "{transcript:?}");
        }
        heard => assert!(matches!(heard, Err(SpeechError::Unclear | SpeechError::Remnant)), "{heard:?}"),
    }
    // Silence in what is left says nothing about what is lost.
    let quiet = fixture("silence.ogg");
    let heard = listener.listen(&quiet[..quiet.len() - 1], None, Chinese).await;
    assert!(matches!(heard, Err(SpeechError::Remnant)), "{heard:?}");
}

#[tokio::test]
async fn twenty_minutes_are_refused_with_their_length() {
    let empty_amr_frames = [b"#!AMR\n".as_slice(), &vec![0x7c; 60_000]].concat();
    let quiet_wav = wav(8_000, &vec![0; 8_000 * 1_200]);
    for (bytes, length) in [(empty_amr_frames, 1_200.0), (quiet_wav, 1_200.0)] {
        let error = listener().listen(&bytes, None, Chinese).await.unwrap_err();
        assert!(
            matches!(error, SpeechError::TooLong { seconds, cap: 600 } if (seconds - length).abs() < 1.0),
            "{error}"
        );
        assert_eq!(error.to_string(), "the recording lasts 1200 s, at most 600 s are taken");
    }
}

#[tokio::test]
async fn a_file_that_is_too_large_is_refused_before_anything_starts() {
    let caps = Caps { bytes: 1_000, ..Caps::default() };
    let sandbox = Sandbox::new(PathBuf::from("/nonexistent"), caps);
    let error = sandbox.decode(&fixture("leak.ogg")).await.unwrap_err();
    assert!(matches!(error, SandboxError::Refused(DecodeError::TooLarge { cap: 1_000, .. })), "{error}");
}

#[tokio::test]
async fn a_small_file_that_declares_a_huge_one_costs_nothing() {
    let mut long_wav = wav(16_000, &[1; 100]);
    long_wav[40..44].copy_from_slice(&u32::MAX.to_le_bytes());
    let mut many_channels = wav(16_000, &[1; 100]);
    many_channels[22..24].copy_from_slice(&u16::MAX.to_le_bytes());
    let mut long_flac = fixture("leak.flac");
    long_flac[21..26].copy_from_slice(&[0x0f, 0xff, 0xff, 0xff, 0xff]);
    let mut huge_box = fixture("leak.m4a");
    let index = huge_box.windows(4).position(|window| window == b"stsz").unwrap();
    huge_box[index + 12..index + 16].copy_from_slice(&u32::MAX.to_be_bytes());
    let huge_tag = [b"ID3\x04\0\0\x7f\x7f\x7f\x7f".as_slice(), &[0; 200]].concat();
    let mut endless_webm = fixture("leak.webm");
    for byte in endless_webm.iter_mut().skip(4).take(8) {
        *byte = 0xff;
    }
    for (number, bomb) in [long_wav, many_channels, long_flac, huge_box, huge_tag, endless_webm].iter().enumerate() {
        match sandbox().decode(bomb).await {
            Ok(decoded) => assert!(decoded.seconds() < 4.0, "bomb {number}: {} s", decoded.seconds()),
            Err(SandboxError::Refused(_) | SandboxError::Died(_)) => {}
            Err(error) => panic!("bomb {number}: {error}"),
        }
    }
}

#[tokio::test]
async fn mutated_recordings_never_harm_the_parent() {
    hurl_mutations(60).await;
}

/// `cargo test --release --test speech -- --ignored`: minutes, not seconds.
#[tokio::test]
#[ignore = "takes minutes"]
async fn two_thousand_mutations_of_each_format_never_harm_the_parent() {
    hurl_mutations(2_000).await;
}

async fn hurl_mutations(count: usize) {
    let (mut decoded, mut refused, mut died, mut stopped) = (0, 0, 0, 0);
    for name in LEAKS {
        // The beginning holds all the structure; a short file is a quick one.
        let mut seed = fixture(name);
        if name != "leak.m4a" {
            seed.truncate(4_000);
        }
        let mut dice = Dice(name.bytes().fold(1, |hash: u64, byte| hash.wrapping_mul(31) + u64::from(byte)));
        for _ in 0..count.div_ceil(2) {
            let (one, other) = (mutated(&seed, &mut dice), mutated(&seed, &mut dice));
            let sandbox = sandbox();
            let both = tokio::join!(sandbox.decode(&one), sandbox.decode(&other));
            for outcome in [both.0, both.1] {
                match outcome {
                    Ok(_) => decoded += 1,
                    Err(SandboxError::Refused(_)) => refused += 1,
                    Err(SandboxError::Died(_)) => died += 1,
                    Err(SandboxError::TimedOut(_)) => stopped += 1,
                    Err(error) => panic!("{name}: {error}"),
                }
            }
        }
    }
    eprintln!("{decoded} decoded, {refused} refused, {died} workers died, {stopped} were stopped");
    assert_eq!(decoded + refused + died + stopped, count.next_multiple_of(2) * LEAKS.len());
    assert!(decoded > 0 && refused > 0, "mutations are neither harmless nor all fatal");
}

fn mutated(seed: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=dice.below(8) {
        let reach = 400 + dice.below(4_000);
        let at = dice.below(bytes.len().min(reach));
        match dice.below(5) {
            0 => bytes[at] = dice.byte(),
            1 => bytes[at] ^= 1 << dice.below(8),
            2 => bytes[at] = [0x00, 0x7f, 0x80, 0xff][dice.below(4)],
            3 => bytes.truncate(at.max(12)),
            _ => {
                let copied = bytes[at..(at + 16).min(bytes.len())].to_vec();
                let to = dice.below(bytes.len());
                bytes.splice(to..to, copied);
            }
        }
    }
    bytes
}

#[tokio::test]
async fn random_bytes_behind_every_signature_are_refused() {
    let mut dice = Dice(99);
    let signatures: [&[u8]; 9] = [
        b"OggS\0\x02",
        b"\x1a\x45\xdf\xa3",
        b"#!AMR\n",
        b"#!AMR-WB\n",
        b"RIFF\xff\xff\xff\xffWAVEfmt ",
        b"fLaC\0\0\0\x22",
        b"\0\0\0\x20ftypM4A ",
        b"ID3\x04\0\0\0\0\0\0",
        b"\xff\xfb\x90\xc4",
    ];
    for signature in signatures {
        let noise: Vec<u8> = (0..20_000).map(|_| dice.byte()).collect();
        match sandbox().decode(&[signature, &noise].concat()).await {
            // Any byte is a valid AMR frame header half of the time: a few frames of noise come out.
            Ok(decoded) => assert!(decoded.seconds() < 60.0),
            Err(SandboxError::Refused(_) | SandboxError::Died(_)) => {}
            Err(error) => panic!("{signature:?}: {error}"),
        }
    }
}

mod confinement {
    //! What a worker may do, seen from outside while it waits for its input.

    use std::io::{Read, Write};
    use std::process::{Command, Stdio};

    use super::*;

    /// Writes a program. Another process does it: one that is forked here while a file is open for writing keeps it open,
    /// and such a file cannot be run.
    fn script(folder: &Path, body: &str) -> PathBuf {
        let (written, path) = (folder.join("written"), folder.join("worker"));
        std::fs::write(&written, format!("#!/bin/sh\n{body}\n")).unwrap();
        assert!(Command::new("install").args(["-m", "755"]).args([&written, &path]).status().unwrap().success());
        path
    }

    #[test]
    fn a_worker_is_limited_before_it_reads_a_byte() {
        let mut worker =
            Command::new(PROGRAM).arg("decode-worker").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut greeting = [0; 5];
        worker.stdout.as_mut().unwrap().read_exact(&mut greeting).unwrap();
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", worker.id())).unwrap();
        let status = std::fs::read_to_string(format!("/proc/{}/status", worker.id())).unwrap();
        worker.stdin.as_mut().unwrap().write_all(b"x").unwrap();
        assert!(worker.wait_with_output().unwrap().status.success());

        let limit = |name: &str| {
            let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
            line[26..].split_whitespace().next().unwrap().to_owned()
        };
        assert_eq!(limit("Max cpu time"), "20");
        assert_eq!(limit("Max open files"), "0", "no socket, no file");
        assert_eq!(limit("Max file size"), "0");
        assert_eq!(limit("Max core file size"), "0");
        assert_eq!(limit("Max processes"), "0");
        let mapped = status.lines().find_map(|line| line.strip_prefix("VmSize:")).unwrap();
        let mapped: u64 = mapped.split_whitespace().next().unwrap().parse().unwrap();
        let space: u64 = limit("Max address space").parse().unwrap();
        assert!(space / 1024 <= mapped + 512 * 1024, "{space} bytes of address space, {mapped} kB mapped");
        if greeting[4] == 1 {
            assert!(status.lines().any(|line| line == "NoNewPrivs:\t1"), "{status}");
        } else {
            eprintln!("this kernel has no (full) Landlock: the worker is held by resource limits alone");
        }
    }

    #[tokio::test]
    async fn our_own_program_is_the_worker_where_the_small_one_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let alone = folder.path().join("huifang");
        std::os::unix::fs::symlink(PROGRAM, &alone).unwrap();
        let decoded = Sandbox::new(alone, Caps::default()).decode(&fixture("leak.ogg")).await.unwrap();
        assert!(decoded.seconds() > 2.8);
    }

    #[tokio::test]
    async fn a_worker_is_told_nothing_of_its_surroundings() {
        let folder = tempfile::tempdir().unwrap();
        let seen = folder.path().join("seen");
        let worker = script(folder.path(), &format!("{{ pwd; env; }} > {}", seen.display()));
        let error = Sandbox::new(worker, Caps::default()).decode(b"x").await.unwrap_err();
        assert!(matches!(error, SandboxError::BadAnswer), "{error}");
        let seen = std::fs::read_to_string(seen).unwrap();
        let mut lines = seen.lines();
        assert_eq!(lines.next(), Some("/"));
        for line in lines {
            let name = line.split('=').next().unwrap();
            assert!(["PWD", "OLDPWD", "_", "SHLVL", "LD_LIBRARY_PATH"].contains(&name), "{line}");
        }
    }

    #[tokio::test]
    async fn a_worker_that_hangs_is_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let worker = script(folder.path(), "exec sleep 1000");
        let sandbox = Sandbox::new(worker, Caps::default()).with_patience(Duration::from_millis(100));
        assert!(matches!(sandbox.decode(b"x").await.unwrap_err(), SandboxError::TimedOut(_)));
    }

    #[tokio::test]
    async fn a_worker_that_crashes_is_a_plain_error() {
        let folder = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::new(script(folder.path(), "kill -SEGV $$"), Caps::default());
        let error = sandbox.decode(&vec![0; 1_000_000]).await.unwrap_err();
        assert!(matches!(error, SandboxError::Died(_)), "{error}");
        assert!(matches!(SpeechError::from(error), SpeechError::Damaged(_)));
    }

    #[tokio::test]
    async fn samples_of_a_worker_that_was_killed_are_not_taken_for_all_of_them() {
        let folder = tempfile::tempdir().unwrap();
        let two_samples = r"printf 'HFA1\001\000\000\000\000\000\000\000\000\000'";
        let whole = Sandbox::new(script(folder.path(), two_samples), Caps::default());
        assert_eq!(whole.decode(b"x").await.unwrap().samples, [0.0, 0.0]);
        let killed = Sandbox::new(script(folder.path(), &format!("{two_samples}\nkill -KILL $$")), Caps::default());
        let error = killed.decode(b"x").await.unwrap_err();
        assert!(matches!(error, SandboxError::Died(_)), "{error}");
    }

    #[tokio::test]
    async fn a_worker_that_never_stops_talking_is_not_listened_to() {
        let folder = tempfile::tempdir().unwrap();
        let caps = Caps { seconds: 1, ..Caps::default() };
        let sandbox = Sandbox::new(script(folder.path(), "exec cat /dev/zero"), caps);
        let error = sandbox.decode(b"x").await.unwrap_err();
        assert!(matches!(error, SandboxError::Died(_) | SandboxError::BadAnswer), "{error}");
    }

    #[tokio::test]
    async fn a_missing_worker_is_our_fault_and_not_the_recordings() {
        let error =
            Sandbox::new(PathBuf::from("/nonexistent/huifang"), Caps::default()).decode(b"x").await.unwrap_err();
        assert!(
            matches!(SpeechError::from(error), SpeechError::Broken(reason) if reason.contains("/nonexistent/huifang"))
        );
    }
}

#[test]
fn a_missing_or_broken_model_says_so() {
    let config = SpeechConfig { model: PathBuf::from("/nonexistent.bin"), ..SpeechConfig::default() };
    let error = Listener::new(&config, PathBuf::from(PROGRAM)).unwrap_err();
    assert!(matches!(error, SpeechError::ModelMissing(_)));
    assert!(error.to_string().contains("/nonexistent.bin"), "{error}");
    let config = SpeechConfig { model: Path::new(ROOT).join("Cargo.toml"), ..SpeechConfig::default() };
    let error = Listener::new(&config, PathBuf::from(PROGRAM)).unwrap_err();
    assert!(matches!(error, SpeechError::ModelUnusable { .. }), "{error}");
    for (model, told) in [
        ("", "speech recognition is switched off ([speech] model is empty)"),
        ("/", "speech model / is a directory: name the file"),
    ] {
        let config = SpeechConfig { model: PathBuf::from(model), ..SpeechConfig::default() };
        assert_eq!(Listener::new(&config, PathBuf::from(PROGRAM)).unwrap_err().to_string(), told);
    }
}

mod command {
    use std::process::{Command, Output};

    use super::*;

    fn transcribe(arguments: &[&str]) -> Output {
        Command::new(PROGRAM).current_dir(ROOT).arg("transcribe").args(arguments).output().unwrap()
    }

    #[test]
    fn transcribe_writes_one_json_object_a_file() {
        let output = transcribe(&[
            "tests/fixtures/audio/leak.ogg",
            "tests/fixtures/audio/silence.ogg",
            "tests/fixtures/audio/photo.jpg",
            "--json",
        ]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let lines: Vec<serde_json::Value> =
            String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[0]["text"], WORDS);
        assert_eq!(lines[0]["language"], "zh-CN");
        assert_eq!(lines[0]["model"], "huifang-zh-en");
        assert_eq!(lines[0]["error"], serde_json::Value::Null);
        assert!(lines[0]["seconds"].as_f64().unwrap() > 2.8 && lines[0]["confidence"].as_f64().unwrap() > 0.9);
        assert_eq!((lines[1]["text"].as_str(), lines[1]["error"].as_str()), (Some(""), None));
        assert_eq!((lines[2]["text"].as_str(), lines[2]["error"].as_str()), (None, Some("this is not a recording")));
        assert!(lines.iter().all(|line| line["file"].as_str().unwrap().starts_with("tests/fixtures/audio/")));
    }

    #[test]
    fn transcribe_fails_only_if_every_file_does() {
        let output = transcribe(&["tests/fixtures/audio/photo.jpg", "/nonexistent.ogg"]);
        assert!(!output.status.success());
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert!(stdout.contains("photo.jpg: this is not a recording"), "{stdout}");
        assert!(stdout.contains("/nonexistent.ogg: cannot be read"), "{stdout}");
    }

    #[test]
    fn transcribe_names_a_model_that_is_not_there() {
        let output = transcribe(&["tests/fixtures/audio/leak.ogg", "--model", "/nonexistent.bin"]);
        assert!(!output.status.success());
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains("speech model /nonexistent.bin is not there"), "{stderr}");
    }

    #[test]
    fn transcribe_reads_english_when_told_to() {
        let output = transcribe(&["tests/fixtures/audio/english.ogg", "--language", "en"]);
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert!(stdout.contains("The kitchen tap is leaking"), "{stdout}");
    }
}
