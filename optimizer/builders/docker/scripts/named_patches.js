// Arguments: the lock, and pairs of what is patched and the file of the patch.
const fs = require("fs");
const [path, ...words] = process.argv.slice(2);
let inside = false;
const lines = fs.readFileSync(path, "utf8").split("\n").flatMap((line) => {
  if (/^\S/.test(line)) inside = line.startsWith("patchedDependencies:");
  const [, key, , name, hash] = (inside && line.match(/^ {2}((['"]?)(.+)\2): ([0-9a-z]+)$/)) || [];
  const at = words.findIndex((word, position) => position % 2 === 0 && word === name);
  return at < 0 ? [line] : [`  ${key}:`, `    hash: ${hash}`, `    path: ${JSON.stringify(words[at + 1])}`];
});
fs.writeFileSync(path, lines.join("\n"));
