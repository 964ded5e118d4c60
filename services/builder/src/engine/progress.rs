//! What the engine says while it builds, as log lines.

use bollard::moby::buildkit::v1::{StatusResponse, Vertex, VertexLog};
use bollard::models::{BuildInfo, BuildInfoAux};
use std::collections::{BTreeMap, HashMap, HashSet};

/// As much of a line is kept until it ends. More than the log shows, so that secrets can be hidden before a
/// line is cut for show.
pub const LONGEST: usize = 64 * 1024;

/// Turns answers of the engine into lines.
#[derive(Debug, Default)]
pub struct Progress {
    /// Steps by digest, numbered in the order in which they began.
    numbers: HashMap<String, usize>,
    ended: HashSet<String>,
    /// Beginnings of lines whose end has not come yet, by step; 0 is the classic builder.
    unfinished: BTreeMap<usize, Unfinished>,
    /// What went wrong, once the engine said so.
    pub error: Option<String>,
}

impl Progress {
    /// The lines of one answer.
    pub fn lines(&mut self, info: BuildInfo) -> Vec<String> {
        if let Some(detail) = info.error_detail {
            let message = detail.message.unwrap_or_else(|| "the build failed".to_owned());
            self.error = Some(message.trim().to_owned());
        }
        let mut lines = Vec::new();
        if let Some(BuildInfoAux::BuildKit(status)) = &info.aux {
            self.status(status, &mut lines);
        }
        if let Some(text) = &info.stream {
            self.text(0, text.as_bytes(), &mut lines);
        }
        let without_figures = info.progress_detail.is_none_or(|detail| detail.total.is_none());
        if let (Some(status), true) = (info.status, without_figures) {
            lines.push(info.id.map_or_else(|| status.clone(), |id| format!("{id}: {status}")));
        }
        lines
    }

    /// What was not ended by a newline.
    pub fn rest(&mut self) -> Vec<String> {
        let unfinished = std::mem::take(&mut self.unfinished);
        unfinished
            .into_iter()
            .filter(|(_, begun)| !begun.0.is_empty())
            .map(|(n, mut begun)| line(n, &begun.end()))
            .collect()
    }

    fn status(&mut self, status: &StatusResponse, lines: &mut Vec<String>) {
        for vertex in &status.vertexes {
            self.vertex(vertex, lines);
        }
        for VertexLog { vertex, msg, .. } in &status.logs {
            let number = self.number(vertex);
            self.text(number, msg, lines);
        }
    }

    fn vertex(&mut self, vertex: &Vertex, lines: &mut Vec<String>) {
        if vertex.started.is_none() && !vertex.cached {
            return;
        }
        if !self.numbers.contains_key(&vertex.digest) {
            let number = self.number(&vertex.digest);
            lines.push(line(number, &vertex.name));
        }
        let ended = vertex.completed.is_some() || !vertex.error.is_empty();
        if ended && self.ended.insert(vertex.digest.clone()) {
            let number = self.number(&vertex.digest);
            lines.extend(
                self.unfinished
                    .remove(&number)
                    .filter(|begun| !begun.0.is_empty())
                    .map(|mut begun| line(number, &begun.end())),
            );
            lines.push(line(number, &end(vertex)));
        }
    }

    fn number(&mut self, digest: &str) -> usize {
        let next = self.numbers.len() + 1;
        *self.numbers.entry(digest.to_owned()).or_insert(next)
    }

    fn text(&mut self, number: usize, text: &[u8], lines: &mut Vec<String>) {
        let unfinished = self.unfinished.entry(number).or_default();
        for part in text.split_inclusive(|byte| *byte == b'\n') {
            unfinished.add(part.strip_suffix(b"\n").unwrap_or(part));
            if part.ends_with(b"\n") {
                lines.push(line(number, &unfinished.end()));
            }
        }
    }
}

/// The beginning of a line as a terminal would show it: what a carriage return goes back over is gone.
#[derive(Debug, Default)]
struct Unfinished(Vec<u8>);

impl Unfinished {
    fn add(&mut self, part: &[u8]) {
        let end = part.iter().rposition(|byte| *byte != b'\r').map_or(0, |last| last + 1);
        let back = part[..end].iter().rposition(|byte| *byte == b'\r');
        if back.is_some() || (end > 0 && self.0.ends_with(b"\r")) {
            self.0.clear();
        }
        let seen = &part[back.map_or(0, |back| back + 1)..];
        let room = LONGEST.saturating_sub(self.0.len());
        self.0.extend_from_slice(&seen[..seen.len().min(room)]);
    }

    /// The line, which ends here.
    fn end(&mut self) -> String {
        let bytes = std::mem::take(&mut self.0);
        String::from_utf8_lossy(&bytes).trim_end_matches('\r').to_owned()
    }
}

fn line(number: usize, text: &str) -> String {
    if number == 0 { text.to_owned() } else { format!("#{number} {text}") }
}

fn end(vertex: &Vertex) -> String {
    if !vertex.error.is_empty() {
        return format!("ERROR {}", vertex.error);
    }
    if vertex.cached {
        return "CACHED".to_owned();
    }
    let started = vertex.started.as_ref().map_or(0.0, |at| seconds(at.seconds, at.nanos));
    let ended = vertex.completed.as_ref().map_or(started, |at| seconds(at.seconds, at.nanos));
    format!("DONE {:.1}s", ended - started)
}

#[expect(clippy::cast_precision_loss, reason = "tenths of seconds since 1970 fit")]
fn seconds(seconds: i64, nanos: i32) -> f64 {
    seconds as f64 + f64::from(nanos) / 1e9
}

/// The exit code in what the engine says of a command that failed.
pub fn exit_code(message: &str) -> Option<i32> {
    let after =
        ["exit code: ", "non-zero code: "].iter().find_map(|start| message.rsplit_once(start))?.1;
    let digits = after.find(|c: char| !c.is_ascii_digit()).map_or(after, |end| &after[..end]);
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(infos: impl IntoIterator<Item = BuildInfo>) -> (Vec<String>, Progress) {
        let mut progress = Progress::default();
        let mut lines: Vec<_> = infos.into_iter().flat_map(|info| progress.lines(info)).collect();
        lines.extend(progress.rest());
        (lines, progress)
    }

    fn classic(text: &str) -> BuildInfo {
        BuildInfo { stream: Some(text.to_owned()), ..BuildInfo::default() }
    }

    fn log(text: &str) -> BuildInfo {
        let log = VertexLog { vertex: "a".to_owned(), msg: text.into(), ..VertexLog::default() };
        status(StatusResponse { logs: vec![log], ..StatusResponse::default() })
    }

    fn status(status: StatusResponse) -> BuildInfo {
        BuildInfo { aux: Some(BuildInfoAux::BuildKit(status)), ..BuildInfo::default() }
    }

    fn vertex(change: impl FnOnce(&mut Vertex)) -> BuildInfo {
        let mut vertex =
            Vertex { digest: "a".to_owned(), name: "RUN make".to_owned(), ..Vertex::default() };
        let started = vertex.started.get_or_insert_default();
        started.seconds = 7;
        change(&mut vertex);
        status(StatusResponse { vertexes: vec![vertex], ..StatusResponse::default() })
    }

    #[test]
    fn a_step_has_a_beginning_lines_and_an_end() {
        let (lines, _) = said([
            vertex(|_| ()),
            log("one\ntw"),
            log("o\r\n10%\r100%\nlast"),
            vertex(|vertex| vertex.completed = vertex.started),
            vertex(|vertex| vertex.completed = vertex.started),
        ]);
        assert_eq!(
            lines,
            ["#1 RUN make", "#1 one", "#1 two", "#1 100%", "#1 last", "#1 DONE 0.0s"]
        );
    }

    #[test]
    fn a_failure_is_kept_with_its_exit_code() {
        let text = "process \"/bin/sh -c exit 3\" did not complete successfully: exit code: 3";
        let info: BuildInfo = serde_json::from_value(serde_json::json!({
            "errorDetail": { "message": text }, "error": text,
        }))
        .expect("an answer");
        let (_, progress) = said([info]);
        assert_eq!(progress.error.as_deref().and_then(exit_code), Some(3));
        assert_eq!(
            exit_code("The command '/bin/sh -c x' returned a non-zero code: 127"),
            Some(127)
        );
        assert_eq!(exit_code("no such file"), None);
    }

    #[test]
    fn the_classic_builder_writes_plain_text() {
        let (lines, _) =
            said([classic("Step 1/2 : FROM scratch"), classic("\n"), classic(" ---> \n")]);
        assert_eq!(lines, ["Step 1/2 : FROM scratch", " ---> "]);
    }

    #[test]
    fn a_line_that_does_not_end_takes_no_more_memory_than_a_long_one() {
        let mut progress = Progress::default();
        let part = "x".repeat(1 << 20);
        for _ in 0..64 {
            assert_eq!(progress.lines(log(&part)), Vec::<String>::new());
            let held: usize = progress.unfinished.values().map(|begun| begun.0.capacity()).sum();
            assert!(held <= 2 * LONGEST, "{held} bytes are held");
        }
        let lines = progress.lines(log("end\nnext\n"));
        assert_eq!(
            lines.iter().map(String::len).collect::<Vec<_>>(),
            [LONGEST + 3, "#1 next".len()]
        );
    }

    #[test]
    fn a_character_cut_by_the_network_is_whole_and_a_bar_shows_its_end() {
        let (lines, _) = said([log("10%\r"), log("90%\r\r"), log("100%"), log("\r\n")]);
        assert_eq!(lines, ["#1 100%"]);
        let mut progress = Progress::default();
        let mut lines = Vec::new();
        progress.text(1, b"gr\xc3", &mut lines);
        progress.text(1, b"\xbcn\n", &mut lines);
        assert_eq!(lines, ["#1 grün"]);
    }

    proptest! {
        #[test]
        fn no_text_is_lost_however_it_is_cut(words in proptest::collection::vec("[a-z]{1,5}\n?", 0..10)) {
            let (lines, _) = said(words.iter().map(|word| classic(word)));
            prop_assert_eq!(lines.concat(), words.concat().replace('\n', ""));
        }
    }
}
