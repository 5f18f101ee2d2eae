//! Copying the selected bytes to the terminal's clipboard.

use super::app::{App, Next};
use crate::view::{Form, thousands};

/// The most bytes that are copied: terminals drop what is much longer.
const MOST: usize = 16 << 10;

impl App {
    /// Copies the selected bytes, as they are after the step.
    pub(super) fn copy(&mut self, form: Form) -> Next {
        let (first, last) = self.space.selected();
        let Some(sight) = self.sight() else { return Next::Continue };
        let wanted = usize::try_from(last - first).map_or(usize::MAX, |more| more.saturating_add(1));
        if wanted > MOST {
            return self.notice(&format!("the most that is copied is {} bytes", thousands(MOST as u64)));
        }
        let mut bytes = vec![0; wanted];
        let known = sight.after.read(first, &mut bytes);
        let bytes = &bytes[..known];
        self.copied = Some(form.text(bytes, first));
        self.notice(&format!(
            "copied {} B at {first:#x}, if the terminal lets programs do that",
            thousands(known as u64)
        ))
    }

    /// Hands a text to the terminal's clipboard.
    pub(super) fn take_along(&mut self, text: String) -> Next {
        self.copied = Some(text);
        self.notice("copied, if the terminal lets programs do that")
    }
}
