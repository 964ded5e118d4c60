//! One pattern of an ignore file, matched against a whole path in time linear in both.

/// Why a text is not a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidGlob {
    /// `!` or `/` alone.
    #[error("the pattern is empty")]
    Empty,
    /// `[` without `]`.
    #[error("a [ has no ]")]
    OpenClass,
    /// `[z-a]`
    #[error("a range goes backwards")]
    BackwardRange,
}

/// A compiled pattern.
#[derive(Debug)]
pub struct Glob {
    tokens: Vec<Token>,
}

#[derive(Debug, PartialEq)]
enum Token {
    Char(char),
    /// `?`: one character of a name.
    One,
    /// `*`: any part of a name.
    Star,
    /// `**` before more: any number of whole directories, also none.
    Directories,
    /// `**` at the end: whatever follows.
    Rest,
    /// `**` before nothing but plain text: any beginning at all.
    Start,
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Glob {
    /// The pattern in `text`, a cleaned path.
    pub fn parse(text: &str) -> Result<Self, InvalidGlob> {
        if text.is_empty() {
            return Err(InvalidGlob::Empty);
        }
        let mut tokens = Vec::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            tokens.push(match c {
                '*' if chars.next_if_eq(&'*').is_some() => double_star(&mut chars),
                '*' => Token::Star,
                '?' => Token::One,
                '[' => class(&mut chars)?,
                '\\' => Token::Char(chars.next().unwrap_or('\\')),
                plain => Token::Char(plain),
            });
        }
        let ends_plainly = tokens.iter().skip(1).all(|token| matches!(token, Token::Char(_)));
        let starts_at_names = text.starts_with("**/");
        if tokens.first() == Some(&Token::Directories) && ends_plainly && !starts_at_names {
            tokens[0] = Token::Start;
        }
        Ok(Self { tokens })
    }

    /// `path` is what the pattern means, from its beginning to its end.
    pub fn matches(&self, path: &str) -> bool {
        let path: Vec<char> = path.chars().collect();
        let mut reached = vec![false; path.len() + 1];
        reached[0] = true;
        for token in &self.tokens {
            reached = token.advance(&reached, &path);
        }
        reached[path.len()]
    }
}

impl Token {
    /// Where in `path` matching can stand after this token, given where it could stand before.
    fn advance(&self, from: &[bool], path: &[char]) -> Vec<bool> {
        let mut to = vec![false; from.len()];
        let mut open = false;
        for at in 0..from.len() {
            let before = at.checked_sub(1).map(|index| path[index]);
            let stepped = at > 0 && from[at - 1];
            to[at] = match self {
                Self::Char(c) => stepped && before == Some(*c),
                Self::One => stepped && before != Some('/'),
                Self::Class { .. } => stepped && before.is_some_and(|c| self.holds(c)),
                Self::Star => from[at] || (at > 0 && to[at - 1] && before != Some('/')),
                Self::Directories => from[at] || (open && before == Some('/')),
                Self::Rest | Self::Start => from[at] || open,
            };
            open |= from[at];
        }
        to
    }

    fn holds(&self, c: char) -> bool {
        let Self::Class { negated, ranges } = self else { return false };
        ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated
    }
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn double_star(chars: &mut Chars<'_>) -> Token {
    let _eaten = chars.next_if_eq(&'/');
    if chars.peek().is_none() { Token::Rest } else { Token::Directories }
}

fn class(chars: &mut Chars<'_>) -> Result<Token, InvalidGlob> {
    let negated = chars.next_if_eq(&'^').is_some();
    let mut ranges = Vec::new();
    loop {
        let low = member(chars)?;
        let high = if chars.next_if_eq(&'-').is_some() { member(chars)? } else { low };
        if high < low {
            return Err(InvalidGlob::BackwardRange);
        }
        ranges.push((low, high));
        if chars.next_if_eq(&']').is_some() {
            return Ok(Token::Class { negated, ranges });
        }
    }
}

fn member(chars: &mut Chars<'_>) -> Result<char, InvalidGlob> {
    match chars.next().ok_or(InvalidGlob::OpenClass)? {
        '\\' => chars.next().ok_or(InvalidGlob::OpenClass),
        ']' => Err(InvalidGlob::OpenClass),
        c => Ok(c),
    }
}
