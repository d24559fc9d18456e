//! What `fleet up` shows while it runs, and at the end.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use console::Term;
use fleet_kube::local::{Report, Row};

/// Progress on standard error: a table that is drawn anew on a terminal, else a line for each change.
pub(super) struct Progress {
    live: bool,
    drawn: usize,
    shown: Report,
    states: BTreeMap<(String, String), String>,
    problems: usize,
}

impl Progress {
    pub(super) fn new(table: bool) -> Self {
        let live = table && io::stderr().is_terminal();
        Self {
            live,
            drawn: 0,
            shown: Report::default(),
            states: BTreeMap::new(),
            problems: 0,
        }
    }

    /// A line for people.
    pub(super) fn say(&mut self, line: &str) {
        self.end();
        let _ = writeln!(anstream::stderr(), "{line}");
    }

    /// Shows a report, unless it is the one that was shown last.
    pub(super) fn show(&mut self, report: &Report) {
        if self.shown == *report {
            return;
        }
        self.shown.clone_from(report);
        if self.live {
            let mut text = Vec::new();
            let _ = table(&mut text, report);
            self.draw(&String::from_utf8_lossy(&text));
            return;
        }
        let mut err = anstream::stderr().lock();
        for row in &report.deployments {
            let key = (row.bundle.clone(), row.cluster.clone());
            if self.states.get(&key) != Some(&row.state) {
                let _ = writeln!(err, "{} on {}: {}", row.bundle, row.cluster, row.state);
                self.states.insert(key, row.state.clone());
            }
        }
        for problem in report.problems.iter().skip(self.problems) {
            let _ = writeln!(err, "{problem}");
        }
        self.problems = self.problems.max(report.problems.len());
    }

    /// Draws lines in place of those drawn last: as many as the terminal has room for, none longer than it is wide, since
    /// what has scrolled away or wrapped cannot be drawn over.
    fn draw(&mut self, text: &str) {
        let (height, width) = Term::stderr().size();
        let (height, width) = (usize::from(height).max(4), usize::from(width).max(20));
        let mut lines: Vec<String> = text
            .lines()
            .map(|line| console::truncate_str(line, width - 1, "…").into_owned())
            .collect();
        if lines.len() >= height {
            // The last line is the sum.
            let sum = lines.pop().unwrap_or_default();
            let hidden = lines.len() - (height - 3);
            lines.truncate(height - 3);
            lines.push(format!("… {hidden} more lines"));
            lines.push(sum);
        }
        self.end();
        let mut err = anstream::stderr().lock();
        for line in &lines {
            let _ = writeln!(err, "{line}");
        }
        self.drawn = lines.len();
    }

    /// Clears the live table.
    pub(super) fn end(&mut self) {
        if self.drawn > 0 {
            // From where the first of its lines begins; a key that was pressed has moved the cursor to the right.
            let _ = write!(anstream::stderr(), "\r\x1b[{}A\x1b[J", self.drawn);
            self.drawn = 0;
        }
    }
}

fn paint(state: &str) -> Style {
    let color = match state {
        "Ready" => AnsiColor::Green,
        "ErrApplied" | "NotReady" => AnsiColor::Red,
        _ => AnsiColor::Yellow,
    };
    color.on_default()
}

/// Bundles and clusters with their states, then everything that is wrong.
pub(super) fn table(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let commit = report.commit.get(..12).unwrap_or(&report.commit);
    let header = ["BUNDLE", "CLUSTER", "STATE", "RESOURCES", "RELEASE"].map(str::to_owned);
    let cells = |row: &Row| {
        let (ready, all) = row.ready_resources;
        [
            row.bundle.clone(),
            row.cluster.clone(),
            row.state.clone(),
            format!("{ready}/{all}"),
            row.release.clone(),
        ]
    };
    let rows: Vec<[String; 5]> = std::iter::once(header)
        .chain(report.deployments.iter().map(cells))
        .collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..5).map(width).collect();
    for (at, row) in rows.iter().enumerate() {
        for (column, cell) in row.iter().enumerate() {
            let padding = " ".repeat(if column == 4 {
                0
            } else {
                widths[column] + 2 - cell.chars().count()
            });
            let style = if at > 0 && column == 2 {
                paint(cell)
            } else {
                Style::new()
            };
            write!(out, "{style}{cell}{style:#}{padding}")?;
        }
        writeln!(out)?;
    }
    for row in report.deployments.iter().filter(|row| row.state != "Ready") {
        let message = row.message.trim();
        if !message.is_empty() {
            writeln!(out, "{} on {}: {message}", row.bundle, row.cluster)?;
        }
        for resource in &row.resources {
            writeln!(
                out,
                "{} on {}: {}: {}",
                row.bundle, row.cluster, resource.object, resource.message
            )?;
        }
    }
    for problem in &report.problems {
        writeln!(out, "{problem}")?;
    }
    let ready = report.deployments.iter().filter(|row| row.state == "Ready").count();
    writeln!(out, "{ready}/{} ready at commit {commit}", report.deployments.len())
}
