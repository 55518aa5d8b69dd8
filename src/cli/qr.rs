//! `huifang qr`: sheets with the QR codes of a project's units, for one channel.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::app::token_key;
use crate::catalog::Catalog;
use crate::channel::telegram::Telegram;
use crate::channel::wechat::{Lasting, Wechat};
use crate::channel::wecom::Wecom;
use crate::channel::wecom::service::{Desk, DeskLink};
use crate::clock::Clock;
use crate::config::{Config, ServerConfig};
use crate::domain::language::Language;
use crate::papers::codes::{self, Code};
use crate::store::{self, Store, StoreError};

/// Draws sheets with the QR codes of a project's units: whoever scans one is bound to its unit
#[derive(Debug, clap::Args)]
pub(super) struct Qr {
    /// The project, by its code or name
    #[arg(long)]
    project: String,
    /// Where the codes lead
    #[arg(long)]
    channel: Door,
    /// The account of customer service, by its name or id, for its codes [default: the only one]
    #[arg(long)]
    account: Option<String>,
    /// What is written [default: by the ending of FILE]
    #[arg(long)]
    format: Option<Format>,
    /// How long the codes are good for
    #[arg(long, default_value_t = 3650, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    days: u32,
    /// The file to be written; with --format png the folder, in which each unit has a picture of its own
    file: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Door {
    Telegram,
    /// Up to 30 days by a code that passes, beyond by one of the account's 100 000 that stay
    Wechat,
    /// WeChat customer service of a company on WeCom (微信客服)
    #[value(name = "wecom_kf")]
    Service,
    Web,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Svg,
    Pdf,
    Png,
}

/// What makes addresses of tokens.
enum Links {
    Telegram { name: String },
    Wechat { account: Wechat, lasting: Lasting },
    Service { link: DeskLink },
    Web { public_url: String },
}

impl Qr {
    /// Runs the command.
    pub(super) async fn run(self, config: Config) -> anyhow::Result<()> {
        let format = self.format()?;
        let links = self.links(&config).await?;
        let store = super::existing(&config).await?;
        let (name, codes) = self.codes(&store, &links).await?;
        store.close().await;
        let catalog =
            Catalog::embedded().map_err(|_| anyhow::anyhow!("the prompts are broken: run 'huifang check'"))?;
        let language = Language::default();
        let hint = catalog.text(language, "qr.hint", &std::collections::BTreeMap::new());
        let bytes = match format {
            Format::Svg => codes::svg(&codes, &hint)?.into_bytes(),
            Format::Pdf => codes::pdf(&codes, &hint, &name, language)?,
            Format::Png => return self.pictures(&codes),
        };
        std::fs::write(&self.file, bytes).with_context(|| format!("{} could not be written", self.file.display()))?;
        let sheets = codes::sheets(codes.len());
        Ok(super::print(format_args!("{} codes on {sheets} sheets: {}", codes.len(), self.file.display()))?)
    }

    /// Writes a picture for each unit, numbered in the order of the register.
    fn pictures(&self, codes: &[Code]) -> anyhow::Result<()> {
        let folder = &self.file;
        std::fs::create_dir_all(folder).with_context(|| format!("the folder {} cannot be made", folder.display()))?;
        for (number, code) in (1..).zip(codes) {
            let path = folder.join(format!("{number:04}-{}.png", plain(&code.unit)));
            let picture = codes::png(code)?;
            std::fs::write(&path, picture).with_context(|| format!("{} could not be written", path.display()))?;
        }
        Ok(super::print(format_args!("{} codes: {}", codes.len(), folder.display()))?)
    }

    fn format(&self) -> anyhow::Result<Format> {
        let ending = self.file.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
        match (self.format, ending.as_deref()) {
            (Some(format), _) => Ok(format),
            (None, Some("svg")) => Ok(Format::Svg),
            (None, Some("pdf")) => Ok(Format::Pdf),
            _ => bail!(
                "{}: expected a name that ends in .svg or .pdf, or --format png and a folder",
                self.file.display()
            ),
        }
    }

    async fn links(&self, config: &Config) -> anyhow::Result<Links> {
        Ok(match self.channel {
            Door::Web => Links::Web { public_url: lasting_url(&config.server)? },
            Door::Telegram => {
                let bot = Telegram::new(&config.telegram)?.context("[telegram] has no token")?;
                Links::Telegram { name: bot.name().await.context("the bot's name")? }
            }
            Door::Wechat => {
                let account = Wechat::new(&config.wechat, Clock::system())?.context("[wechat] is not set up")?;
                let lasting = match u8::try_from(self.days) {
                    Ok(days @ ..=30) => Lasting::Days(days),
                    _ => Lasting::Always,
                };
                Links::Wechat { account, lasting }
            }
            Door::Service => {
                let app = Wecom::new(&config.wecom, Clock::system())?.context("[wecom] is not set up")?;
                let desk = self.desk(app.desks().await.context("the accounts of customer service")?)?;
                let link = app.desk_link(&desk.open_kfid).await;
                Links::Service { link: link.with_context(|| format!("customer service {:?}", desk.name))? }
            }
        })
    }

    /// Chooses among the accounts of customer service.
    fn desk(&self, desks: Vec<Desk>) -> anyhow::Result<Desk> {
        let names = desks.iter().map(|desk| format!("{:?}", desk.name)).collect::<Vec<_>>().join(", ");
        let fits = |desk: &Desk| self.account.as_ref().is_none_or(|said| *said == desk.name || *said == desk.open_kfid);
        let mut fit = desks.into_iter().filter(fits);
        match (fit.next(), fit.next()) {
            (Some(desk), None) => Ok(desk),
            (None, _) if names.is_empty() => bail!("no account of customer service is open to the app of [wecom]"),
            _ => bail!("--account: name one of the accounts of customer service: {names}"),
        }
    }

    /// Returns the project's name and a code for each of its units.
    async fn codes(&self, store: &Store, links: &Links) -> anyhow::Result<(String, Vec<Code>)> {
        let wanted = self.project.clone();
        let found = store.read(|tx| {
            Box::pin(async move {
                let all = store::projects::list(tx).await?;
                let by_code = all.iter().find(|project| project.code.as_deref() == Some(wanted.as_str()));
                let project = by_code.or_else(|| all.iter().find(|project| project.name == wanted)).cloned();
                let units = match &project {
                    Some(project) => store::units::list(tx, Some(project.id)).await?,
                    None => Vec::new(),
                };
                Ok::<_, StoreError>((project, units))
            })
        });
        let (project, units) = found.await?;
        let project = project.with_context(|| format!("no project has the code or the name {:?}", self.project))?;
        if units.is_empty() {
            bail!("project {:?} has no units: import them first", project.name);
        }
        let key = token_key(store).await?;
        let expires = Clock::system().now() + Duration::from_secs(u64::from(self.days) * 86_400);
        let mut codes = Vec::new();
        for unit in units {
            let content = links.of(&key.sign(unit.id, expires)).await.with_context(|| unit.label.clone())?;
            codes.push(Code { project: project.name.clone(), unit: unit.label, content });
        }
        Ok((project.name, codes))
    }
}

/// How people reach the server. Codes that were printed and hung up lead there for years.
fn lasting_url(server: &ServerConfig) -> anyhow::Result<String> {
    let url = server.public_url();
    match server.unreachable() {
        None => Ok(url),
        Some(why) => bail!(
            "[server] public_url {why}: the codes would lead to {url}; set it to how people reach this server, such \
             as https://huifang.example.com"
        ),
    }
}

/// What a unit is called, as part of a file's name.
fn plain(label: &str) -> String {
    let kept = |c: char| if c.is_alphanumeric() || c == '-' { c } else { '_' };
    label.chars().take(40).map(kept).collect()
}

impl Links {
    async fn of(&self, token: &str) -> anyhow::Result<String> {
        Ok(match self {
            Links::Telegram { name } => format!("https://t.me/{name}?start={token}"),
            Links::Web { public_url } => format!("{public_url}/chat?t={token}"),
            Links::Wechat { account, lasting } => account.qr_code(token, *lasting).await?.url,
            Links::Service { link } => link.with(token),
        })
    }
}
