//! linmem's pipe beside other programs that do the same to each line: `cargo bench --bench peers`, with a part of a row's
//! name to run only that one.
//!
//! A native loop is always there; sed, mawk, perl and node (with the same guest) if they are installed. They run in
//! turn and must give the same bytes. The table is Markdown: medians in milliseconds, and how many times as long as the
//! native loop that is. Trust the ratios.

mod native;

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hasher};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What is done to each line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Work {
    /// ` Wasm is cool!` is appended.
    Append,
    /// Letters are turned into capitals.
    Capitals,
}

/// One row of the table.
struct Row {
    name: &'static str,
    work: Work,
    /// The input: the number of lines, and the length of each in bytes.
    lines: (usize, usize),
    /// linmem's arguments.
    args: &'static [&'static str],
    rounds: usize,
}

const fn row(
    name: &'static str,
    work: Work,
    lines: (usize, usize),
    args: &'static [&'static str],
    rounds: usize,
) -> Row {
    Row { name, work, lines, args, rounds }
}

const ROWS: &[Row] = &[
    row("1 line of 37 B, start to end", Work::Append, (1, 37), &["passing-data"], 31),
    row("1 M lines of 37 B", Work::Append, (1_000_000, 37), &["passing-data"], 9),
    row("100 k lines of 1,000 B", Work::Append, (100_000, 1_000), &["passing-data"], 9),
    row("100 lines of 1 MB", Work::Append, (100, 1_000_000), &["benches/peers/append.wat", "--abi", "packed"], 9),
    row("100 lines of 1 MB, packed", Work::Capitals, (100, 1_000_000), &["packed"], 9),
    row("1 M lines, packed", Work::Capitals, (1_000_000, 37), &["packed"], 7),
    row("1 M lines, c-string", Work::Capitals, (1_000_000, 37), &["c-string"], 7),
    row("1 M lines, wasm-bindgen", Work::Capitals, (1_000_000, 37), &["wasm-bindgen"], 7),
    row("1 M lines, assemblyscript", Work::Capitals, (1_000_000, 37), &["assemblyscript"], 7),
    row("256 MiB through a program", Work::Capitals, (1 << 22, 63), &["wasi", "--whole"], 5),
];

/// A program that does a row's work.
struct Peer {
    name: &'static str,
    program: PathBuf,
    args: Vec<String>,
}

fn main() -> io::Result<()> {
    let args: Vec<_> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["native", "append"] => native::run(Work::Append),
        ["native", "capitals"] => native::run(Work::Capitals),
        ref wanted => table(wanted.first().copied().unwrap_or("")),
    }
}

fn table(wanted: &str) -> io::Result<()> {
    let folder = std::env::temp_dir().join(format!("linmem-peers-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    // For node, which does not read the text format.
    let guest = folder.join("guest.wasm");
    fs::write(&guest, wat::parse_file("assets/guests/passing-data.wat").map_err(io::Error::other)?)?;
    println!("| what | native | linmem | others |\n| --- | --- | --- | --- |");
    for row in ROWS.iter().filter(|row| row.name.contains(wanted)) {
        let times = row.measure(&row.input(&folder)?, &row.peers(&guest)?)?;
        let native = times[0].1;
        let shown = |(name, time): &(&str, Duration)| {
            format!("{name} {} ({:.2}x)", millis(*time), time.as_secs_f64() / native.as_secs_f64())
        };
        let others: Vec<_> = times[2..].iter().map(shown).collect();
        let linmem = times[1].1;
        let ratio = linmem.as_secs_f64() / native.as_secs_f64();
        println!("| {} | {} | {} = {ratio:.2}x | {} |", row.name, millis(native), millis(linmem), others.join(", "));
    }
    fs::remove_dir_all(&folder)
}

fn millis(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1e3)
}

impl Row {
    /// Writes the input, and returns its path.
    fn input(&self, folder: &Path) -> io::Result<PathBuf> {
        let path = folder.join("input.txt");
        let mut file = BufWriter::new(File::create(&path)?);
        let (count, len) = self.lines;
        let filler = "abcdefghijklmnopqrstuvwxyz ".repeat(len / 27 + 1);
        for number in 0..count {
            let line = format!("line {number:07} {filler}");
            writeln!(file, "{}", &line[..len])?;
        }
        file.flush()?;
        Ok(path)
    }

    /// The native loop, linmem, and the others that are installed.
    fn peers(&self, guest: &Path) -> io::Result<Vec<Peer>> {
        let guest = guest.display().to_string();
        let work = if self.work == Work::Append { "append" } else { "capitals" };
        let mut peers = vec![
            Peer { name: "native", program: std::env::current_exe()?, args: vec!["native".into(), work.into()] },
            Peer {
                name: "linmem",
                program: env!("CARGO_BIN_EXE_linmem").into(),
                args: [&["--no-config"], self.args].concat().into_iter().map(str::to_owned).collect(),
            },
        ];
        let others: &[(&str, &[&str])] = match self.work {
            Work::Append => &[
                ("sed", &["s/$/ Wasm is cool!/"]),
                ("mawk", &["{ print $0 \" Wasm is cool!\" }"]),
                ("perl", &["-pe", "s/$/ Wasm is cool!/"]),
                ("node", &["benches/peers/line.mjs", &guest]),
            ],
            Work::Capitals => {
                &[("tr", &["a-z", "A-Z"]), ("mawk", &["{ print toupper($0) }"]), ("perl", &["-pe", "$_ = uc"])]
            }
        };
        // The guest that node runs has room for a line of 1,024 bytes.
        let fits = |name: &str| name != "node" || self.lines.1 <= 1000;
        peers.extend(others.iter().filter(|(name, _)| fits(name)).filter_map(|(name, args)| {
            let program = installed(name)?;
            Some(Peer { name, program, args: args.iter().map(|arg| (*arg).to_owned()).collect() })
        }));
        Ok(peers)
    }

    /// Runs all peers in turn, and returns the median of each.
    fn measure(&self, input: &Path, peers: &[Peer]) -> io::Result<Vec<(&'static str, Duration)>> {
        let expected = peers[0].hash(input)?;
        for peer in &peers[1..] {
            assert_eq!(peer.hash(input)?, expected, "{}: {} gives other bytes", self.name, peer.name);
        }
        let mut times = vec![Vec::new(); peers.len()];
        for _ in 0..self.rounds {
            for (peer, times) in peers.iter().zip(&mut times) {
                times.push(peer.time(input)?);
            }
        }
        let median = |mut times: Vec<Duration>| {
            times.sort();
            times[times.len() / 2]
        };
        Ok(peers.iter().map(|peer| peer.name).zip(times.into_iter().map(median)).collect())
    }
}

impl Peer {
    fn command(&self, input: &Path) -> io::Result<Command> {
        let mut command = Command::new(&self.program);
        command.args(&self.args).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(File::open(input)?);
        // Text is bytes for all of them.
        command.env("LC_ALL", "C");
        Ok(command)
    }

    /// A hash of its output.
    fn hash(&self, input: &Path) -> io::Result<u64> {
        let mut child = self.command(input)?.stdout(Stdio::piped()).spawn()?;
        let mut output = BufReader::with_capacity(1 << 20, child.stdout.take().expect("it is piped"));
        let mut hasher = DefaultHasher::new();
        let mut line = Vec::new();
        while output.read_until(b'\n', &mut line)? > 0 {
            hasher.write(&line);
            line.clear();
        }
        assert!(child.wait()?.success(), "{} failed", self.name);
        Ok(hasher.finish())
    }

    fn time(&self, input: &Path) -> io::Result<Duration> {
        let mut command = self.command(input)?;
        let since = Instant::now();
        command.stdout(Stdio::null()).status()?;
        Ok(since.elapsed())
    }
}

/// The path of a program, if it is installed.
fn installed(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file())
}
