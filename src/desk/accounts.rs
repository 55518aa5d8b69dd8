//! The accounts of staff: who may log in, as what, and by which ways they are told. Only whoever has
//! [`crate::domain::access::Right::Accounts`] gets here; passwords come as hashes alone.
//!
//! Nobody takes themselves out: an administrator who unmade the last one could not be helped by anybody
//! in the console.

use super::pool::staff_leaves;
use super::{Desk, DeskError};
use crate::clock::Clock;
use crate::domain::alert::reach::Way;
use crate::domain::ids::StaffId;
use crate::domain::job::Job;
use crate::domain::staff::{Role, Staff};
use crate::domain::token::{INVITATION_LASTS, STAFF_LINK_LASTS};
use crate::domain::understanding::Category;
use crate::domain::{phone, text};
use crate::store::{self, StoreError, Tx};

/// The longest name, login, region or team, in characters.
const LONGEST: usize = 64;

/// What an administrator writes down of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    pub role: Role,
    /// Empty: all regions.
    pub region: String,
    pub team: String,
    pub phone: String,
    pub skills: Vec<Category>,
    /// Their id in the company on WeCom; empty: none.
    pub wecom: String,
    pub mail: String,
}

/// What is wrong with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryFault {
    #[error("a name of at most 64 characters is needed")]
    Name,
    #[error("a login of at most 64 letters, digits, dots, hyphens or underscores is needed")]
    Login,
    #[error("somebody else logs in by that name")]
    LoginTaken,
    #[error("this is no telephone number")]
    Phone,
    #[error("this is no id of a member on WeCom")]
    Wecom,
    #[error("this is no mail address")]
    Mail,
    #[error("somebody else is reached at that address")]
    AddressTaken,
    #[error("nobody takes away their own rights")]
    Own,
}

impl EntryFault {
    /// Returns the name used in the keys of texts.
    pub fn name(self) -> &'static str {
        match self {
            EntryFault::Name => "name",
            EntryFault::Login => "login",
            EntryFault::LoginTaken => "login_taken",
            EntryFault::Phone => "phone",
            EntryFault::Wecom => "wecom",
            EntryFault::Mail => "mail",
            EntryFault::AddressTaken => "address_taken",
            EntryFault::Own => "own",
        }
    }
}

/// Why an account was not changed.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error(transparent)]
    Fault(#[from] EntryFault),
    #[error(transparent)]
    Desk(#[from] DeskError),
}

impl From<StoreError> for AccountError {
    fn from(error: StoreError) -> AccountError {
        AccountError::Desk(error.into())
    }
}

impl Desk {
    /// Makes an account. Nobody can log in to it before a password is set or chosen by invitation.
    ///
    /// # Errors
    /// What is wrong with the entry.
    pub async fn open_account(&self, login: &str, entry: Entry, by: StaffId) -> Result<StaffId, AccountError> {
        let (login, this) = (login.to_owned(), self.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let clock = &this.intake.clock;
                    let who = new_account(tx, clock, &login, &entry, store::staff::NO_PASSWORD).await?;
                    this.keep_addresses(tx, &entry, who).await?;
                    tracing::info!(staff.id = %by, account = %who, "account {who} was made by {by}");
                    Ok(who)
                })
            })
            .await
    }

    /// Changes what is written down of somebody.
    ///
    /// # Errors
    /// What is wrong with the entry; [`EntryFault::Own`] for whoever takes their own role away.
    pub async fn change_account(&self, who: StaffId, entry: Entry, by: StaffId) -> Result<(), AccountError> {
        if who == by && entry.role != Role::Admin {
            return Err(EntryFault::Own.into());
        }
        let this = self.clone();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let before = held(tx, who).await?;
                    store::staff::update(tx, &entry.apply(before)?).await?;
                    this.keep_addresses(tx, &entry, who).await?;
                    tracing::info!(staff.id = %by, account = %who, "account {who} was changed by {by}");
                    Ok(())
                })
            })
            .await
    }

    /// Gives somebody the password of this hash. Whoever was logged in with the old one is asked again.
    ///
    /// # Errors
    /// [`DeskError::NotFound`] if there is nobody of that id.
    pub async fn set_password(&self, who: StaffId, hash: String, by: StaffId) -> Result<(), DeskError> {
        self.write(move |tx| {
            Box::pin(async move {
                store::staff::set_password(tx, who, &hash).await?;
                store::sessions::end_all(tx, who).await?;
                tracing::info!(staff.id = %by, account = %who, "the password of account {who} was set by {by}");
                Ok(())
            })
        })
        .await
    }

    /// Returns whom an invitation is for, if it is still good.
    ///
    /// # Errors
    /// A [`StoreError`] if it could not be read.
    pub async fn invited(&self, tx: &mut Tx, token: &str) -> Result<Option<Staff>, StoreError> {
        let tokens = &self.intake.tokens;
        let Ok((who, mark)) = tokens.verify_invitation(token, self.intake.clock.now()) else { return Ok(None) };
        // The password was chosen or changed meanwhile: that was its one use.
        let hash = store::staff::password_hash(tx, who).await?;
        if hash.is_none_or(|hash| tokens.password_mark(&hash) != mark) {
            return Ok(None);
        }
        Ok(store::staff::find(tx, who).await?.filter(|staff| staff.active))
    }

    /// Takes the password of this hash from whoever was invited; returns false if the invitation is no
    /// longer good.
    ///
    /// # Errors
    /// A [`DeskError`] if nothing was stored.
    pub async fn accept_invitation(&self, token: &str, hash: String) -> Result<bool, DeskError> {
        let (this, token) = (self.clone(), token.to_owned());
        self.write(move |tx| {
            Box::pin(async move {
                let Some(staff) = this.invited(tx, &token).await? else { return Ok(false) };
                store::staff::set_password(tx, staff.id, &hash).await?;
                store::sessions::end_all(tx, staff.id).await?;
                tracing::info!(staff.id = %staff.id, "member of staff {} chose a password", staff.id);
                Ok(true)
            })
        })
        .await
    }

    /// Makes an invitation, and owes that it is sent where `send` is asked; returns its token.
    ///
    /// # Errors
    /// [`DeskError::NotFound`] if there is nobody of that id who works here.
    pub async fn invite_to_log_in(&self, who: StaffId, send: bool, by: StaffId) -> Result<String, DeskError> {
        let this = self.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let staff = held(tx, who).await?;
                let hash = store::staff::password_hash(tx, who).await?;
                let (hash, true) = (hash.unwrap_or_default(), staff.active) else {
                    return Err(DeskError::NotFound("member of staff"));
                };
                let now = this.intake.clock.now();
                if send {
                    this.intake.owe(tx, Job::InviteStaff { staff: who }, now).await?;
                }
                tracing::info!(staff.id = %by, account = %who, "account {who} was invited by {by}");
                Ok(this.intake.tokens.sign_invitation(who, &hash, now + INVITATION_LASTS))
            })
        })
        .await
    }

    /// Returns the token by which somebody links their account in Telegram.
    pub fn telegram_token(&self, who: StaffId) -> String {
        self.intake.tokens.sign_staff(who, self.intake.clock.now() + STAFF_LINK_LASTS)
    }

    /// Takes their accounts in Telegram from somebody.
    ///
    /// # Errors
    /// A [`DeskError`] if nothing was stored.
    pub async fn unlink_telegram(&self, who: StaffId, by: StaffId) -> Result<(), DeskError> {
        self.write(move |tx| {
            Box::pin(async move {
                store::staff_accounts::clear(tx, Way::Telegram.name(), who).await?;
                tracing::info!(staff.id = %by, account = %who, "the Telegram of account {who} was unlinked by {by}");
                Ok(())
            })
        })
        .await
    }

    /// Somebody has left: they may not log in, and what was theirs goes to others
    /// ([`crate::intake`]'s `leaving`).
    ///
    /// # Errors
    /// [`EntryFault::Own`] for whoever means themselves.
    pub async fn end_account(&self, who: StaffId, by: StaffId) -> Result<(), AccountError> {
        if who == by {
            return Err(EntryFault::Own.into());
        }
        let this = self.clone();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    held(tx, who).await?;
                    staff_leaves(tx, &this.intake.clock, who).await?;
                    store::sessions::end_all(tx, who).await?;
                    tracing::info!(staff.id = %by, account = %who, "account {who} was ended by {by}");
                    Ok(())
                })
            })
            .await
    }

    /// Somebody is back; what was theirs stays with whoever has it now.
    ///
    /// # Errors
    /// [`DeskError::NotFound`] if there is nobody of that id.
    pub async fn reopen_account(&self, who: StaffId, by: StaffId) -> Result<(), DeskError> {
        self.write(move |tx| {
            Box::pin(async move {
                store::staff::set_active(tx, who, true).await?;
                tracing::info!(staff.id = %by, account = %who, "account {who} was opened again by {by}");
                Ok(())
            })
        })
        .await
    }

    async fn keep_addresses(&self, tx: &mut Tx, entry: &Entry, who: StaffId) -> Result<(), AccountError> {
        let both = [(Way::Wecom, &entry.wecom, EntryFault::Wecom), (Way::Mail, &entry.mail, EntryFault::Mail)];
        for (way, written, fault) in both {
            let written = written.trim();
            let address = way.address(written);
            if address.is_none() && !written.is_empty() {
                return Err(fault.into());
            }
            if let Some(address) = &address
                && store::staff_accounts::find(tx, way.name(), address).await?.is_some_and(|other| other != who)
            {
                return Err(EntryFault::AddressTaken.into());
            }
            store::staff_accounts::clear(tx, way.name(), who).await?;
            if let Some(address) = address {
                store::staff_accounts::link(tx, way.name(), &address, who, self.intake.clock.now()).await?;
            }
        }
        Ok(())
    }
}

impl Entry {
    /// Returns somebody as the entry has them.
    fn apply(&self, staff: Staff) -> Result<Staff, EntryFault> {
        let line = |written: &str| {
            let line = text::clean(written).split_whitespace().collect::<Vec<_>>().join(" ");
            (line.chars().count() <= LONGEST).then_some(line)
        };
        let optional = |written: &str, fault| {
            Ok::<_, EntryFault>(Some(line(written).ok_or(fault)?).filter(|line| !line.is_empty()))
        };
        let number = self.phone.trim();
        let number = match phone::normalised(number) {
            None if !number.is_empty() => return Err(EntryFault::Phone),
            number => number,
        };
        Ok(Staff {
            name: line(&self.name).filter(|name| !name.is_empty()).ok_or(EntryFault::Name)?,
            role: self.role,
            region: optional(&self.region, EntryFault::Name)?,
            team: optional(&self.team, EntryFault::Name)?,
            phone: number,
            skills: self.skills.clone(),
            ..staff
        })
    }
}

/// Returns what somebody may log in with, of how it was typed.
///
/// # Errors
/// [`EntryFault::Login`] for what nobody may log in with.
pub fn login_of(typed: &str) -> Result<String, EntryFault> {
    let login = typed.trim();
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'@');
    if login.is_empty() || login.len() > LONGEST || !login.bytes().all(plain) {
        return Err(EntryFault::Login);
    }
    Ok(login.to_owned())
}

/// Stores a new account with the hash of its password, in the console as on the command line. Two logins that
/// are the same but for large and small letters would be taken for each other.
///
/// # Errors
/// What is wrong with the login or the entry.
pub async fn new_account(
    tx: &mut Tx,
    clock: &Clock,
    login: &str,
    entry: &Entry,
    password_hash: &str,
) -> Result<StaffId, AccountError> {
    let login = login_of(login)?;
    if store::staff::is_taken(tx, &login).await? {
        return Err(EntryFault::LoginTaken.into());
    }
    let staff = entry.apply(Staff::new(clock.new_id(), login, entry.role, clock.now()))?;
    store::staff::insert(tx, &staff, password_hash).await?;
    Ok(staff.id)
}

/// Returns somebody as they are now, held: of two administrators the second sees what the first did.
async fn held(tx: &mut Tx, who: StaffId) -> Result<Staff, DeskError> {
    store::staff::load_for_update(tx, who).await?.ok_or(DeskError::NotFound("member of staff"))
}
