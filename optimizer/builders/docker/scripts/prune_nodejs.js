// Brings what npm has installed into the form that is the same for all its versions.
//
// Arguments: the tree, which is not made yet, and the lock.  Of packages that are not installed npm 11.6 and older leave the
// directories of scopes, and those packages that two or more of them need, both optional; newer ones do not.
const fs = require("fs");
const path = require("path");
const { packages = {} } = JSON.parse(fs.readFileSync(process.argv[3], "utf8"));
const isThere = (place) => fs.lstatSync(place, { throwIfNoEntry: false }) !== undefined;
const places = Object.keys(packages);
const isInstalled = (place) => path.normalize(place) === place && /^([^.\/].*)?node_modules\//.test(place);
const isOptional = (place) => isInstalled(place) && (packages[place].optional || packages[place].devOptional);
const absent = new Set(places.filter((place) => isOptional(place) && !isThere(place)));
function find(from, name) {
  for (let above = from || "."; ; above = path.dirname(above)) {
    const place = path.join(above, "node_modules", name);
    if (packages[place] && !absent.has(place)) return packages[place].link ? [place, packages[place].resolved] : [place];
    if (above === "." || path.basename(above) === "..") return [];
  }
}
const needed = new Set(places.filter((place) => !isOptional(place)));
for (const place of needed) {
  const { dependencies, devDependencies, optionalDependencies, peerDependencies } = packages[place] || {};
  const names = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies, ...peerDependencies });
  for (const target of names.flatMap((name) => find(place, name))) needed.add(target);
}
function removeEmpty(directory) {
  for (; directory.split("/").includes("node_modules"); directory = path.dirname(directory)) {
    if (!isThere(directory) || fs.readdirSync(directory).length) return;
    fs.rmdirSync(directory);
  }
}
for (const place of places.filter((place) => !needed.has(place) && !packages[place].inBundle)) {
  const programs = path.join(place.slice(0, place.lastIndexOf("node_modules/")), "node_modules/.bin");
  for (const link of isThere(programs) ? fs.readdirSync(programs).map((name) => path.join(programs, name)) : []) {
    if (fs.lstatSync(link).isSymbolicLink() && path.join(programs, fs.readlinkSync(link)).startsWith(place + "/")) fs.unlinkSync(link);
  }
  fs.rmSync(place, { recursive: true, force: true });
  removeEmpty(programs);
}
places.filter((place) => isInstalled(place) && !isThere(place)).forEach((place) => removeEmpty(path.dirname(place)));
