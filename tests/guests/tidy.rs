//! A test guest in Rust: removes trailing blanks from a line, and replaces tabs with blanks. Convention dprint.
//!
//! It has the exports of a dprint plugin (version 4). All texts go through one shared buffer. Text that needs no change
//! is reported as 0 and not sent. An unclosed bracket is an error.

use std::cell::RefCell;

#[derive(Default)]
struct Plugin {
    shared: Vec<u8>,
    blanks_for_a_tab: usize,
    formatted: Vec<u8>,
    error: String,
}

thread_local! {
    static PLUGIN: RefCell<Plugin> = RefCell::default();
}

fn with<T>(work: impl FnOnce(&mut Plugin) -> T) -> T {
    PLUGIN.with(|plugin| work(&mut plugin.borrow_mut()))
}

impl Plugin {
    /// Stores a text where the host can read it, and returns its length.
    fn share(&mut self, text: &[u8]) -> usize {
        self.shared.clear();
        self.shared.extend_from_slice(text);
        text.len()
    }
}

fn tidied(line: &[u8], blanks: usize) -> Result<Vec<u8>, String> {
    let mut answer = Vec::with_capacity(line.len());
    let mut open = 0;
    for &byte in line {
        match byte {
            b'\t' => answer.resize(answer.len() + blanks, b' '),
            other => answer.push(other),
        }
        open += i32::from(byte == b'(') - i32::from(byte == b')');
    }
    if open > 0 {
        return Err("a bracket is never closed".to_owned());
    }
    let end = answer.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
    answer.truncate(end);
    Ok(answer)
}

#[no_mangle]
pub extern "C" fn dprint_plugin_version_4() -> u32 {
    4
}

#[no_mangle]
pub extern "C" fn get_shared_bytes_ptr() -> *const u8 {
    with(|plugin| plugin.shared.as_ptr())
}

#[no_mangle]
pub extern "C" fn clear_shared_bytes(len: usize) -> *const u8 {
    with(|plugin| {
        plugin.shared = vec![0; len];
        plugin.shared.as_ptr()
    })
}

/// Reads the settings, as JSON: the global `"indentWidth":8` is the width of a tab; the default is 4.
#[no_mangle]
pub extern "C" fn register_config(_id: u32) {
    with(|plugin| {
        let wide = plugin.shared.windows(15).any(|part| part == b"\"indentWidth\":8");
        plugin.blanks_for_a_tab = if wide { 8 } else { 4 };
    });
}

#[no_mangle]
pub extern "C" fn set_file_path() {}

/// 0: the text needs no change. 1: it was changed. 2: there is an error.
#[no_mangle]
pub extern "C" fn format(_config: u32) -> u32 {
    with(|plugin| match tidied(&plugin.shared, plugin.blanks_for_a_tab) {
        Ok(text) if text == plugin.shared => 0,
        Ok(text) => {
            plugin.formatted = text;
            1
        }
        Err(words) => {
            plugin.error = words;
            2
        }
    })
}

#[no_mangle]
pub extern "C" fn get_formatted_text() -> usize {
    with(|plugin| {
        let text = std::mem::take(&mut plugin.formatted);
        plugin.share(&text)
    })
}

#[no_mangle]
pub extern "C" fn get_error_text() -> usize {
    with(|plugin| {
        let text = std::mem::take(&mut plugin.error);
        plugin.share(text.as_bytes())
    })
}
