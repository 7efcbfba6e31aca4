// Leaves out of a tree of Node.js packages what the words name, and writes down what that saved.
//
// Arguments: the tree, a directory for what is written down, then words.  Runs with the base's Node.js, 16 or newer;
// whole-line comments and blank lines do not reach the build context.  docs/slimming.md defines the words.
const fs = require("fs");
const path = require("path");

const [tree, notes, ...words] = process.argv.slice(2);
const task = path.join(tree, "var/task");
const runtime = process.env.LAMBDA_RUNTIME_DIR || "/var/runtime";
const isStub = (file) => /[.]d[.][cm]?ts([.]map)?$/.test(file);
const isScript = (file) => /[.][cm]?[jt]sx?$/.test(file) && !isStub(file);
const isCode = (file) => isScript(file) || /[.](json|node|wasm)$/.test(file);
const isProse = (name) => /^(readme|changes?|changelog|history|contributing)([.](md|markdown|txt|rst))?$/i.test(name);
const isIn = (file, directory) => file.startsWith(directory + "/");
const isDirectory = (place) => fs.lstatSync(place).isDirectory();
const list = (directory) => fs.readdirSync(directory).sort().map((name) => path.join(directory, name));

// Each package with its own files, without those of the packages nested in it.
const packages = new Map();
const files = new Map();
const caches = [];
const gone = new Map();

function findModules(directory) {
  for (const place of list(directory).filter(isDirectory)) {
    if (path.basename(place) === "node_modules") walkModules(place);
    else findModules(place);
  }
}

function walkModules(directory) {
  for (const place of list(directory).filter(isDirectory)) {
    const name = path.basename(place);
    if (name === ".cache") walkFiles(place, (file) => caches.push(file));
    else if (name.startsWith("@")) list(place).filter(isDirectory).forEach(walkPackage);
    else if (!name.startsWith(".")) walkPackage(place);
  }
}

function walkPackage(root) {
  const manifest = readManifest(root) || {};
  packages.set(root, { root, manifest, files: [] });
  walkFiles(root, (file) => {
    packages.get(root).files.push(file);
    files.set(file, packages.get(root));
  });
}

function walkFiles(directory, found) {
  for (const place of list(directory)) {
    if (!isDirectory(place)) found(place);
    else if (path.basename(place) === "node_modules") walkModules(place);
    else walkFiles(place, found);
  }
}

function readManifest(root) {
  try {
    return JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8"));
  } catch {
    return null;
  }
}

const remaining = () => [...files.keys()].filter((file) => !gone.has(file));
const ownFiles = (owner) => owner.files.filter((file) => !gone.has(file));

// Whatever stands behind a quotation mark and may be a path; pairs of marks are not looked for, which code can mislead.
const texts = new Map();
function textsOf(file) {
  if (!texts.has(file)) {
    const isRead = isScript(file) && fs.lstatSync(file).isFile();
    const found = isRead ? fs.readFileSync(file, "utf8").match(/["\x27`][@.\w\/-]+/g) || [] : [];
    texts.set(file, new Set(found.map((text) => text.slice(1))));
  }
  return texts.get(file);
}

// What the package's own manifest gives to others.
function entryPoints(value) {
  if (typeof value === "string") return [value];
  return value && typeof value === "object" ? Object.values(value).flatMap(entryPoints) : [];
}

// Files of the directories of those names beside a package.json, where no code outside of them names the directory.
function unmentioned(names, isWanted) {
  let found = [];
  for (const owner of packages.values()) {
    for (const name of names) {
      const inside = ownFiles(owner).filter((file) => isIn(file, path.join(owner.root, name)));
      if (inside.length && isWanted(inside)) found.push({ owner, name, place: path.join(owner.root, name), inside });
    }
  }
  const first = (text) => text.replace(/^[.\/]+/, "").split("/")[0];
  const mentions = [];
  for (const file of remaining()) {
    for (const text of textsOf(file)) if (text.split("/").some((part) => names.includes(part))) mentions.push({ file, text });
  }
  const isNamed = ({ owner, name, place }) => {
    const { main, module, browser, bin, exports, imports } = owner.manifest;
    if (entryPoints([main, module, browser, bin, exports, imports]).some((text) => first(text) === name)) return true;
    return mentions.some(({ file, text }) => {
      if (found.some((other) => isIn(file, other.place))) return false;
      return (files.get(file) === owner && first(text) === name) || isIn(text + "/", owner.manifest.name + "/" + name);
    });
  };
  for (;;) {
    const named = new Set(found.filter(isNamed));
    if (!named.size) return found.flatMap(({ inside }) => inside);
    found = found.filter((item) => !named.has(item));
  }
}

// Packages that the base has too, with all that they need, at the same versions.
function basePackages() {
  const resolved = (from, name, top) => {
    for (let directory = from; directory === top || isIn(directory, top); directory = path.dirname(directory)) {
      const place = path.join(directory, "node_modules", name);
      if (readManifest(place)) return place;
    }
    return null;
  };
  const version = (root) => (root ? readManifest(root).version : null);
  const twin = ({ manifest }) => resolved(runtime, manifest.name || "", runtime);
  const isEqual = (owner) => owner.manifest.version && owner.root === resolved(task, owner.manifest.name, task) && version(twin(owner)) === owner.manifest.version;
  let equal = new Set([...packages.values()].filter(isEqual));
  const isWhole = (owner) => {
    const { dependencies, optionalDependencies, peerDependencies } = owner.manifest;
    return Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }).every((name) => {
      const own = resolved(owner.root, name, task);
      return own === null || (equal.has(packages.get(own)) && version(resolved(twin(owner), name, runtime)) === version(own));
    });
  };
  for (;;) {
    const whole = new Set([...equal].filter(isWhole));
    if (whole.size === equal.size) return [...equal].flatMap((owner) => owner.files);
    equal = whole;
  }
}

function docs() {
  const isNamed = (file) => ownFiles(files.get(file)).some((other) => [...textsOf(other)].some((text) => text.endsWith(path.basename(file))));
  const prose = remaining().filter((file) => path.dirname(file) === files.get(file).root && isProse(path.basename(file)) && !isNamed(file));
  return prose.concat(unmentioned(["doc", "docs", "man"], (inside) => !inside.some(isCode)));
}

function staticLibraries() {
  const isArchive = (file) => ["!<arch>", "!<thin>"].includes(fs.readFileSync(file).subarray(0, 7).toString("latin1"));
  return remaining().filter((file) => file.endsWith(".a") && fs.lstatSync(file).isFile() && isArchive(file));
}

// TypeScript, and what is built on it, reads such files when it runs.
function typeStubs() {
  const readsStubs = (owner) => ownFiles(owner).some((file) => [...textsOf(file)].some((text) => /[.]d[.][cm]?ts/.test(text)));
  const readers = new Set([...packages.values()].filter(readsStubs));
  return remaining().filter((file) => isStub(file) && !readers.has(files.get(file)));
}

const rules = {
  "base-packages": basePackages,
  caches: () => caches,
  docs,
  "static-libraries": staticLibraries,
  tests: () => unmentioned(["__tests__", "test", "tests"], () => true),
  "type-stubs": typeStubs,
};

// Takes the files away, the directories that become empty by that, and the programs that led to them.
function apply() {
  const report = Object.fromEntries(words.map((word) => [word, {}]));
  for (const [file, word] of [...gone].sort()) {
    const owner = files.get(file);
    const label = owner ? owner.manifest.name + " " + owner.manifest.version : "no package";
    const entry = (report[word][label] = report[word][label] || { bytes: 0, files: 0 });
    entry.bytes += fs.lstatSync(file).isFile() ? fs.lstatSync(file).size : 0;
    entry.files += 1;
    fs.unlinkSync(file);
    removeEmpty(path.dirname(file));
  }
  const programs = path.join(task, "node_modules/.bin");
  const links = fs.existsSync(programs) ? list(programs).filter((place) => fs.lstatSync(place).isSymbolicLink()) : [];
  links.filter((place) => gone.has(path.resolve(programs, fs.readlinkSync(place)))).forEach((place) => fs.unlinkSync(place));
  return report;
}

function removeEmpty(directory) {
  if (directory === task || fs.readdirSync(directory).length) return;
  fs.rmdirSync(directory);
  removeEmpty(path.dirname(directory));
}

function sorted(value) {
  if (typeof value !== "object") return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}

findModules(tree);
for (const word of [...words].sort()) for (const file of rules[word]()) if (!gone.has(file)) gone.set(file, word);
const report = apply();
fs.mkdirSync(notes, { recursive: true });
fs.writeFileSync(path.join(notes, "report.json"), JSON.stringify(sorted(report), null, 1));
