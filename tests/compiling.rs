//! Compiling is bounded and can be cancelled: large modules are compiled in a process of their own.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wasm_encoder::{
    CodeSection, ExportKind, ExportSection, Function, FunctionSection, Instruction as I, MemorySection, MemoryType,
    Module, TypeSection, ValType,
};

use crate::at_prompt::Prompt;
use crate::piped::{file, linmem, text};
use crate::pty::PATIENCE;
use crate::terminal::Terminal;

/// A guest in place whose transform adds one so often, in a straight line, besides so many functions that do.
pub(crate) fn module(adds: usize, more: usize) -> Vec<u8> {
    let mut module = Module::new();
    let mut types = TypeSection::new();
    types.ty().function([], [ValType::I32]);
    types.ty().function([ValType::I32], [ValType::I32]);
    let (mut functions, mut code) = (FunctionSection::new(), CodeSection::new());
    functions.function(0);
    let mut ptr = Function::new([]);
    ptr.instruction(&I::I32Const(64)).instruction(&I::End);
    code.function(&ptr);
    let mut straight = Function::new([]);
    straight.instruction(&I::LocalGet(0));
    for _ in 0..adds {
        straight.instruction(&I::I32Const(1)).instruction(&I::I32Add);
    }
    straight.instruction(&I::I32Const(-1)).instruction(&I::I32And).instruction(&I::Drop);
    straight.instruction(&I::LocalGet(0)).instruction(&I::End);
    for _ in 0..=more {
        functions.function(1);
        code.function(&straight);
    }
    let mut memories = MemorySection::new();
    memories.memory(MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None });
    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0).export("ptr", ExportKind::Func, 0).export("f", ExportKind::Func, 1);
    module.section(&types).section(&functions).section(&memories).section(&exports).section(&code);
    module.finish()
}

/// A module that takes the compiler minutes.
pub(crate) fn bomb(test: &str) -> String {
    file(&format!("compiling-{test}.wasm"), &module(500_000, 0))
}

/// The processes that compile for linmems with this mark in their environment.
pub(crate) fn compilers(mark: &str) -> Vec<u32> {
    let mark = format!("LINMEM_TEST_MARK={mark}");
    let processes =
        fs::read_dir("/proc").expect("it is mounted").filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let compiles = |id: &u32| {
        let read = |name: &str| fs::read(format!("/proc/{id}/{name}")).unwrap_or_default();
        let has = |bytes: &[u8], part: &str| bytes.split(|&byte| byte == 0).any(|text| text == part.as_bytes());
        has(&read("cmdline"), "compile-stdin") && has(&read("environ"), &mark)
    };
    processes.filter_map(|name| name.parse().ok()).filter(compiles).collect()
}

/// Waits until there is such a process, or none any more.
pub(crate) fn wait_for_compiler(mark: &str, is_there: bool) {
    let since = Instant::now();
    while compilers(mark).is_empty() == is_there {
        assert!(since.elapsed() < PATIENCE, "{mark}: a process that compiles: {is_there}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub(crate) fn kill(signal: &str, id: u32) {
    let sent = Command::new("kill").args([signal, &id.to_string()]).status().expect("kill is installed");
    assert!(sent.success());
}

#[test]
fn a_large_module_is_compiled_in_a_process_of_its_own() {
    let large = file("compiling-large.wasm", &module(30, 2000));
    let output = linmem(&[&large, "--line", "abc", "--show", "hex"]).output().expect("linmem starts");
    assert!(text(&output.stdout).ends_with("\nabc\n"), "{}{}", text(&output.stdout), text(&output.stderr));
    // A limit that no process keeps shows that there was one.
    let small = file("compiling-small.wasm", &module(30, 20));
    for (guest, status) in [(&large, 6), (&small, 0)] {
        let output = linmem(&[guest, "--line", "abc", "--max-compile-memory", "1MiB", "--first-code", "optimized"])
            .output()
            .expect("linmem starts");
        assert_eq!(output.status.code(), Some(status), "{}", text(&output.stderr));
    }
}

#[test]
fn limits_on_compiling_say_what_the_module_would_cost() {
    let guest = bomb("limits");
    for (option, value, words) in [
        ("--compile-timeout", "300ms", "compiling the module takes longer than 300ms, the limit; "),
        ("--max-compile-memory", "100MiB", "compiling the module needs more than 104,857,600 bytes of memory (after "),
    ] {
        for mode in [&["--line", "x"][..], &["--script", "-"]] {
            let mut command = linmem(&[&guest, option, value, "--first-code", "optimized"]);
            let output = command.args(mode).stdin(Stdio::null()).output().expect("linmem starts");
            let stderr = text(&output.stderr);
            assert_eq!(output.status.code(), Some(6), "{mode:?}: {stderr}");
            assert!(stderr.contains(words), "{mode:?}: {stderr}");
            assert!(
                stderr.contains("2 functions, 1,500,015 bytes of code; the longest is function 1 with"),
                "{stderr}"
            );
            assert!(stderr.contains(&format!("; {option} ")), "{stderr}");
        }
    }
    let output = linmem(&["inspect", &guest]).output().expect("linmem starts");
    assert!(text(&output.stdout).contains("code: 2 functions, 1,500,015 bytes of code"), "{}", text(&output.stdout));
}

#[test]
fn ctrl_c_ends_compiling_at_once_in_every_mode() {
    let guest = bomb("ctrl-c");
    for (mark, mode) in [("pipe", &["--line", "x"][..]), ("script", &["--script", "-"]), ("repl", &["--repl"])] {
        let mut command = linmem(&[&guest, "--first-code", "optimized"]);
        command.args(mode).env("LINMEM_TEST_MARK", mark).stdin(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().expect("linmem starts");
        wait_for_compiler(mark, true);
        kill("-INT", child.id());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(130), "{mark}: {}", text(&output.stderr));
        wait_for_compiler(mark, false);
    }
}

#[test]
fn keys_end_compiling_on_a_terminal() {
    let guest = bomb("keys");
    for (mark, key, status) in [("ctrl-c", "\x03", 130), ("ctrl-d", "\x04", 0)] {
        let mut prompt =
            Prompt::start(mark, false, &[&guest, "--repl", "--first-code", "optimized"], &[("LINMEM_TEST_MARK", mark)]);
        wait_for_compiler(mark, true);
        prompt.press(key);
        assert_eq!(prompt.end(), status, "{mark} at the prompt");
        wait_for_compiler(mark, false);
        let mark = format!("{mark}-screen");
        let mut terminal =
            Terminal::start(&mark, (100, 24), &[&guest, "--first-code", "optimized"], &[("LINMEM_TEST_MARK", &mark)]);
        terminal.wait_for("compiling-keys.wasm: 0 % of ");
        terminal.press(key);
        assert_eq!(terminal.end(), status, "{mark}");
        wait_for_compiler(&mark, false);
    }
}

#[test]
fn progress_is_told_on_a_terminal() {
    let guest = bomb("progress");
    let mut prompt = Prompt::start("progress", false, &[&guest, "--repl", "--first-code", "optimized"], &[]);
    prompt.wait_for("linmem: compiling ");
    prompt.wait_for("compiling-progress.wasm: 0 % of ");
    prompt.press("\x03");
    assert_eq!(prompt.end(), 130);
}

#[test]
fn a_reload_that_takes_long_can_be_cancelled() {
    let guest = bomb("reload");
    let mut prompt = Prompt::start(
        "reload-bomb",
        false,
        &["--repl", "--first-code", "optimized"],
        &[("LINMEM_TEST_MARK", "reload")],
    );
    prompt.wait_for("> ");
    prompt.press(&format!(":reload {guest}\r"));
    wait_for_compiler("reload", true);
    prompt.press("\x03");
    prompt.wait_for("could not replace the guest: loading was cancelled");
    wait_for_compiler("reload", false);
    prompt.wait_for("> ");
    prompt.press("abc\r");
    prompt.wait_for("=> abc Wasm is cool!");
    prompt.press("\x04");
    assert_eq!(prompt.end(), 0);
}

#[test]
fn who_is_killed_takes_the_compiler_along() {
    let guest = bomb("killed");
    let mut command = linmem(&[&guest, "--line", "x", "--first-code", "optimized"]);
    let mut child = command.env("LINMEM_TEST_MARK", "killed").spawn().expect("linmem starts");
    wait_for_compiler("killed", true);
    child.kill().expect("it is ours");
    child.wait().expect("it is ours");
    wait_for_compiler("killed", false);
}

#[test]
fn a_compiler_that_dies_is_an_error() {
    let guest = bomb("dies");
    let mut command = linmem(&[&guest, "--line", "x", "--first-code", "optimized"]);
    command.env("LINMEM_TEST_MARK", "dies").stderr(Stdio::piped());
    let child = command.spawn().expect("linmem starts");
    wait_for_compiler("dies", true);
    compilers("dies").into_iter().for_each(|id| kill("-KILL", id));
    let output = child.wait_with_output().expect("it ends");
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{stderr}");
    assert!(stderr.contains("the compiler ended without a result (signal: 9"), "{stderr}");
}

#[test]
fn what_is_not_a_module_is_refused_by_the_compiler_too() {
    // Nobody types this word. What is read then is treated as a request: nothing special, then the module.
    let mut child = linmem(&["compile-stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("linmem starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    std::io::Write::write_all(&mut stdin, &[0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4])
        .expect("it reads");
    let output = std::thread::spawn(move || child.wait_with_output()).join().expect("no panic").expect("it ends");
    drop(stdin);
    let stdout = text(&output.stdout);
    assert!(stdout.contains("magic header") && output.stderr.is_empty(), "{stdout}");
}
