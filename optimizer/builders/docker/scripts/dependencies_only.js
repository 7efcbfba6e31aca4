// Arguments: the manifests to be changed in place.
const fs = require("fs");
for (const path of process.argv.slice(2)) {
  const data = JSON.parse(fs.readFileSync(path, "utf8"));
  delete data.scripts;
  delete data.packageManager;
  for (const tool of ["npm", "pnpm", "yarn"]) if (data.engines) delete data.engines[tool];
  fs.writeFileSync(path, JSON.stringify(data));
}
