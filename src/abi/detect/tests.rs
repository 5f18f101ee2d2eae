//! Detection tests on synthetic modules.

use super::*;
use crate::guest::{Export, Extern};

/// A module with a memory and these functions: (name, number of i32 parameters, results).
fn module(funcs: &[(&str, usize, &[Type])]) -> Interface {
    let memory = Export { name: "memory".to_owned(), what: Extern::Memory { index: 0, pages: 1 } };
    let funcs = funcs.iter().map(|(name, params, results)| Export {
        name: (*name).to_owned(),
        what: Extern::Func(Signature { params: vec![I32; *params], results: results.to_vec() }),
    });
    Interface { exports: std::iter::once(memory).chain(funcs).collect(), ..Interface::default() }
}

#[test]
fn the_evidence_of_every_built_in_convention_is_valid() {
    for (name, _, text) in CONVENTIONS {
        let evidence = evidence::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let recipe = built_in(name).expect("it is in the list").to_string();
        assert!(evidence.score > 0 && evidence.roles.iter().filter(|role| role.transform).count() == 1, "{name}");
        for role in evidence.roles.iter().chain(&evidence.import) {
            assert!(recipe.contains(&format!("{}(", role.name)), "{name}: {}", role.name);
        }
        for export in &evidence.exports {
            assert!(recipe.contains(&format!("{export}(")), "{name}: {export}");
        }
    }
    for (text, words) in [
        ("score high", "a score is a number"),
        ("f: (i32 -> i32", "expected Sign(')')"),
        ("f: (i33) -> i32", "unknown type `i33`"),
        ("f: () -> i32, guessed", "unknown way to recognize a function: `guessed`"),
        ("scores 3", "unknown word `scores`"),
        ("doubt \"x", "missing closing quote"),
        ("place a b", "unexpected Word"),
    ] {
        let error = evidence::parse(text).expect_err(text);
        assert!(error.contains(words), "{text}: {error}");
    }
}

/// The best candidate's recipe as text.
fn best(interface: &Interface, call: Option<&str>) -> String {
    let (found, _) = candidates(interface, call);
    found.first().map_or(String::new(), |candidate| candidate.recipe.to_string())
}

const ONE: &[Type] = &[I32];

#[test]
fn the_lesson_is_found_by_its_types_and_words() {
    let recipe = best(&module(&[("buffer_len", 0, ONE), ("buffer_ptr", 0, ONE), ("shout", 1, ONE)]), None);
    for line in ["name   static-buffer", "room = buffer_len()?", "ptr = buffer_ptr()", "* len = shout(n)"] {
        assert!(recipe.contains(line), "{recipe}");
    }
}

#[test]
fn a_length_of_something_else_is_no_room() {
    for other in ["output_len", "heap_size", "len", "version_size"] {
        let recipe = best(&module(&[("input_ptr", 0, ONE), (other, 0, ONE), ("f", 1, ONE)]), None);
        assert!(recipe.contains("get_wasm_memory_buffer_len()?"), "no such export, so nothing is checked: {recipe}");
    }
}

#[test]
fn allocators_are_called_with_as_many_arguments_as_they_take() {
    for (alloc, alloc_args, free, free_args, lines) in [
        ("malloc", 1, "free", 1, ["ptr = malloc(n)", "  free(ptr)"]),
        ("my_alloc", 2, "my_dealloc", 3, ["ptr = my_alloc(n, 1)", "  my_dealloc(ptr, n, 1)"]),
    ] {
        let funcs = [(alloc, alloc_args, ONE), (free, free_args, &[][..]), ("run", 2, &[Type::I64][..])];
        let recipe = best(&module(&funcs), None);
        assert!(recipe.contains("name   packed\n"), "{recipe}");
        lines.iter().for_each(|line| assert!(recipe.contains(line), "{recipe}"));
    }
    let recipe = best(&module(&[("alloc", 1, ONE), ("run", 2, &[])]), None);
    assert!(recipe.contains("name   in-place") && !recipe.contains("dealloc"), "{recipe}");
}

#[test]
fn markers_outrank_types() {
    let bindgen = [("__wbindgen_malloc", 2, ONE), ("__wbindgen_free", 3, &[][..]), ("upper", 2, &[I32, I32][..])];
    assert!(best(&module(&bindgen), None).contains("* (out, len) = upper(ptr, n)"));
    let canonical = [("cabi_realloc", 4, ONE), ("upper", 2, ONE), ("cabi_post_upper", 1, &[][..])];
    assert!(best(&module(&canonical), None).contains("cabi_post_upper(area)?"));
}

#[test]
fn a_choice_is_asked_for_and_taken() {
    let interface = module(&[("bufPtr", 0, ONE), ("upper", 1, ONE), ("lower", 1, ONE)]);
    let (found, misses) = candidates(&interface, None);
    assert!(found.is_empty());
    let first = &misses[0];
    assert!(first.why.contains("upper, lower; choose one with --call NAME") && first.near, "{misses:?}");
    assert!(best(&interface, Some("lower")).contains("* len = lower(n)"));
    let (_, misses) = candidates(&interface, Some("bufPtr"));
    let miss = misses.iter().find(|miss| miss.convention == "static-buffer").expect("it does not match");
    assert_eq!(miss.why, "`bufPtr` is () -> (i32), but the transform must be (i32) -> (i32)");
}

/// Compiles a module from WAT.
fn module_of(text: &str) -> Interface {
    Interface::read(&wat::parse_str(text).expect("it is valid")).expect("it is valid")
}

#[test]
fn a_module_may_say_its_own_convention() {
    let funcs = r#"(memory (export "memory") 1) (func (export "alloc") (param i32) (result i32) (unreachable))
        (func (export "run") (param i32 i32) (result i64) (unreachable))"#;
    let with = |says: &str| candidates(&module_of(&format!("(module (@custom \"linmem\" \"{says}\") {funcs})")), None);
    let (found, _) = with("packed-low");
    assert!(found[0].recipe.name == "packed-low" && found[0].recipe.to_string().contains("* out = run(ptr, n)"));
    let (found, _) = with("name mine\\neach line\\n  run(0, n)\\n");
    assert!(found[0].recipe.name == "mine" && found[0].reasons == ["the module contains its recipe"]);
    let (found, misses) = with("each line\\n  read\\n");
    assert!(found[0].recipe.name == "packed", "what cannot be read decides nothing");
    assert!(misses[0].near && misses[0].why.contains("line 2:"), "{misses:?}");
}

#[test]
fn what_a_module_wants_of_its_host_is_added() {
    let interface = module_of(
        r#"(module (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
            (import "host" "debug_log" (func (param i32 i32)))
            (memory (export "memory") 1) (func (export "_initialize"))
            (func (export "malloc") (param i32) (result i32) (unreachable)) (func (export "free") (param i32))
            (func (export "go") (param i32 i32)))"#,
    );
    let recipe = best(&interface, None);
    for line in ["host   wasi", "once\n  _initialize()\n", "on host.debug_log(ptr, len)\n  say len at ptr"] {
        assert!(recipe.contains(line), "{recipe}");
    }
}

#[test]
fn a_fixed_region_keeps_clear_of_the_modules_data() {
    let place = |more: &str| {
        let text = format!(
            "(module (memory (export \"m\") 4) (func (export \"f\") (param i32 i32) (result i32) (unreachable)) {more})"
        );
        let recipe = best(&module_of(&text), None);
        recipe.lines().find(|line| line.contains("ptr = ")).expect("it says where").trim().to_owned()
    };
    assert_eq!(place(""), "ptr = 0");
    assert_eq!(place("(data (i32.const 0x100000) \"x\")"), "ptr = 0");
    assert_eq!(place("(data (i32.const 16) \"12345\") (data (i32.const 0) \"x\")"), "ptr = 32");
    assert_eq!(
        place("(data (i32.const 16) \"x\") (global (export \"__heap_base\") i32 (i32.const 9))"),
        "ptr = @__heap_base"
    );
}

#[test]
fn numbered_exports_of_wasm_bindgen_are_known_by_their_types() {
    let interface = module_of(
        r#"(module (import "./x_bg.js" "__wbg___wbindgen_throw_be289d5034ed271b" (func (param i32 i32)))
            (import "./x_bg.js" "__wbindgen_init_externref_table" (func))
            (memory (export "memory") 1) (func (export "__wbindgen_start"))
            (func (export "__wbindgen_export_0") (param i32 i32) (result i32) (unreachable))
            (func (export "__wbindgen_export_1") (param i32 i32 i32))
            (func (export "upper") (param i32 i32) (result i32 i32) (unreachable)))"#,
    );
    let recipe = best(&interface, None);
    for line in [
        "host   stubs",
        "  __wbindgen_start()",
        "ptr = __wbindgen_export_0(n, 1)",
        "__wbindgen_export_1(out, len, 1)",
        "on \"./x_bg.js\".__wbg___wbindgen_throw_be289d5034ed271b(ptr, len)\n  fail len at ptr\n  stop",
    ] {
        assert!(recipe.contains(line), "{recipe}");
    }
}
