// Puts the node_modules that an installer has made into the tree of a layer.
//
// Arguments: the tree; the importer whose own code is no part of the tree, empty where its links shall stay; and pairs of a
// package's directory, relative to the working directory, and of its place in the tree, relative to the task root.
const fs = require("fs");
const path = require("path");
const [tree, own, ...pairs] = process.argv.slice(2);
const task = path.join(tree, "var/task");
const places = [];
const isLink = (place) => fs.lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink();
const isBelow = (place, top) => place === top || place.startsWith(top + path.sep);
fs.mkdirSync(task, { recursive: true });
for (let index = 0; index < pairs.length; index += 2) {
  const [source, place] = [pairs[index], path.join(task, pairs[index + 1])];
  if (isLink(place)) fs.unlinkSync(place);
  if (![".", own].includes(source)) places.push(place);
  const modules = path.join(source, "node_modules");
  if (!fs.existsSync(modules)) continue;
  fs.mkdirSync(place, { recursive: true });
  const target = path.join(place, "node_modules");
  if (source.startsWith("..")) fs.cpSync(modules, target, { recursive: true, verbatimSymlinks: true });
  else fs.renameSync(modules, target);
}
function leadsSomewhere(link) {
  const target = path.resolve(path.dirname(link), fs.readlinkSync(link));
  if (own && target === path.join(task, own)) return false;
  if (fs.existsSync(target) || places.some((place) => isBelow(target, place))) return true;
  for (let above = target; isBelow(above, task); above = path.dirname(above)) if (isLink(above)) return leadsSomewhere(above);
  return false;
}
function prune(directory) {
  for (const name of fs.readdirSync(directory).sort().reverse()) {
    const place = path.join(directory, name);
    if (isLink(place)) leadsSomewhere(place) || fs.unlinkSync(place);
    else if (fs.statSync(place).isDirectory() && /^@|^[.]bin$/.test(name)) prune(place);
  }
  if (!fs.readdirSync(directory).length) fs.rmdirSync(directory);
}
for (let index = 0; index < pairs.length; index += 2) {
  const modules = path.join(task, pairs[index + 1], "node_modules");
  if (fs.existsSync(modules)) prune(modules);
}
// A setting can have an installer copy what the lock has as a link; here it had nothing but the manifest to copy.
for (let index = 0; index < pairs.length; index += 2) {
  const manifest = path.join(pairs[index], "package.json");
  if ([".", own].includes(pairs[index]) || !fs.existsSync(manifest)) continue;
  const { name } = JSON.parse(fs.readFileSync(manifest, "utf8"));
  for (let other = 1; name && other < pairs.length; other += 2) {
    const copy = path.join(task, pairs[other], "node_modules", name);
    if (isLink(copy) || !fs.existsSync(copy) || fs.readdirSync(copy).some((entry) => !["package.json", "node_modules"].includes(entry))) continue;
    console.error(`${copy} holds the package.json of ${pairs[index]} and none of its code: the installer copied it, and the lock links it`);
    process.exit(1);
  }
}
