//! Messages about a guest that was reloaded because its file changed.

use std::time::{SystemTime, UNIX_EPOCH};

use super::{counted, visible};
use crate::session::Reload;

/// Describes a reload: when, which run began, and what is sent again.
pub fn reload_sentence(reload: &Reload) -> String {
    let mut sentence = match &reload.file {
        Some(file) => {
            let name = file.file_name().unwrap_or(file.as_os_str());
            format!("run {}: reloaded {} at {}", reload.run, visible(name.as_encoded_bytes()), clock(reload.at))
        }
        None => format!("run {}: compiled the guest again, so that it can be stopped", reload.run),
    };
    let (lines, commands) = (counted(reload.lines as u64, "line"), counted(reload.commands as u64, "command"));
    let again = match (reload.lines, reload.commands) {
        (0, 0) => return sentence,
        (_, 0) => lines,
        (0, _) => commands,
        _ => format!("{lines} and {commands}"),
    };
    sentence.push_str(&format!("; sending {again} again; Ctrl-C cancels"));
    if reload.forgotten > 0 {
        sentence.push_str(&format!(" (earlier ones no longer kept: {})", reload.forgotten));
    }
    sentence
}

/// The time of day in UTC: finding the time zone would require reading more files.
pub fn clock(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()) % 86_400;
    format!("{:02}:{:02}:{:02} UTC", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_reload_is_told_with_its_time_its_run_and_what_is_sent_again() {
        let at = UNIX_EPOCH + Duration::from_secs(86_400 * 20_000 + 3_600 * 14 + 62);
        let reload = Reload { file: Some("some/where/g.wasm".into()), at, run: 2, lines: 3, commands: 1, forgotten: 0 };
        assert_eq!(
            reload_sentence(&reload),
            "run 2: reloaded g.wasm at 14:01:02 UTC; sending 3 lines and 1 command again; Ctrl-C cancels"
        );
        let reload = Reload { lines: 0, commands: 0, ..reload };
        assert_eq!(reload_sentence(&reload), "run 2: reloaded g.wasm at 14:01:02 UTC");
    }
}
