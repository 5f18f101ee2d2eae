//! Parses and formats times and sizes.

use std::time::Duration;

/// The longest time: it can be added to any point in time.
const LONGEST: Duration = Duration::from_secs(u32::MAX as u64);

/// Parses a time such as `5`, `5s`, `0.5`, `500ms`, `1m`.
///
/// # Errors
/// The text is not a time; the message says what was expected.
pub fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = split(text);
    let factor = match unit {
        "" | "s" => 1.0,
        "ms" => 1e-3,
        "m" | "min" => 60.0,
        _ => return Err(format!("expected the unit ms, s or m, got `{unit}`")),
    };
    let seconds: f64 = number.parse().map_err(|_| format!("expected a time such as 5, 500ms or 1m, got `{text}`"))?;
    let duration = Duration::try_from_secs_f64(seconds * factor).map_err(|error| error.to_string())?;
    if duration > LONGEST {
        return Err(format!("expected at most {} s, got `{text}`", LONGEST.as_secs()));
    }
    Ok(duration)
}

/// Parses a size such as `65536`, `64K`, `64KiB`, `1.5GiB`. All units are powers of 1024.
///
/// # Errors
/// The text is not a size; the message says what was expected.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let (number, unit) = split(text);
    let shift = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        _ => return Err(format!("expected the unit KiB, MiB or GiB, got `{unit}`")),
    };
    let refuse = || format!("expected a size such as 65536, 64KiB or 1GiB, got `{text}`");
    match number.parse::<u64>() {
        Ok(whole) => whole.checked_mul(1 << shift).ok_or_else(refuse),
        Err(_) => {
            let bytes = number.parse::<f64>().map_err(|_| refuse())? * f64::from(1 << shift);
            // Beyond 2^53 fractions are lost, and no setting is that large.
            let fits = (0.0..9e15).contains(&bytes);
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was checked")]
            if fits { Ok(bytes as u64) } else { Err(refuse()) }
        }
    }
}

/// Formats a size in the largest unit that divides it: `64MiB`.
pub(super) fn shown_size(bytes: u64) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    let unit = units.into_iter().find(|(shift, _)| bytes > 0 && u64::is_multiple_of(bytes, 1 << shift));
    unit.map_or(bytes.to_string(), |(shift, name)| format!("{}{name}", bytes >> shift))
}

fn split(text: &str) -> (&str, &str) {
    let at = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    (text[..at].trim(), text[at..].trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_are_read_as_people_write_them() {
        assert_eq!(duration("5"), Ok(Duration::from_secs(5)));
        assert_eq!(duration("0.25s"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert!(
            duration("5h").is_err() && duration("").is_err() && duration("-1").is_err() && duration("nan").is_err()
        );
        assert_eq!(size("65536"), Ok(65_536));
        assert_eq!(size("64K"), Ok(65_536));
        assert_eq!(size("1.5MiB"), Ok(1_572_864));
        assert_eq!(size("2gb"), Ok(2 << 30));
        assert_eq!([0, 1000, 2 << 10, 512 << 20, 3 << 30].map(shown_size), ["0", "1000", "2KiB", "512MiB", "3GiB"]);
        assert!(size("1X").is_err() && size("").is_err() && size("99999999999999999G").is_err() && size("-1").is_err());
    }
}
