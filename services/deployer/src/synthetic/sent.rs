//! What is said of requests that Slipway sent. Pure.

use crate::db::synthetic::Sent;

impl Sent {
    /// What a sentence about all that was compared says of them; nothing when there are none.
    pub(crate) fn told(self) -> String {
        let Self { candidate, stable } = self;
        if candidate + stable == 0 {
            return String::new();
        }
        format!(
            "; of these requests {candidate} of the candidate and {stable} of the stable release were sent by Slipway"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_requests_are_told_if_there_are_any() {
        assert_eq!(Sent::default().told(), "");
        let told = Sent { candidate: 30, stable: 29 }.told();
        let wanted = "; of these requests 30 of the candidate and 29 of the stable release were sent by Slipway";
        assert_eq!(told, wanted);
    }
}
