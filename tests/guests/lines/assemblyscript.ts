// A guest in AssemblyScript with a source map, for linmem's tests: a line in capitals.
//
// The tests look for the lines marked "stores" and "traps": a `!` is stored outside the memory.

// @ts-ignore: decorator
@inline
function putOutside(unit: u16): void {
  store<u16>(0xfffffff0, unit); // traps
}

function put(at: usize, unit: u16): void {
  if (unit == 33) {
    putOutside(unit);
  }
  if (unit >= 97 && unit <= 122) {
    store<u16>(at, unit - 32); // stores
  }
}

export function shout(text: string): string {
  const answer = changetype<string>(__new(text.length << 1, idof<string>()));
  for (let i = 0; i < text.length; i++) {
    const unit = <u16>text.charCodeAt(i);
    store<u16>(changetype<usize>(answer) + (i << 1), unit);
    put(changetype<usize>(answer) + (i << 1), unit); // calls
  }
  return answer;
}
