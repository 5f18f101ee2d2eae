//! Numbers as text.

use super::unit;

/// A number with commas between thousands: `1,114,112`.
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count and its unit: `1 byte`, `1,234 bytes`.
pub fn counted(count: u64, one: &str) -> String {
    format!("{} {}", thousands(count), unit(count, one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_114_112), "1,114,112");
    }
}
