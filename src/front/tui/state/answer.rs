//! Handles the answers to prompts.

use super::app::App;
use super::overlays::Overlay;
use super::overlays::prompt::Prompt;
use crate::command;
use crate::front::tui::input::action::Question;
use crate::front::tui::input::mode::Focus;
use crate::record::Image;
use crate::session::{GuestOp, State};
use crate::view::{Notation, Pattern, counted, thousands};

/// The maximum number of bytes copied: they fit into a terminal's clipboard in every notation.
const COPIED: u64 = 8 << 10;

impl App {
    /// Opens a prompt.
    pub(super) fn ask(&mut self, question: Question) {
        self.open(Overlay::Prompt(Prompt::new(question, self.space.selected_len())));
    }

    /// Handles an answer. On success the focus goes to the memory; on an error the prompt stays open.
    pub(super) fn answer(&mut self, question: Question, text: &str) {
        let done = match question {
            Question::Address => self.goto_text(text),
            Question::Pattern => self.find(text),
            Question::Bytes => self.poke(text),
            Question::Name => self.mark(text),
            Question::Command => return self.run(text),
            Question::File => return self.write_selection(text),
            Question::Notation => return,
        };
        match done {
            Ok(()) => self.leave_prompt(),
            Err(reason) => self.notice(&reason),
        }
    }

    fn leave_prompt(&mut self) {
        self.overlays.close_prompt();
        self.focus = Focus::Memory;
    }

    /// Runs a command or goes to an address. On an error the prompt stays open.
    fn run(&mut self, text: &str) {
        match self.run_command(text) {
            Ok(reply) => {
                self.leave_prompt();
                self.take_in(reply);
            }
            Err(reason) => self.notice(&reason),
        }
    }

    /// Writes the selected bytes to a file. If the file exists, the prompt stays open.
    fn write_selection(&mut self, text: &str) {
        let (file, overwrite) = match text.strip_suffix(" overwrite") {
            Some(file) => (file, " overwrite"),
            None => (text, ""),
        };
        let quoted = file.replace('\\', "\\\\").replace('"', "\\\"");
        match self.try_command(&format!("write \"{quoted}\" selection{overwrite}")) {
            Ok(()) => self.overlays.close_prompt(),
            Err(reason) => self.notice(&reason),
        }
    }

    /// Copies the selected bytes, or prompts for a file if there are too many.
    pub(super) fn copy(&mut self, notation: Notation) {
        if self.space.selected_len() > COPIED && notation != Notation::Address {
            self.ask(Question::File);
            return self
                .notice(&format!("only {} bytes fit in the clipboard; write them to a file?", thousands(COPIED)));
        }
        self.overlays.close_prompt();
        self.command(&format!("copy {}", notation.name()));
    }

    /// Names the selected bytes.
    ///
    /// # Errors
    /// Why the name is rejected, as a message.
    fn mark(&mut self, name: &str) -> Result<(), String> {
        let reply = command::mark(name, &mut self.context()).map_err(|error| error.to_string())?;
        self.name_regions();
        self.take_in(reply);
        Ok(())
    }

    /// Writes at the cursor as the host. This adds a cause to the timeline.
    ///
    /// # Errors
    /// Why it cannot be written, as a message.
    fn poke(&mut self, text: &str) -> Result<(), String> {
        let pattern = Pattern::parse(text)?;
        let bytes = pattern.bytes().ok_or("bytes to write cannot have wildcards")?.to_vec();
        let (addr, len) = (self.space.cursor, self.session.run().present().get(self.memory()).map_or(0, Image::len));
        if self.session.state() != State::Idle {
            return Err("the guest is running: memory can only be written between calls".to_owned());
        }
        if !self.is_present() {
            return Err("the past cannot be changed: F9 goes to the present".to_owned());
        }
        if len.saturating_sub(addr) < bytes.len() as u64 {
            return Err(format!("{} do not fit here: memory ends at {len:#x}", counted(bytes.len() as u64, "byte")));
        }
        let hex = bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
        self.session.command(format!("poke hex {addr:#x} {hex}"), GuestOp::Poke(self.memory(), addr, bytes));
        self.follow();
        Ok(())
    }
}
