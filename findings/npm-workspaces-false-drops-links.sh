#!/bin/sh
# npm ci --workspaces=false installs the root of a workspace without the members that the root itself depends on, and exits 0.
#
# Seen with npm 10.9.3 and Node.js 22: "added 1 package"; node_modules/text, a link to a member that package.json names among
# its dependencies, is missing. --include-workspace-root with --workspace=<member> makes it.
# Exits 1 when that has changed.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
npm install --prefix tool --no-audit --no-fund --silent npm@10.9.3
npm="$directory/tool/node_modules/.bin/npm"
mkdir -p shop/packages/text
cd shop
echo '{"name": "shop", "private": true, "workspaces": ["packages/*"], "dependencies": {"text": "1.0.0", "ms": "2.1.3"}}' > package.json
echo '{"name": "text", "version": "1.0.0"}' > packages/text/package.json
"$npm" install --package-lock-only --no-audit --no-fund --silent
"$npm" ci --no-audit --no-fund --workspaces=false
test -d node_modules/ms
if [ -e node_modules/text ]; then
  echo "changed: the link to the member is there" >&2
  exit 1
fi
echo "as described: node_modules/text is missing"
