//! Source text, and other files that a module names. Only files in directories that the user named, or next to the
//! module, are opened.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use super::path::{joined, normalized, strip_prefix};

/// Maximum size of a source file, in bytes.
const SOURCE: u64 = 8 << 20;
/// Maximum number of source files to keep in memory.
const KEPT: usize = 64;
/// Maximum length of a returned line, in bytes.
const LONGEST_LINE: usize = 4096;

/// A mapping of source paths: those that begin with `from` are read in `to`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathMapping {
    /// The path prefix as recorded in the module. Empty for all relative paths.
    from: String,
    /// The directory on this machine.
    to: PathBuf,
}

impl FromStr for PathMapping {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<PathMapping, &'static str> {
        // As in rustc's --remap-path-prefix: `from` may contain `=`.
        let (from, to) = text.rsplit_once('=').ok_or("expected FROM=TO")?;
        if to.is_empty() {
            return Err("the directory after `=` is missing");
        }
        Ok(PathMapping { from: normalized(from), to: PathBuf::from(to) })
    }
}

/// The source files of a module that the user's mappings give access to.
#[derive(Debug, Default)]
pub(super) struct Files {
    mappings: Vec<PathMapping>,
    /// The text of each requested file; `None` if it could not be read.
    read: Mutex<HashMap<String, Option<Arc<str>>>>,
}

impl Files {
    pub(super) fn new(mappings: Vec<PathMapping>) -> Files {
        Files { mappings, read: Mutex::default() }
    }

    /// A line of a file as named in the module. A relative name is also looked up in `base`, the directory that the
    /// module was compiled in.
    pub(super) fn line(&self, file: &str, base: Option<&str>, line: u32) -> Option<String> {
        if self.mappings.is_empty() {
            return None;
        }
        line_of(&self.text(file, base)?, line)
    }

    fn text(&self, file: &str, base: Option<&str>) -> Option<Arc<str>> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = read.get(file) {
            return text.clone();
        }
        let names = [Some(normalized(file)), base.map(|base| joined(base, file))];
        let text = names.into_iter().flatten().find_map(|name| self.find(&name)).map(Arc::from);
        if read.len() >= KEPT {
            read.clear();
        }
        read.insert(file.to_owned(), text.clone());
        text
    }

    /// The text of the file with this normalized name, from the first mapping that has it.
    fn find(&self, name: &str) -> Option<String> {
        self.mappings.iter().find_map(|mapping| {
            let rest = strip_prefix(name, &mapping.from)?;
            let bytes = read_inside(&mapping.to, Path::new(rest), SOURCE)?;
            Some(String::from_utf8_lossy(&bytes).into_owned())
        })
    }
}

/// Reads a file in a directory. `None` unless it is a regular file, inside the directory after resolving symbolic
/// links, and at most `most` bytes long.
pub(super) fn read_inside(directory: &Path, path: &Path, most: u64) -> Option<Vec<u8>> {
    let directory = directory.canonicalize().ok()?;
    // Resolves `..` and symbolic links, which may lead outside.
    let path = directory.join(path).canonicalize().ok()?;
    if !path.starts_with(&directory) || !path.metadata().ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(most + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= most).then_some(bytes)
}

/// A line of a text, from 1, without its line ending. Very long lines are cut.
pub(super) fn line_of(text: &str, line: u32) -> Option<String> {
    let line = text.lines().nth(usize::try_from(line).ok()?.checked_sub(1)?)?;
    Some(line[..line.floor_char_boundary(LONGEST_LINE)].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Creates a directory for a test, with `inside/src/a.c` and `outside.c`.
    fn directory(name: &str) -> PathBuf {
        let root = std::env::temp_dir().join(format!("linmem-files-{name}-{}", std::process::id()));
        std::fs::create_dir_all(root.join("inside/src")).expect("a temporary directory can be made");
        std::fs::write(root.join("inside/src/a.c"), "one\r\ntwo\n").expect("it can be written to");
        std::fs::write(root.join("outside.c"), "secret\n").expect("it can be written to");
        root
    }

    fn files(mappings: &[&str]) -> Files {
        Files::new(mappings.iter().map(|text| text.parse().expect("the test's mapping is right")).collect())
    }

    #[test]
    fn a_mapping_has_two_sides() {
        let mapping = |from: &str, to: &str| Ok(PathMapping { from: from.to_owned(), to: PathBuf::from(to) });
        for (text, expected) in [
            ("/build=/work", mapping("/build", "/work")),
            ("/a=b/./c/=x", mapping("/a=b/c", "x")),
            (".=src", mapping("", "src")),
            ("=src", mapping("", "src")),
            ("src", Err("expected FROM=TO")),
            ("src=", Err("the directory after `=` is missing")),
        ] {
            assert_eq!(text.parse::<PathMapping>(), expected, "{text}");
        }
    }

    #[test]
    fn files_are_read_only_inside_mapped_directories() {
        let root = directory("mapped");
        let inside = root.join("inside").display().to_string();
        std::os::unix::fs::symlink(root.join("outside.c"), root.join("inside/link.c")).expect("a link can be made");
        let mapped = files(&[&format!("/build={inside}"), &format!(".={inside}")]);
        let line = |file: &str, base: Option<&str>| mapped.line(file, base, 2);
        assert_eq!(line("/build/src/a.c", None).as_deref(), Some("two"));
        assert_eq!(line("src/a.c", Some("/elsewhere")).as_deref(), Some("two"));
        assert_eq!(files(&[&format!("/build={inside}")]).line("src/a.c", Some("/build"), 1).as_deref(), Some("one"));
        for file in [
            "/build/../outside.c",
            "../outside.c",
            "src/../../outside.c",
            "/build/link.c",
            "/build/src",
            "/build",
            &root.join("inside/src/a.c").display().to_string(),
            "/build/none.c",
        ] {
            assert_eq!(mapped.line(file, Some("/build"), 1), None, "{file}");
        }
        assert_eq!(files(&[]).line("src/a.c", None, 1), None);
        std::fs::remove_dir_all(root).expect("the test's directory is still there");
    }

    #[test]
    fn what_is_too_large_or_no_file_is_not_read() {
        let root = directory("large");
        assert_eq!(read_inside(&root, Path::new("outside.c"), 7).as_deref(), Some(&b"secret\n"[..]));
        assert_eq!(read_inside(&root, Path::new("outside.c"), 6), None);
        assert_eq!(read_inside(&root, Path::new("inside"), 6), None);
        std::fs::remove_dir_all(root).expect("the test's directory is still there");
    }

    #[test]
    fn lines_count_from_one() {
        assert_eq!(line_of("a\nb", 2).as_deref(), Some("b"));
        assert_eq!((line_of("a\nb", 0), line_of("a\nb", 3)), (None, None));
        assert_eq!(line_of(&"é".repeat(LONGEST_LINE), 1).map(|line| line.len()), Some(LONGEST_LINE));
    }
}
