#!/bin/sh
# pnpm install --filter with node-linker=hoisted puts the packages of all members into the root's node_modules.
#
# Seen with pnpm 10.34.9: "Scope: 1 of 3 workspace projects", and then is-number, which only the other member needs, stands in
# node_modules. With the isolated linker it does not. A lock whose importers are cut down to the wanted ones gives a tree of
# these alone.
# Exits 1 when that has changed.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
npm install --prefix tool --no-audit --no-fund --silent pnpm@10.34.9
pnpm="$directory/tool/node_modules/.bin/pnpm"
mkdir -p shop/packages/api shop/packages/worker
cd shop
echo '{"name": "shop", "private": true}' > package.json
printf 'packages:\n  - packages/*\n' > pnpm-workspace.yaml
echo '{"name": "api", "version": "1.0.0", "dependencies": {"ms": "2.1.3"}}' > packages/api/package.json
echo '{"name": "worker", "version": "1.0.0", "dependencies": {"is-number": "7.0.0"}}' > packages/worker/package.json
"$pnpm" install --lockfile-only --store-dir "$directory/store"
"$pnpm" install --frozen-lockfile --prod --config.node-linker=hoisted --store-dir "$directory/store" --filter api
test -d node_modules/ms
if [ ! -e node_modules/is-number ]; then
  echo "changed: the other member's package is not there" >&2
  exit 1
fi
echo "as described: node_modules/is-number is there"
