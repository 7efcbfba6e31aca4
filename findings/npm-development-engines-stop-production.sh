#!/bin/sh
# npm ends an installation for production at what package.json asks for development.
#
# Guess: devEngines is for who works on the package, so that `npm ci --omit=dev` passes over it, as it does over devDependencies.
# Seen with npm 10.9.9, 11.21.2 and 12.2.2: it ends with EBADDEVENGINES where devEngines names another package manager, a Node.js
# or a CPU that is not there, unless the entry says "onFail": "warn" or "ignore". In an image for production, whose npm is the
# base's own, that is a build that fails for a setting of the developers' machines. Exits with 1 when that changes.
# Needs node 22 or newer and npm.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
status=0
for version in 10.9.9 11.21.2 12.2.2; do
  npm install --silent --no-audit --no-fund --ignore-scripts --prefix "npm-$version" "npm@$version"
  mkdir "shop-$version"
  cd "shop-$version"
  echo '{"name": "shop", "version": "1.0.0", "lockfileVersion": 3, "requires": true, "packages": {"": {"name": "shop", "version": "1.0.0"}}}' > package-lock.json
  for asked in '"packageManager": {"name": "pnpm"}' '"runtime": {"name": "node", "version": ">=99"}' '"runtime": {"name": "node", "version": ">=99", "onFail": "warn"}'; do
    echo "{\"name\": \"shop\", \"version\": \"1.0.0\", \"devEngines\": {$asked}}" > package.json
    if node "../npm-$version/node_modules/npm/bin/npm-cli.js" ci --omit=dev --no-audit --no-fund > log 2>&1; then kind=installs; else kind=$(grep -o 'code [A-Z]*' log | head -n 1); fi
    echo "npm $version, $asked: $kind"
    case $asked in *warn*) expected=installs ;; *) expected='code EBADDEVENGINES' ;; esac
    [ "$kind" = "$expected" ] || status=1
  done
  cd ..
done
exit $status
