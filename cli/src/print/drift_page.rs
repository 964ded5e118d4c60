//! Data against their reference as a page: one file with its style and its pictures in it, and nothing from elsewhere.

use super::drift_data::{class, short};
use drift::{ColumnReport, Gravity, Plot, Report, Row};
use std::fmt::Write;

const WIDTH: f64 = 220.0;
const HEIGHT: f64 = 56.0;

const STYLE: &str = "\
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1c2430;background:#fff}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #dde2e8;vertical-align:top}
th{font-weight:600;color:#5a6675}td.n{font-variant-numeric:tabular-nums;white-space:nowrap}
.drift{color:#b3261e;font-weight:600}.same{color:#2e7d32}.open{color:#8a6d00}
svg{display:block}.r{fill:#b8c4d4}.c{fill:#d9822b}.l{fill:none;stroke:#d9822b;stroke-width:1.5}
small{color:#5a6675}@media(prefers-color-scheme:dark){body{background:#14181e;color:#e3e8ef}th,small{color:#9aa7b8}
th,td{border-color:#2c3440}.drift{color:#ff8a80}.same{color:#81c784}.open{color:#e6c35c}.r{fill:#51607a}}
";

/// The page.
pub(crate) fn page(report: &Report, [reference, current]: &[String; 2]) -> String {
    let dataset = &report.dataset;
    let mut page = String::from("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">");
    let (before, now) = (escaped(reference), escaped(current));
    let (verdict, because) = (dataset.verdict.words(), escaped(&dataset.because));
    push(&mut page, format_args!("<title>{verdict}: {now}</title><style>{STYLE}</style>"));
    push(
        &mut page,
        format_args!(
            "<h1><span class=\"{}\">{verdict}</span> {because}</h1><p><small>{now} against {before}; \
             the reference is grey, what is now is orange</small></p>",
            class(dataset.verdict)
        ),
    );
    page.push_str("<table><tr><th>column<th>verdict<th>how values lie<th>values<th>nulls<th>why");
    for column in &report.columns {
        row(&mut page, column);
    }
    page.push_str("</table>");
    findings(&mut page, report);
    results(&mut page, &report.results);
    page.push_str("</html>");
    page
}

fn row(page: &mut String, column: &ColumnReport) {
    let picture = column.plot.as_ref().map(picture).unwrap_or_default();
    let percent = |share: f64| format!("{:.2}&nbsp;%", share * 100.0);
    push(
        page,
        format_args!(
            "<tr><td>{}<br><small>{}</small><td class=\"{}\">{}<td>{picture}<td class=\"n\">{}<br>{}\
             <td class=\"n\">{}<br>{}<td>{}",
            escaped(&column.column),
            column.kind.word(),
            class(column.verdict),
            column.verdict.words(),
            column.n_reference,
            column.n_current,
            percent(column.nulls_reference),
            percent(column.nulls_current),
            escaped(&column.because),
        ),
    );
}

fn findings(page: &mut String, report: &Report) {
    if report.findings.is_empty() {
        return;
    }
    page.push_str("<h2>Findings</h2><table><tr><th>column<th>what<th>in words");
    for finding in &report.findings {
        let class = if finding.gravity == Gravity::Drift { "drift" } else { "open" };
        let (column, message) = (escaped(&finding.column), escaped(&finding.message));
        let code = finding.code.word();
        push(page, format_args!("<tr><td>{column}<td class=\"{class}\">{code}<td>{message}"));
    }
    page.push_str("</table>");
}

fn results(page: &mut String, rows: &[Row]) {
    page.push_str(
        "<h2>Methods</h2><table><tr><th>column<th>method<th>score<th>threshold<th>p-value<th>drift",
    );
    for row in rows {
        let drifted = match (row.drifted, &row.error) {
            (_, Some(error)) => error.as_str(),
            (Some(true), None) => "yes",
            (Some(false), None) => "no",
            (None, None) => "?",
        };
        push(
            page,
            format_args!(
                "<tr><td>{}<td>{}<td class=\"n\">{}<td class=\"n\">{}<td class=\"n\">{}<td>{}",
                escaped(&row.column),
                row.method.id(),
                short(row.score),
                short(row.threshold),
                short(row.p_value),
                escaped(drifted),
            ),
        );
    }
    page.push_str("</table>");
}

/// The reference as bars; what is now as a line over bins, or as bars beside those of values.
fn picture(plot: &Plot) -> String {
    let all = plot.reference.iter().chain(&plot.current);
    let most = all.copied().fold(f64::MIN_POSITIVE, f64::max);
    let bars = plot.reference.len().max(1);
    let step = WIDTH / f64::from(u16::try_from(bars).unwrap_or(u16::MAX));
    let mut svg =
        format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\">");
    let is_counted = plot.edges.is_empty();
    let mut line = String::new();
    let mut left = 0.0;
    for (at, (before, now)) in plot.reference.iter().zip(&plot.current).enumerate() {
        let (tall, taller) = (before / most * HEIGHT, now / most * HEIGHT);
        let said = title(plot, at, *before, *now);
        let width = if is_counted { step * 0.42 } else { step * 0.96 };
        push(&mut svg, format_args!("<g><title>{said}</title>{}", bar("r", left, width, tall)));
        if is_counted {
            svg.push_str(&bar("c", left + width, width, taller));
        }
        svg.push_str("</g>");
        let (right, top) = (left + step, HEIGHT - taller);
        push(&mut line, format_args!("{left:.1},{top:.1} {right:.1},{top:.1} "));
        left = right;
    }
    if !is_counted {
        push(&mut svg, format_args!("<polyline class=\"l\" points=\"{}\"/>", line.trim_end()));
    }
    svg.push_str("</svg>");
    if let [first, .., last] = plot.edges.as_slice() {
        push(&mut svg, format_args!("<small>{first:.4} .. {last:.4}</small>"));
    }
    svg
}

fn bar(class: &str, left: f64, width: f64, tall: f64) -> String {
    let top = HEIGHT - tall;
    format!(
        "<rect class=\"{class}\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{tall:.1}\"/>"
    )
}

fn title(plot: &Plot, at: usize, before: f64, now: f64) -> String {
    let shares = format!("{:.2} % before, {:.2} % now", before * 100.0, now * 100.0);
    match (plot.values.get(at), plot.edges.get(at..at + 2)) {
        (Some(value), _) => format!("{}: {shares}", escaped(value)),
        (None, Some([from, to])) => format!("{from:.4} .. {to:.4}: {shares}"),
        (None, _) => shares,
    }
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

fn push(text: &mut String, more: std::fmt::Arguments<'_>) {
    text.write_fmt(more).expect("a String takes everything");
}

#[cfg(test)]
mod tests {
    use super::*;
    use drift::{Column, Judge, Methods, Mode, Pair};
    use std::collections::HashMap;

    #[test]
    fn a_page_needs_nothing_else_and_trusts_no_value() {
        let texts = HashMap::from([("<script>alert(1)</script>".into(), 300), ("b".into(), 300)]);
        let column = Column::texts(600, texts);
        let mut judge = Judge::new(Mode::Slipway, Methods::Deciding, 200);
        let (reference, current) = (Some(&column), Some(&column));
        judge.add(Pair { name: "a&b", kind: None, importance: 1.0, reference, current });
        let page = page(&judge.report(), &["a.csv".to_owned(), "b.csv".to_owned()]);
        assert!(page.contains("<svg") && page.contains("a&amp;b"), "{page}");
        let foreign = ["<script", "http:", "https:", "src=", "@import"];
        assert!(foreign.iter().all(|part| !page.contains(part)), "{page}");
    }
}
