//! The access token of an account, as both WeChat and WeCom keep it: one at a time, the same for whoever
//! asks, and void as soon as there is another (protocols §1.10).

/// The tokens that were given out.
#[derive(Debug, Default)]
pub struct Tokens {
    /// How often it has changed.
    generation: u32,
    asked: u32,
}

/// What is wrong with the token of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    Missing,
    /// Not the latest, or never given out; with how often it has changed since the beginning.
    Void(u32),
}

impl Tokens {
    /// Gives the token to somebody who has shown the secret.
    pub fn give(&self) -> String {
        format!("token-{}", self.generation)
    }

    /// Counts a question for it.
    pub fn ask(&mut self) {
        self.asked += 1;
    }

    /// How often it was asked for.
    pub fn asked(&self) -> u32 {
        self.asked
    }

    /// Judges what a call shows.
    pub fn judge(&self, shown: Option<&str>) -> Result<(), Unfit> {
        match shown {
            None => Err(Unfit::Missing),
            Some(token) if token == self.give() => Ok(()),
            Some(_) => Err(Unfit::Void(self.generation)),
        }
    }

    /// Puts another in its place: the one in use is not valid any more.
    pub fn replace(&mut self) {
        self.generation += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_the_same_for_everybody_until_there_is_another() {
        let mut tokens = Tokens::default();
        let first = tokens.give();
        assert_eq!((tokens.give(), tokens.judge(Some(&first))), (first.clone(), Ok(())));
        assert_eq!(tokens.judge(None), Err(Unfit::Missing));
        tokens.replace();
        assert_eq!(tokens.judge(Some(&first)), Err(Unfit::Void(1)));
        assert_eq!(tokens.judge(Some(&tokens.give())), Ok(()));
    }
}
