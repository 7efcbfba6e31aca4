// Arguments: the lock, and the importers that stay.
const fs = require("fs");
const [path, ...keep] = process.argv.slice(2);
let inside = false, drop = false;
const lines = fs.readFileSync(path, "utf8").split("\n").filter((line) => {
  if (/^\S/.test(line)) {
    inside = line.startsWith("importers:");
    drop = false;
  }
  const found = inside && line.match(/^ {2}([^\s].*?):(?: *\{\})?\s*$/);
  if (found) drop = !keep.includes(found[1].replace(/^["']|["']$/g, ""));
  return !drop;
});
fs.writeFileSync(path, lines.join("\n"));
