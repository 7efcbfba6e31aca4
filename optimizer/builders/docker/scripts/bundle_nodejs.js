// Arguments: the tree, and the options as JSON.
const { execFileSync } = require("child_process");
const fs = require("fs");
const { dirname, join, relative, resolve } = require("path");
const [tree, text] = process.argv.slice(2);
const { root, to, entries, ending, format, ...options } = JSON.parse(text);
const globals = execFileSync("npm", ["root", "--global"], { encoding: "utf8" }).trim();
// Packages of CommonJS in an ES module call require, which is not there.
const requires = 'import { createRequire as bundleRequire } from "node:module"; const require = bundleRequire(import.meta.url);';
require(join(globals, "esbuild"))
  .build({
    ...options,
    format,
    entryPoints: entries.map((entry) => ({ ...entry, in: resolve(entry.in) })),
    bundle: true,
    platform: "node",
    absWorkingDir: root,
    // Nothing is written there: it is what the paths in source maps are relative to.
    outdir: root,
    write: false,
    allowOverwrite: true,
    outExtension: { ".js": ending },
    banner: format === "esm" ? { js: requires } : {},
    logLevel: "warning",
    logLimit: 0,
  })
  .then(({ outputFiles }) => {
    for (const file of outputFiles) {
      const path = join(tree, to, relative(root, file.path));
      fs.mkdirSync(dirname(path), { recursive: true });
      fs.writeFileSync(path, file.contents);
    }
  })
  .catch(() => process.exit(1));
