// Arguments: the two locks.
const fs = require("fs");
const read = (path) => {
  let names = [];
  return fs.readFileSync(path, "utf8").split("\n").flatMap((line) => {
    if (/^[^ #]/.test(line)) names = line.replace(/^"|"?:$/g, "").split(", ");
    const [, found] = line.match(/^  resolution: "?([^"]*)/) || [];
    return found ? names.filter((name) => !/@workspace:|@patch:/.test(name)).map((name) => name + " as " + found) : [];
  });
};
const [given, now] = process.argv.slice(2).map(read);
const known = new Set(given);
const lacks = now.filter((item) => !known.has(item));
if (lacks.length) {
  console.error("yarn.lock does not fit package.json: it lacks " + lacks.join(", ") + "; run yarn install, and commit the lock");
  process.exit(1);
}
