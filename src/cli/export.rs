//! `huifang export corrections`: what staff put right, as rows to train and to measure by.
//!
//! Nothing of it is logged. Files are made for their owner alone, complete or not at all.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::json;

use crate::config::Config;
use crate::domain::correction::About;
use crate::domain::language::Language;
use crate::domain::privacy::mask;
use crate::domain::time::Timestamp;
use crate::domain::understanding::{Category, Sentiment};
use crate::store::blobs::{BlobError, Blobs};
use crate::store::corrections::{self, Verdict, Wording};
use crate::store::media::{self, Media};
use crate::store::responses::without_references;
use crate::store::{Store, StoreError, Tx};

/// The list beside the recordings, in the form `huifang eval speech` reads.
const RECORDINGS: &str = "recordings.tsv";

/// Takes data out, for training and measuring
#[derive(Debug, clap::Subcommand)]
pub(super) enum Export {
    Corrections(Corrections),
}

/// What staff put right in the console, as training rows: PEOPLE'S WORDS, keep them as such
///
/// The rows are what clients wrote and said. Telephone numbers and e-mail addresses in texts are
/// masked (***); names, addresses and whatever else people tell are not, and recordings are their
/// voices. Recordings in which a number or an address is said are left out. Whether such data may be
/// used for training is for whoever runs the service to decide.
///
/// Of several corrections of the same words the latest counts. JSONL is what `huifang eval domain`
/// reads; TSV is language, sentiment (neg, neu, pos), intent, category (- for none), urgency and
/// text with tabs between.
#[derive(Debug, clap::Args)]
pub(super) struct Corrections {
    /// The form of the rows
    #[arg(long, value_enum, default_value_t = Format::Jsonl)]
    format: Format,
    /// Where the rows go [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Copies the recordings whose transcripts were corrected here, beside `recordings.tsv` (path and
    /// text with a tab between), which `huifang eval speech` reads
    #[arg(long, value_name = "DIR")]
    media: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    Jsonl,
    Tsv,
}

impl Export {
    /// Runs the command.
    ///
    /// # Errors
    /// When the database or the media store cannot be reached, or a file cannot be written.
    pub(super) async fn run(self, config: Config) -> anyhow::Result<()> {
        let Export::Corrections(command) = self;
        let store = super::up_to_date(&config).await?;
        let (verdicts, recordings) = load(&store).await?;
        store.close().await;
        command.rows(&verdicts)?;
        match &command.media {
            Some(directory) => command.recordings(&config, directory, &recordings).await?,
            None if !recordings.is_empty() => eprintln!(
                "huifang: {} corrected transcripts are not among the rows; --media DIR exports them with their recordings",
                recordings.len()
            ),
            None => {}
        }
        Ok(())
    }
}

impl Corrections {
    fn rows(&self, verdicts: &[Verdict]) -> anyhow::Result<()> {
        let rows: Vec<String> = verdicts.iter().filter_map(|verdict| self.row(verdict)).collect();
        eprintln!("huifang: {} rows of corrected labels", rows.len());
        let text: String = rows.into_iter().map(|row| row + "\n").collect();
        match &self.out {
            Some(file) => keep(file, text.as_bytes()),
            None => {
                io::stdout().write_all(text.as_bytes())?;
                Ok(())
            }
        }
    }

    fn row(&self, verdict: &Verdict) -> Option<String> {
        let text = mask(&one_line(&without_references(&verdict.words)));
        if text.is_empty() {
            return None;
        }
        let lang = match Language::of_text(&text).unwrap_or_default() {
            Language::Chinese => "zh",
            Language::English => "en",
        };
        let labels = verdict.corrected;
        Some(match self.format {
            Format::Jsonl => json!({
                "id": verdict.id,
                "lang": lang,
                "text": text,
                "sentiment": labels.sentiment,
                "intent": labels.intent,
                "category": labels.category,
                "urgency": labels.urgency,
            })
            .to_string(),
            Format::Tsv => {
                let sentiment = match labels.sentiment {
                    Sentiment::Negative => "neg",
                    Sentiment::Neutral => "neu",
                    Sentiment::Positive => "pos",
                };
                let category = labels.category.map_or("-", Category::name);
                [lang, sentiment, labels.intent.name(), category, labels.urgency.name(), &text].join("\t")
            }
        })
    }

    async fn recordings(
        &self,
        config: &Config,
        directory: &Path,
        recordings: &[(Wording, Media)],
    ) -> anyhow::Result<()> {
        let blobs = Blobs::open(&config.media.url).with_context(|| format!("[media] url = {}", config.media.url))?;
        fs::create_dir_all(directory).with_context(|| format!("{} cannot be made", directory.display()))?;
        let (mut list, mut copied, mut masked, mut gone) = (String::new(), 0, 0, 0);
        for (wording, file) in recordings {
            let text = one_line(&wording.corrected);
            if mask(&text) != text {
                masked += 1;
                continue;
            }
            let bytes = match blobs.get(&file.key).await {
                Ok(bytes) => bytes,
                Err(BlobError::Missing(_)) => {
                    gone += 1;
                    continue;
                }
                Err(error) => return Err(error).with_context(|| format!("recording {}", file.id)),
            };
            let name = format!("{}.{}", file.id, extension(&file.content_type));
            keep(&directory.join(&name), &bytes)?;
            let _ = writeln!(list, "{name}\t{text}");
            copied += 1;
        }
        keep(&directory.join(RECORDINGS), list.as_bytes())?;
        eprintln!("huifang: {copied} recordings with corrected transcripts in {}", directory.display());
        for (count, why) in [(masked, "a number or an address is said in them"), (gone, "their bytes are gone")] {
            if count > 0 {
                eprintln!("huifang: {count} recordings were left out: {why}");
            }
        }
        Ok(())
    }
}

/// Loads the latest correction of each matter.
async fn load(store: &Store) -> Result<(Vec<Verdict>, Vec<(Wording, Media)>), StoreError> {
    store
        .read(|tx| {
            Box::pin(async move {
                let heard = corrections::wordings(tx).await?;
                let mut verdicts = BTreeMap::new();
                for verdict in corrections::verdicts(tx).await? {
                    verdicts.insert(verdict.about, verdict);
                }
                for verdict in verdicts.values_mut() {
                    verdict.words = words_now(tx, verdict, &heard).await?;
                }
                let mut wordings = BTreeMap::new();
                for wording in heard {
                    wordings.insert(wording.media_id, wording);
                }
                let mut recordings = Vec::with_capacity(wordings.len());
                for (id, wording) in wordings {
                    if let Some(file) = media::find(tx, id).await? {
                        recordings.push((wording, file));
                    }
                }
                Ok((verdicts.into_values().collect(), recordings))
            })
        })
        .await
}

/// Returns the words of a verdict with what was put right in the ticket's recordings since it was given.
async fn words_now(tx: &mut Tx, verdict: &Verdict, heard: &[Wording]) -> Result<String, StoreError> {
    let mut words = verdict.words.clone();
    let About::Ticket(ticket) = verdict.about else { return Ok(words) };
    for file in media::list_for_ticket(tx, ticket).await? {
        let of_file: Vec<&Wording> = heard.iter().filter(|wording| wording.media_id == file.id).collect();
        words = put_right(words, verdict.at, &of_file);
    }
    Ok(words)
}

/// Replaces what was shown of one recording at a time by what was heard in it last; `heard` is in the order of time.
fn put_right(words: String, shown_at: Timestamp, heard: &[&Wording]) -> String {
    let Some(last) = heard.last() else { return words };
    let before = heard.iter().rfind(|wording| wording.at <= shown_at);
    let shown = before.map(|wording| wording.corrected.as_str()).or(last.original.as_deref());
    match shown.filter(|shown| !shown.is_empty() && *shown != last.corrected) {
        Some(shown) => words.replacen(shown, &last.corrected, 1),
        None => words,
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn extension(content_type: &str) -> &'static str {
    match content_type {
        "audio/ogg" => "ogg",
        "audio/webm" => "webm",
        "audio/amr" => "amr",
        "audio/mpeg" => "mp3",
        "audio/mp4" => "m4a",
        "audio/wav" => "wav",
        "audio/flac" => "flac",
        // What it is is told by its bytes wherever it is read.
        _ => "audio",
    }
}

/// Writes a file for its owner alone, whole or not at all; into what is no file (a pipe, /dev/stdout) as it comes.
fn keep(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let written = match file.canonicalize() {
        // The file that a link leads to, and not the link.
        Ok(there) if there.is_file() => whole(&there, bytes),
        _ if file.exists() => OpenOptions::new().write(true).open(file).and_then(|mut there| there.write_all(bytes)),
        _ => whole(file, bytes),
    };
    written.with_context(|| format!("{} cannot be written", file.display()))
}

/// Writes a file aside and gives it its name once all of it is on the disk.
fn whole(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut aside = file.as_os_str().to_owned();
    aside.push(".part");
    let aside = PathBuf::from(aside);
    let mut part = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
    part.write_all(bytes)?;
    part.sync_all()?;
    fs::rename(&aside, file)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};

    use uuid::Uuid;

    use super::*;
    use crate::domain::ids::{CorrectionId, MediaId, StaffId};

    #[test]
    fn a_comment_keeps_its_words_and_loses_the_names_of_files() {
        assert_eq!(one_line(&without_references("太慢\n[media:0190-1] [media:0190-2]\n谢谢")), "太慢 谢谢");
        assert_eq!(without_references("[media:0190"), "");
    }

    #[test]
    fn labels_go_out_with_the_words_as_a_person_heard_them_last() {
        let wording = |minute: i64, corrected: &str| Wording {
            id: CorrectionId::from(Uuid::nil()),
            media_id: MediaId::from(Uuid::nil()),
            original: Some("主卧漏".to_owned()),
            corrected: corrected.to_owned(),
            by: StaffId::from(Uuid::nil()),
            at: Timestamp(minute * 60_000),
        };
        let (first, second) = (wording(2, "主卧漏水"), wording(4, "主卧漏水了"));
        let now = |words: &str, minute: i64, heard: &[&Wording]| {
            put_right(words.to_owned(), Timestamp(minute * 60_000), heard)
        };
        assert_eq!(now("急！主卧漏", 1, &[]), "急！主卧漏");
        assert_eq!(now("急！主卧漏", 1, &[&first]), "急！主卧漏水", "it was put right after the labels were");
        assert_eq!(now("急！主卧漏水", 3, &[&first]), "急！主卧漏水", "the labels were given to what it says");
        assert_eq!(now("急！主卧漏水", 3, &[&first, &second]), "急！主卧漏水了");
        assert_eq!(now("急！主卧漏", 1, &[&first, &second]), "急！主卧漏水了");
    }

    #[test]
    fn rows_go_into_a_pipe_and_to_where_a_link_leads_and_neither_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (pipe, file, link) = (folder.path().join("pipe"), folder.path().join("file"), folder.path().join("link"));
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        // Whoever opens it for both waits for nobody.
        let mut held = OpenOptions::new().read(true).write(true).open(&pipe).unwrap();
        keep(&pipe, b"row\n").unwrap();
        assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
        let mut came = [0; 4];
        held.read_exact(&mut came).unwrap();
        assert_eq!(&came, b"row\n");

        fs::write(&file, "before").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        keep(&link, b"row\n").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"row\n");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
