// An error in AssemblyScript: the compiler makes a call of `abort` of it, then traps.
export function price(text: string): string {
  if (text.includes(".")) throw new Error("the price is no whole number");
  if (text.length > 8) throw new Error("too long: " + text);
  return text + " with tax";
}
