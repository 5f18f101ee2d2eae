//! Paths recorded in a module. They are from another machine, so they are processed as text only.

/// Normalizes a recorded path: `/` as separator, no `.`, `..` or doubled separators. Leading `..` of a relative path
/// are kept.
pub(super) fn normalized(path: &str) -> String {
    let path = if is_windows(path) { path.replace('\\', "/") } else { path.to_owned() };
    let mut parts: Vec<&str> = Vec::new();
    let is_absolute = path.starts_with('/');
    for part in path.split('/') {
        match part {
            "" | "." => (),
            ".." if parts.last().is_some_and(|part| *part != "..") => drop(parts.pop()),
            ".." if is_absolute => (),
            part => parts.push(part),
        }
    }
    format!("{}{}", if is_absolute { "/" } else { "" }, parts.join("/"))
}

/// Joins a recorded directory and path; an absolute path is returned as is.
pub(super) fn joined(directory: &str, path: &str) -> String {
    if directory.is_empty() || is_absolute(path) {
        return normalized(path);
    }
    let separator = if is_windows(directory) { '\\' } else { '/' };
    normalized(&format!("{directory}{separator}{path}"))
}

/// Whether a recorded path is absolute.
pub(super) fn is_absolute(path: &str) -> bool {
    path.starts_with(['/', '\\']) || has_drive(path)
}

/// The rest of a normalized path after a prefix of whole components. The empty prefix matches any relative path.
pub(super) fn strip_prefix<'a>(path: &'a str, prefix: &str) -> Option<&'a str> {
    if prefix.is_empty() {
        return (!is_absolute(path)).then_some(path);
    }
    let rest = path.strip_prefix(prefix)?;
    match rest.strip_prefix('/') {
        Some(rest) => Some(rest),
        None => (rest.is_empty() || prefix.ends_with('/')).then_some(rest),
    }
}

/// Whether a path ends in another, by whole components.
pub(super) fn ends_in(path: &str, end: &str) -> bool {
    let before = path.strip_suffix(end).filter(|_| !end.is_empty());
    before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

/// The file name in a path or URL, after the last separator. `None` if there is none.
pub(super) fn file_name(path: &str) -> Option<&str> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit(['/', '\\', ':']).next().unwrap_or_default();
    (!matches!(name, "" | "." | "..") && !name.contains('\0')).then_some(name)
}

fn is_windows(path: &str) -> bool {
    has_drive(path) || path.starts_with("\\\\") || (path.contains('\\') && !path.contains('/'))
}

fn has_drive(path: &str) -> bool {
    matches!(path.as_bytes(), [letter, b':', b'/' | b'\\', ..] if letter.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_and_normalized_as_text() {
        for (directory, path, expected) in [
            ("/work", "src/lib.rs", "/work/src/lib.rs"),
            ("/work/", "./src/../lib.rs", "/work/lib.rs"),
            ("/work", "/rustc/abc/core.rs", "/rustc/abc/core.rs"),
            (".", "trap.c", "trap.c"),
            ("", "../up.c", "../up.c"),
            ("/", "../../etc/passwd", "/etc/passwd"),
            ("C:\\work", "src\\lib.rs", "C:/work/src/lib.rs"),
            ("C:\\work", "D:/other.rs", "D:/other.rs"),
        ] {
            assert_eq!(joined(directory, path), expected, "{directory} {path}");
        }
    }

    #[test]
    fn prefixes_and_ends_are_whole_parts() {
        for (path, prefix, rest) in [
            ("/work/src/lib.rs", "/work", Some("src/lib.rs")),
            ("/work/src/lib.rs", "/", Some("work/src/lib.rs")),
            ("/workshop/lib.rs", "/work", None),
            ("src/lib.rs", "", Some("src/lib.rs")),
            ("/src/lib.rs", "", None),
        ] {
            assert_eq!(strip_prefix(path, prefix), rest, "{path} {prefix}");
        }
        assert!(ends_in("src/lib.rs", "lib.rs") && ends_in("lib.rs", "lib.rs"));
        assert!(!ends_in("src/calib.rs", "lib.rs") && !ends_in("src/lib.rs", ""));
    }

    #[test]
    fn of_a_url_only_the_file_name_counts() {
        for (url, name) in [
            ("title.wasm.map", Some("title.wasm.map")),
            ("./title.wasm.map?v=1", Some("title.wasm.map")),
            ("https://example.com/a/title.wasm.map#x", Some("title.wasm.map")),
            ("../../etc/passwd", Some("passwd")),
            ("C:\\secret", Some("secret")),
            ("..", None),
            ("a/..", None),
            ("", None),
            ("a\0b", None),
        ] {
            assert_eq!(file_name(url), name, "{url}");
        }
    }
}
