//! Findings as text.

use super::visible;
use crate::check::Finding;

/// A finding on one line: its name, and its sentence.
pub fn finding(finding: &Finding) -> String {
    visible(finding.to_string().as_bytes())
}

/// The same beside another step, or none: it names its own. No line breaks between the name and the step.
pub fn finding_from(found: &Finding, selected: Option<usize>) -> String {
    match found.step.filter(|step| Some(*step) != selected) {
        None => finding(found),
        Some(step) => {
            let step = format!("step\u{a0}{}", step + 1);
            format!("{}\u{a0}({step}): {}", found.kind.name, visible(found.sentence.as_bytes()))
        }
    }
}

/// Where a finding was raised: `exchange 3, step 2`.
pub fn finding_place(finding: &Finding) -> String {
    let step = finding.step.map_or_else(String::new, |step| format!(", step {}", step + 1));
    match finding.cause {
        0 => format!("start{step}"),
        cause => format!("exchange {cause}{step}"),
    }
}

/// Why a kind of finding matters, and how to silence it. It is said once in a session.
#[derive(Clone, Debug, Default)]
pub struct Explained(Vec<&'static str>);

impl Explained {
    /// The lines for a finding: what happened and, the first time, why that matters.
    pub fn lines(&mut self, found: &Finding) -> Vec<String> {
        let mut lines = vec![finding(found)];
        if !self.0.contains(&found.kind.name) {
            self.0.push(found.kind.name);
            lines.push(format!("  {} (--allow {} silences it)", found.kind.why, found.kind.name));
        }
        lines
    }
}
