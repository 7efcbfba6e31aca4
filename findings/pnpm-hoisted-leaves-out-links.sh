#!/bin/sh
# pnpm 10 with node-linker=hoisted leaves out a member of the workspace that an override puts in the place of a package.
#
# Guess: overrides with workspace:* mean the same with either linker, so that what needs the package gets the member.
# Seen with pnpm 10.34.9: the lock has the member as a link of the package that needs it. node-linker=isolated makes that link;
# hoisted makes none, and exits with 0, so the package ends with MODULE_NOT_FOUND where it runs. With file: in place of
# workspace:* both have it; pnpm 12.21.0 links every member at the root, so that it is found there.
# Exits with 1 when that changes. Needs node 22 or newer and npm.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
for version in 10.34.9 12.21.0; do
  npm install --silent --no-audit --no-fund --prefix "pnpm-$version" "pnpm@$version" > log 2>&1
done
mkdir -p shop/packages/api shop/packages/ms
cd shop
echo '{"name": "shop", "version": "1.0.0", "private": true}' > package.json
echo '{"name": "api", "version": "1.0.0", "dependencies": {"debug": "4.4.0"}}' > packages/api/package.json
echo '{"name": "ms", "version": "1.0.0", "main": "index.js"}' > packages/ms/package.json
echo 'module.exports = () => "ours";' > packages/ms/index.js
install() {
  rm -rf node_modules packages/*/node_modules pnpm-lock.yaml
  printf "packages: ['packages/*']\noverrides:\n  ms: '%s'\n" "$3" > pnpm-workspace.yaml
  CI=1 "../pnpm-$1/node_modules/.bin/pnpm" install --lockfile-only > log 2>&1
  CI=1 "../pnpm-$1/node_modules/.bin/pnpm" install --frozen-lockfile "--config.node-linker=$2" > log 2>&1
  (cd packages/api && node -p 'require("module").createRequire(require("fs").realpathSync(require.resolve("debug")))("ms")()' 2> log || echo missing)
}
seen="$(install 10.34.9 isolated 'workspace:*') $(install 10.34.9 hoisted 'workspace:*') $(install 10.34.9 hoisted file:packages/ms)"
seen="$seen $(install 12.21.0 hoisted 'workspace:*')"
echo "pnpm 10 isolated, hoisted, hoisted with file:, pnpm 12 hoisted: $seen"
[ "$seen" = "ours missing ours ours" ]
