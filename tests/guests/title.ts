// A guest in AssemblyScript, for linmem's tests: each word begins with a capital letter.
//
// Texts are AssemblyScript's strings. A line without a word is an error, and of a long one the guest says how many words it has.

export function title(text: string): string {
  const words = text.split(" ");
  let count = 0;
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    if (word.length == 0) continue;
    words[i] = word.charAt(0).toUpperCase() + word.substring(1);
    count++;
  }
  if (count == 0) throw new Error("there is no word in it");
  if (count > 9) console.log(count.toString() + " words");
  return words.join(" ");
}
