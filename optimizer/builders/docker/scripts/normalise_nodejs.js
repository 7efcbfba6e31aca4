// Arguments: the tree, and the time.
const fs = require("fs");
const [tree, time] = process.argv.slice(2);
(function walk(path) {
  if (path.split("/").pop().startsWith(".wh.")) {
    console.error(path + ": a name that starts with .wh. deletes a file of the image instead of adding one; rename or remove it");
    process.exit(1);
  }
  const status = fs.lstatSync(path);
  fs.lchownSync(path, 0, 0);
  if (!status.isSymbolicLink()) fs.chmodSync(path, status.isDirectory() || status.mode & 0o111 ? 0o755 : 0o644);
  if (status.isDirectory()) for (const name of fs.readdirSync(path)) walk(path + "/" + name);
  fs.lutimesSync(path, Number(time), Number(time));
})(tree);
