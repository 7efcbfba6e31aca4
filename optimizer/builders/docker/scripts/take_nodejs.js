// Takes some packages out of the tree of an installation.
//
// Arguments: the tree, which is made, that of the installation, a file that names the own places and those of other parts,
// and "link" where files of both trees may be the same ones, because nobody changes them.
// The rest is all that is at no place, and all directories of programs.  Of a lock that names no places, it also is all
// that stands below packages: there any of the unsettled packages may be, which are null where the lock names all places.
const fs = require("fs");
const path = require("path");
const [tree, installed, file, how] = process.argv.slice(2);
const { own, apart, rest, unsettled } = JSON.parse(fs.readFileSync(file, "utf8"));
const task = "var/task";
const inTask = (place) => path.join(task, place);
const known = new Set([...own, ...apart].map(inTask));
const bases = [task, ...known];
const aside = new Set(bases.map((base) => path.join(base, unsettled && base !== task ? "node_modules" : "node_modules/.bin")));
const status = (place) => fs.lstatSync(path.join(installed, place), { throwIfNoEntry: false });
const list = (place) => fs.readdirSync(path.join(installed, place)).sort();

const wrong = own.filter((place) => !status(inTask(place))).map((place) => `the lock puts a package at ${place}, and it is not installed there`);
for (const base of rest ? bases : unsettled ? [] : own.map(inTask)) {
  const modules = path.join(base, "node_modules");
  if (!status(modules)) continue;
  const places = list(modules).flatMap((name) => (name.startsWith("@") ? list(path.join(modules, name)).map((below) => `${name}/${below}`) : [name]));
  for (const name of places.filter((name) => !name.startsWith("."))) {
    const place = path.join(modules, name);
    if (status(place).isDirectory() && !known.has(place) && !(unsettled || []).includes(name)) wrong.push(`${path.relative(task, place)} is installed, and by the lock no package is there`);
  }
}
if (wrong.length) {
  for (const text of wrong) console.error(text);
  console.error("hint: such a lock cannot have several layers: remove nodejs from [packing] of optimizer.lock");
  process.exit(1);
}

function take(place) {
  const found = status(place);
  const target = path.join(tree, place);
  if (found.isDirectory()) {
    const names = list(place);
    if (!names.length) fs.mkdirSync(target, { recursive: true });
    for (const below of names.map((name) => path.join(place, name))) if (!known.has(below) && !aside.has(below)) take(below);
    return;
  }
  fs.mkdirSync(path.dirname(target), { recursive: true });
  if (found.isSymbolicLink()) fs.symlinkSync(fs.readlinkSync(path.join(installed, place)), target);
  else (how === "link" ? fs.linkSync : fs.copyFileSync)(path.join(installed, place), target);
}
fs.mkdirSync(path.join(tree, task), { recursive: true });
for (const place of [...(rest ? ["."] : []), ...own.map(inTask), ...(rest ? [...aside].filter(status) : [])]) take(place);
