//! What hearing costs and how well it goes: `cargo bench --bench speech [-- SET.tsv [MODEL]]`.
//!
//! A set is lines of `file<TAB>language<TAB>words`; without one the demo's clips are heard. Each
//! row is one way of using the model; the first is the way the service uses it. CER is over letters
//! and characters (for English too), in percent.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use huifang::domain::language::Language;
use huifang::models::manifest::{AudioWindow, Manifest, SpeechTraits};
use huifang::speech::activity::{self, Cutting};
use huifang::speech::decode::{self, Caps};
use huifang::speech::script;
use huifang::speech::whisper::Recogniser;

struct Clip {
    language: Language,
    words: String,
    samples: Vec<f32>,
}

fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let clips = match arguments.next() {
        Some(set) => read_set(Path::new(&set))?,
        None => demo_clips(&root.join("assets/demo/voices"))?,
    };
    let model = arguments.next().map_or_else(|| root.join("models/speech/ggml-huifang-zh-en-q5_0.bin"), PathBuf::from);
    let traits = Manifest::embedded()?.model_of(&model).and_then(|known| known.speech).unwrap_or_default();
    let vocabulary = |language: Language| -> Result<String> {
        let path = root.join(format!("prompts/speech/vocabulary.{}.txt", language.tag()));
        std::fs::read_to_string(&path).with_context(|| path.display().to_string())
    };
    let seconds: f64 = clips.iter().map(|clip| clip.samples.len() as f64 / 16_000.0).sum();
    println!("{} clips, {seconds:.0} s, mean {:.1} s; {}", clips.len(), seconds / clips.len() as f64, model.display());
    println!(
        "{:44} {:>6} {:>6} {:>7} {:>8} {:>8} {:>6} {:>7}",
        "", "CER %", "exact", "refused", "p50 ms", "p95 ms", "RTF", "RSS MB"
    );
    let full = SpeechTraits { audio_window: AudioWindow::Whole, ..traits };
    for (name, traits, threads) in [
        ("as the manifest says, 1 thread", traits, 1),
        ("as the manifest says, 2 threads", traits, 2),
        ("with vocabulary in front, 1 thread", SpeechTraits { prompt: true, ..traits }, 1),
        ("without vocabulary, 1 thread", SpeechTraits { prompt: false, ..traits }, 1),
        ("whole 30 s window, 1 thread", full, 1),
    ] {
        let recogniser = Recogniser::load(&model, traits, threads)?;
        let figures = hear_all(&recogniser, &clips, traits, &vocabulary)?;
        println!("{name:44} {figures} {:>7.0}", resident_megabytes());
    }
    Ok(())
}

fn hear_all(
    recogniser: &Recogniser,
    clips: &[Clip],
    traits: SpeechTraits,
    vocabulary: &impl Fn(Language) -> Result<String>,
) -> Result<String> {
    let (mut errors, mut letters, mut exact, mut refused) = (0, 0, 0, 0);
    let mut times = Vec::new();
    for clip in clips {
        let vocabulary = vocabulary(clip.language)?;
        let began = Instant::now();
        let samples_in = |milliseconds: u64| usize::try_from(milliseconds * 16).unwrap_or(usize::MAX);
        let cutting = Cutting {
            pause: samples_in(traits.cut_at_pause_ms.into()),
            longest: samples_in(1000 * u64::from(traits.longest_piece_seconds)),
        };
        let mut pieces = Vec::new();
        let speech = activity::find(&clip.samples, cutting);
        for range in speech.map(|speech| speech.pieces).unwrap_or_default() {
            let Some(piece) = clip.samples.get(range) else { continue };
            let deadline = Instant::now() + Duration::from_mins(1);
            let written = recogniser.recognise(piece, clip.language, Some(&vocabulary), deadline)?;
            if written.doubtful { refused += 1 } else { pieces.push(written.text) }
        }
        times.push(began.elapsed().as_secs_f64());
        let (wanted, got) = (bare(&clip.words), bare(&script::join(&pieces)));
        let distance = distance(&wanted, &got);
        errors += distance;
        letters += wanted.len();
        exact += usize::from(distance == 0);
        if std::env::var_os("SHOW").is_some() && distance > 0 {
            println!("  {} → {}", clip.words, script::join(&pieces));
        }
    }
    times.sort_by(f64::total_cmp);
    let at = |share: usize| times.get((times.len() * share / 100).min(times.len() - 1)).copied().unwrap_or_default();
    let audio: f64 = clips.iter().map(|clip| clip.samples.len() as f64 / 16_000.0).sum();
    Ok(format!(
        "{:>6.2} {exact:>6} {refused:>7} {:>8.0} {:>8.0} {:>6.3}",
        100.0 * errors as f64 / letters as f64,
        at(50) * 1000.0,
        at(95) * 1000.0,
        times.iter().sum::<f64>() / audio,
    ))
}

fn read_set(set: &Path) -> Result<Vec<Clip>> {
    let lines = std::fs::read_to_string(set).with_context(|| set.display().to_string())?;
    lines
        .lines()
        .map(|line| {
            let mut fields = line.split('\t');
            let (file, language, words) = (fields.next(), fields.next(), fields.next());
            let file = file.context("no file")?;
            let language = language.and_then(Language::from_tag).context("no language")?;
            clip(Path::new(file), language, words.context("no words")?)
        })
        .collect()
}

fn demo_clips(voices: &Path) -> Result<Vec<Clip>> {
    let listed: toml::Table = std::fs::read_to_string(voices.join("clips.toml"))?.parse()?;
    let listed = listed.get("clip").and_then(toml::Value::as_array).context("no clips")?;
    listed
        .iter()
        .map(|listed| {
            let field = |name: &str| listed.get(name).and_then(toml::Value::as_str).context("a field is missing");
            clip(
                &voices.join(field("file")?),
                Language::from_tag(field("language")?).context("language")?,
                field("text")?,
            )
        })
        .collect()
}

fn clip(file: &Path, language: Language, words: &str) -> Result<Clip> {
    let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
    Ok(Clip { language, words: words.to_owned(), samples: decode::decode(&bytes, Caps::default())?.samples })
}

fn bare(text: &str) -> Vec<char> {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Levenshtein.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let here = (diagonal + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], here);
        }
    }
    row[b.len()]
}

fn resident_megabytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kilobytes =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.unwrap_or_default() / 1024.0
}
