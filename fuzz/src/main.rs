//! Writes the seeds of each target to `corpus/TARGET` in the current directory. With `modules FOLDER`, writes the modules
//! made of the seeds of the target `trace` instead; `tests/attack/modules` has those.

use std::fs;
use std::io;
use std::path::Path;

fn main() -> io::Result<()> {
    let args: Vec<_> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => {
            linmem_fuzz::seeds().iter().try_for_each(|(name, seeds)| write(&Path::new("corpus").join(name), "", seeds))
        }
        #[cfg(feature = "smith")]
        ["modules", folder] => write(Path::new(folder), ".wasm", &linmem_fuzz::modules()),
        _ => Err(io::Error::other("usage: seeds [modules FOLDER]")),
    }
}

fn write(folder: &Path, extension: &str, files: &[Vec<u8>]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    files.iter().zip(1..).try_for_each(|(file, number)| fs::write(folder.join(format!("{number:02}{extension}")), file))
}
