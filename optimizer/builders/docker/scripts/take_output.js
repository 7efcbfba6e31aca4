// Arguments: the tree, the name of the script, its directory of output, the place in the image; "modules" where the files are ES modules.
const fs = require("fs");
const { join } = require("path");
const [tree, script, output, to, modules] = process.argv.slice(2);
const target = join(tree, to);
if (!fs.existsSync(output) || !fs.statSync(output).isDirectory() || fs.readdirSync(output).length === 0) {
  console.error('the script "' + script + '" left nothing in "' + output + '"; set output to the directory of what it makes, relative to the source');
  process.exit(1);
}
fs.mkdirSync(target, { recursive: true });
fs.cpSync(output, target, { recursive: true, verbatimSymlinks: true });
const manifest = join(target, "package.json");
if (modules && !fs.existsSync(manifest)) fs.writeFileSync(manifest, '{"type": "module"}\n');
