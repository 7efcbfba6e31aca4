// Arguments: the manifests and settings to be changed in place.
const fs = require("fs");
for (const path of process.argv.slice(2)) {
  if (path.endsWith(".npmrc")) {
    // npm puts these above --omit=dev of its command line.
    const lines = fs.readFileSync(path, "utf8").split("\n");
    fs.writeFileSync(path, lines.filter((line) => !/^\s*(include(\[\])?|also|production|dev)\s*(=|$)/.test(line)).join("\n"));
    continue;
  }
  const data = JSON.parse(fs.readFileSync(path, "utf8"));
  delete data.scripts;
  delete data.packageManager;
  // npm fails for what a checkout is developed with; a lock of pnpm has the Node.js that it downloads for that.
  const runtimes = [data.devEngines?.runtime ?? []].flat().filter((item) => item.onFail === "download");
  if (fs.existsSync("pnpm-lock.yaml") && runtimes.length) data.devEngines = { runtime: runtimes };
  else delete data.devEngines;
  for (const tool of ["npm", "pnpm", "yarn"]) if (data.engines) delete data.engines[tool];
  fs.writeFileSync(path, JSON.stringify(data));
}
