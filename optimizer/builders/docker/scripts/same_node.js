// Arguments: the exact version of Node.js, and that of npm where npm installs.
const { execFileSync } = require("child_process");
const [node, npm] = process.argv.slice(2);
const pairs = [["Node.js", node, process.versions.node]];
if (npm) pairs.push(["npm", npm, execFileSync("npm", ["--version"], { encoding: "utf8" }).trim()]);
const wrong = pairs.filter(([, wanted, found]) => found !== wanted);
for (const [title, wanted, found] of wrong) {
  console.error(`this layer is of ${title} ${wanted}, which optimizer.lock has for the base image, and the base image has ${title} ${found}`);
}
if (wrong.length) {
  console.error("hint: run optimizer pin --update, then synthesize or render again");
  process.exit(1);
}
