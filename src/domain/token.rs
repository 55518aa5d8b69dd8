//! Signed tokens. The one in a unit's QR code binds whoever opens it to that unit, so the bot never
//! asks where somebody lives; the one in a progress link shows one ticket without a log-in; the one
//! in the form of that page lets its buttons count for a while; the one a person is given to go on
//! with a conversation on another channel says whose it is; the one in an alert to a member of staff
//! lets them act on that alert in their own name; an invitation lets somebody choose their password.
//!
//! 36 bytes (unit, expiry, HMAC-SHA-256 cut to 128 bits) in 48 characters of `A-Za-z0-9_-`: that
//! fits a Telegram deep link (64 characters) and a WeChat scene (64 characters).

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::dialogue::TokenFault;
use super::ids::{DialogueId, FlagId, StaffId, TicketId, UnitId};
use super::time::Timestamp;

/// How long the link is good by which a member of staff shows whose account on a platform is theirs.
pub const STAFF_LINK_LASTS: Duration = Duration::from_secs(86_400);
/// How long an invitation to choose a password is good for.
pub const INVITATION_LASTS: Duration = Duration::from_secs(3 * 86_400);

/// Bytes of one id.
const ID: usize = 16;
/// Bytes of the expiry.
const EXPIRY: usize = 4;
const SIGNED: usize = ID + EXPIRY;
const MAC: usize = 16;

/// What a token is for goes into its signature: one that was made for a flat opens nothing else.
const UNIT: &[u8] = b"unit-token-v1";
const STAFF: &[u8] = b"staff-token-v1";
const PROGRESS: &[u8] = b"progress-token-v1";
const VERDICT: &[u8] = b"verdict-token-v1";
const ELSEWHERE: &[u8] = b"elsewhere-token-v1";
const ALERT: &[u8] = b"alert-token-v1";
const INVITATION: &[u8] = b"invitation-token-v1";
const PASSWORD: &[u8] = b"password-mark-v1";
/// A staff token is thereby longer than any other, and known before it is verified.
const STAFF_PREFIX: char = 's';
/// So is the one by which a conversation goes on elsewhere.
const ELSEWHERE_PREFIX: char = 'c';

/// Returns the token by which a conversation goes on elsewhere without its prefix, if it has its looks.
fn elsewhere(text: &str) -> Option<&str> {
    text.trim().strip_prefix(ELSEWHERE_PREFIX).filter(|rest| rest.len() == (SIGNED + MAC) / 3 * 4)
}

/// Whether a text has the looks of a token by which a conversation goes on elsewhere.
pub fn is_elsewhere_token(text: &str) -> bool {
    elsewhere(text).is_some_and(|rest| BASE64URL_NOPAD.decode(rest.as_bytes()).is_ok())
}

/// Whether a text has the looks of a staff token; who it is from is said by [`TokenKey::verify_staff`].
pub fn is_staff_token(text: &str) -> bool {
    let rest = text.strip_prefix(STAFF_PREFIX);
    rest.is_some_and(|rest| rest.len() == (SIGNED + MAC) / 3 * 4 && BASE64URL_NOPAD.decode(rest.as_bytes()).is_ok())
}

/// The secret that signs tokens.
#[derive(Clone)]
pub struct TokenKey([u8; 32]);

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenKey(…)")
    }
}

impl TokenKey {
    /// Takes 32 random bytes.
    pub fn new(secret: [u8; 32]) -> TokenKey {
        TokenKey(secret)
    }

    /// Signs a token for a unit, valid until `expires` (to the second; at most until the year 2106).
    pub fn sign(&self, unit: UnitId, expires: Timestamp) -> String {
        self.sign_as(UNIT, unit.0, expires)
    }

    /// Signs a token by which a member of staff shows whose account on a platform is theirs.
    pub fn sign_staff(&self, staff: StaffId, expires: Timestamp) -> String {
        format!("{STAFF_PREFIX}{}", self.sign_as(STAFF, staff.0, expires))
    }

    fn sign_as(&self, purpose: &[u8], id: Uuid, expires: Timestamp) -> String {
        self.sign_all(purpose, &[id], expires)
    }

    fn sign_all(&self, purpose: &[u8], ids: &[Uuid], expires: Timestamp) -> String {
        let mut bytes: Vec<u8> = ids.iter().flat_map(|id| *id.as_bytes()).collect();
        let seconds = u32::try_from(expires.0.max(0) / 1000).unwrap_or(u32::MAX);
        bytes.extend(seconds.to_be_bytes());
        bytes.extend(self.mac(purpose, &bytes));
        BASE64URL_NOPAD.encode(&bytes)
    }

    /// Reads a token.
    ///
    /// # Errors
    /// [`TokenFault::Unknown`] if we did not sign it, [`TokenFault::Expired`] if its time has passed.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<UnitId, TokenFault> {
        self.verify_as(UNIT, token, now).map(UnitId)
    }

    /// Reads a token of a member of staff.
    ///
    /// # Errors
    /// As [`TokenKey::verify`].
    pub fn verify_staff(&self, token: &str, now: Timestamp) -> Result<StaffId, TokenFault> {
        let token = token.trim().strip_prefix(STAFF_PREFIX).ok_or(TokenFault::Unknown)?;
        self.verify_as(STAFF, token, now).map(StaffId)
    }

    /// Signs the token by which whoever has a conversation goes on with it on another channel.
    pub fn sign_elsewhere(&self, dialogue: DialogueId, expires: Timestamp) -> String {
        format!("{ELSEWHERE_PREFIX}{}", self.sign_as(ELSEWHERE, dialogue.0, expires))
    }

    /// Reads such a token. Whether it was used before is for the store to say.
    ///
    /// # Errors
    /// As [`TokenKey::verify`].
    pub fn verify_elsewhere(&self, token: &str, now: Timestamp) -> Result<DialogueId, TokenFault> {
        let token = elsewhere(token).ok_or(TokenFault::Unknown)?;
        self.verify_as(ELSEWHERE, token, now).map(DialogueId)
    }

    /// Signs the token of a ticket's progress link, valid until `expires`.
    pub fn sign_progress(&self, ticket: TicketId, expires: Timestamp) -> String {
        self.sign_as(PROGRESS, ticket.0, expires)
    }

    /// Reads the token of a progress link.
    ///
    /// # Errors
    /// As [`TokenKey::verify`].
    pub fn verify_progress(&self, token: &str, now: Timestamp) -> Result<TicketId, TokenFault> {
        self.verify_as(PROGRESS, token, now).map(TicketId)
    }

    /// Signs what the buttons of a ticket's progress page carry, valid until `expires`.
    pub fn sign_verdict(&self, ticket: TicketId, expires: Timestamp) -> String {
        self.sign_as(VERDICT, ticket.0, expires)
    }

    /// Checks what a button of a ticket's progress page carried.
    ///
    /// # Errors
    /// As [`TokenKey::verify`]; the token of another ticket's page is unknown.
    pub fn verify_verdict(&self, token: &str, ticket: TicketId, now: Timestamp) -> Result<(), TokenFault> {
        let signed = self.verify_as(VERDICT, token, now).map(TicketId)?;
        if signed == ticket { Ok(()) } else { Err(TokenFault::Unknown) }
    }

    /// Signs the link by which one member of staff acts on one alert, valid until `expires`.
    pub fn sign_alert(&self, flag: FlagId, staff: StaffId, expires: Timestamp) -> String {
        self.sign_all(ALERT, &[flag.0, staff.0], expires)
    }

    /// Reads such a link. Whether they still work here is for the store to say.
    ///
    /// # Errors
    /// As [`TokenKey::verify`].
    pub fn verify_alert(&self, token: &str, now: Timestamp) -> Result<(FlagId, StaffId), TokenFault> {
        let [flag, staff] = self.verify_all(ALERT, token, now)?;
        Ok((FlagId(flag), StaffId(staff)))
    }

    /// Signs the invitation by which a member of staff chooses a password, valid until `expires` or
    /// until the password is another than the one of this hash: so it works once.
    pub fn sign_invitation(&self, staff: StaffId, password_hash: &str, expires: Timestamp) -> String {
        self.sign_all(INVITATION, &[staff.0, self.password_mark(password_hash)], expires)
    }

    /// Reads an invitation: whom it is for, and the mark of the password they had then, which is to be
    /// compared with [`TokenKey::password_mark`].
    ///
    /// # Errors
    /// As [`TokenKey::verify`].
    pub fn verify_invitation(&self, token: &str, now: Timestamp) -> Result<(StaffId, Uuid), TokenFault> {
        let [staff, mark] = self.verify_all(INVITATION, token, now)?;
        Ok((StaffId(staff), mark))
    }

    /// Tells one password's hash from another without saying anything of either.
    pub fn password_mark(&self, password_hash: &str) -> Uuid {
        Uuid::from_bytes(self.mac(PASSWORD, password_hash.as_bytes()))
    }

    fn verify_as(&self, purpose: &[u8], token: &str, now: Timestamp) -> Result<Uuid, TokenFault> {
        let [id] = self.verify_all(purpose, token, now)?;
        Ok(id)
    }

    fn verify_all<const N: usize>(&self, purpose: &[u8], token: &str, now: Timestamp) -> Result<[Uuid; N], TokenFault> {
        let bytes = BASE64URL_NOPAD.decode(token.trim().as_bytes()).map_err(|_| TokenFault::Unknown)?;
        let (signed, mac) = bytes.split_at_checked(N * ID + EXPIRY).ok_or(TokenFault::Unknown)?;
        if mac.len() != MAC || !bool::from(self.mac(purpose, signed).ct_eq(mac)) {
            return Err(TokenFault::Unknown);
        }
        let (written, expires) = signed.split_at(N * ID);
        let expires = <[u8; EXPIRY]>::try_from(expires).map_err(|_| TokenFault::Unknown)?;
        if now.0 / 1000 > i64::from(u32::from_be_bytes(expires)) {
            return Err(TokenFault::Expired);
        }
        let mut ids = [Uuid::nil(); N];
        for (id, bytes) in ids.iter_mut().zip(written.chunks_exact(ID)) {
            *id = Uuid::from_slice(bytes).map_err(|_| TokenFault::Unknown)?;
        }
        Ok(ids)
    }

    /// Returns the mark of whoever was let in by a secret of that hash: only we can make it.
    pub fn mark(&self, secret_hash: &str) -> String {
        let mut mark = Vec::new();
        // HMAC takes keys of any length: this cannot fail.
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) {
            mac.update(b"let-in-v1");
            mac.update(secret_hash.as_bytes());
            mark = mac.finalize().into_bytes().to_vec();
        }
        BASE64URL_NOPAD.encode(&mark)
    }

    /// Whether a mark is the one of that hash.
    pub fn is_mark(&self, secret_hash: &str, mark: &str) -> bool {
        bool::from(self.mark(secret_hash).as_bytes().ct_eq(mark.as_bytes()))
    }

    fn mac(&self, purpose: &[u8], signed: &[u8]) -> [u8; MAC] {
        let mut cut = [0; MAC];
        // HMAC takes keys of any length: this cannot fail.
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) {
            mac.update(purpose);
            mac.update(signed);
            cut.copy_from_slice(&mac.finalize().into_bytes()[..MAC]);
        }
        cut
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    fn token() -> (TokenKey, UnitId, String) {
        let key = TokenKey::new([7; 32]);
        let unit = UnitId(Uuid::from_u128(42));
        let token = key.sign(unit, NOW + Duration::from_secs(60));
        (key, unit, token)
    }

    #[test]
    fn a_token_we_signed_names_its_unit_and_fits_a_deep_link() {
        let (key, unit, token) = token();
        assert_eq!(key.verify(&token, NOW), Ok(unit));
        assert!(token.len() <= 64 && token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'));
    }

    #[test]
    fn a_token_expires_after_its_last_second() {
        let (key, _, token) = token();
        assert_eq!(key.verify(&token, NOW + Duration::from_secs(61)), Err(TokenFault::Expired));
    }

    #[test]
    fn a_token_with_any_character_changed_is_unknown() {
        let (key, _, token) = token();
        for at in 0..token.len() {
            let mut forged: Vec<char> = token.chars().collect();
            forged[at] = if forged[at] == 'A' { 'B' } else { 'A' };
            let forged: String = forged.into_iter().collect();
            assert_eq!(key.verify(&forged, NOW), Err(TokenFault::Unknown), "character {at}");
        }
    }

    #[test]
    fn a_token_for_staff_opens_no_flat_and_the_other_way_round() {
        let (key, unit, token) = token();
        let staff = key.sign_staff(StaffId(unit.0), NOW + Duration::from_secs(60));
        assert_eq!(key.verify_staff(&staff, NOW), Ok(StaffId(unit.0)));
        assert!(is_staff_token(&staff) && staff.len() <= 64 && !is_staff_token(&token) && !is_staff_token("salt"));
        assert_eq!(key.verify_staff(&format!("s{token}"), NOW), Err(TokenFault::Unknown));
        assert_eq!(key.verify(staff.strip_prefix('s').unwrap(), NOW), Err(TokenFault::Unknown));
        assert_eq!(key.verify_staff(&staff, NOW + Duration::from_secs(61)), Err(TokenFault::Expired));
    }

    #[test]
    fn a_mark_belongs_to_one_secret_and_one_key() {
        let (key, _, _) = token();
        let mark = key.mark("abc");
        assert!(key.is_mark("abc", &mark) && !key.is_mark("abd", &mark) && !key.is_mark("abc", ""));
        assert!(!TokenKey::new([8; 32]).is_mark("abc", &mark));
    }

    #[test]
    fn a_token_of_another_key_or_of_nonsense_is_unknown() {
        let (key, unit, _) = token();
        let foreign = TokenKey::new([8; 32]).sign(unit, NOW + Duration::from_secs(60));
        for token in [foreign.as_str(), "", "x", "漏水", "AAAA"] {
            assert_eq!(key.verify(token, NOW), Err(TokenFault::Unknown));
        }
    }

    #[test]
    fn a_token_of_one_purpose_opens_nothing_else() {
        let (key, unit, door) = token();
        let ticket = TicketId(unit.0);
        let until = NOW + Duration::from_secs(60);
        let (progress, verdict) = (key.sign_progress(ticket, until), key.sign_verdict(ticket, until));
        assert_eq!(key.verify_progress(&progress, NOW), Ok(ticket));
        assert_eq!(key.verify_verdict(&verdict, ticket, NOW), Ok(()));
        for other in [&door, &verdict] {
            assert_eq!(key.verify_progress(other, NOW), Err(TokenFault::Unknown));
        }
        for other in [&door, &progress] {
            assert_eq!(key.verify_verdict(other, ticket, NOW), Err(TokenFault::Unknown));
        }
        assert_eq!(key.verify(&progress, NOW), Err(TokenFault::Unknown));
    }

    #[test]
    fn a_token_to_go_on_elsewhere_is_for_nothing_else_and_not_for_long() {
        let (key, unit, door) = token();
        let dialogue = DialogueId(unit.0);
        let token = key.sign_elsewhere(dialogue, NOW + Duration::from_secs(60));
        assert_eq!(key.verify_elsewhere(&token, NOW), Ok(dialogue));
        assert!(is_elsewhere_token(&token) && token.len() <= 64 && !is_elsewhere_token(&door));
        assert!(!is_staff_token(&token) && !is_elsewhere_token("cancel") && !is_elsewhere_token(""));
        assert_eq!(key.verify_elsewhere(&format!("c{door}"), NOW), Err(TokenFault::Unknown));
        assert_eq!(key.verify(token.strip_prefix('c').unwrap(), NOW), Err(TokenFault::Unknown));
        assert_eq!(key.verify_elsewhere(&token, NOW + Duration::from_secs(61)), Err(TokenFault::Expired));
    }

    #[test]
    fn the_link_of_an_alert_names_flag_and_person_and_is_for_nothing_else() {
        let (key, unit, door) = token();
        let (flag, staff) = (FlagId(unit.0), StaffId(Uuid::from_u128(9)));
        let until = NOW + Duration::from_secs(60);
        let link = key.sign_alert(flag, staff, until);
        assert_eq!(key.verify_alert(&link, NOW), Ok((flag, staff)));
        assert_eq!(key.verify_alert(&link, NOW + Duration::from_secs(61)), Err(TokenFault::Expired));
        let invitation = key.sign_invitation(staff, "hash", until);
        for other in [&door, &invitation, &key.sign_staff(staff, until)] {
            assert_eq!(key.verify_alert(other, NOW), Err(TokenFault::Unknown));
        }
        for at in 0..link.len() {
            let mut forged: Vec<char> = link.chars().collect();
            forged[at] = if forged[at] == 'A' { 'B' } else { 'A' };
            let forged: String = forged.into_iter().collect();
            assert_ne!(key.verify_alert(&forged, NOW), Ok((flag, staff)), "character {at}");
        }
    }

    #[test]
    fn an_invitation_is_for_one_person_and_the_password_they_had_then() {
        let key = TokenKey::new([7; 32]);
        let staff = StaffId(Uuid::from_u128(9));
        let invitation = key.sign_invitation(staff, "old", NOW + Duration::from_secs(60));
        assert_eq!(key.verify_invitation(&invitation, NOW), Ok((staff, key.password_mark("old"))));
        assert_ne!(key.password_mark("old"), key.password_mark("new"));
        assert_eq!(key.verify_invitation(&invitation, NOW + Duration::from_secs(61)), Err(TokenFault::Expired));
        let link = key.sign_alert(FlagId(staff.0), staff, NOW + Duration::from_secs(60));
        assert_eq!(key.verify_invitation(&link, NOW), Err(TokenFault::Unknown));
    }

    #[test]
    fn the_button_of_another_tickets_page_does_not_count() {
        let key = TokenKey::new([7; 32]);
        let [mine, other] = [1, 2].map(|n| TicketId(Uuid::from_u128(n)));
        let token = key.sign_verdict(other, NOW + Duration::from_secs(60));
        assert_eq!(key.verify_verdict(&token, mine, NOW), Err(TokenFault::Unknown));
        assert_eq!(key.verify_verdict(&token, other, NOW + Duration::from_secs(61)), Err(TokenFault::Expired));
    }
}
