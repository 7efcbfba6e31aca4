#!/bin/sh
# npm ci --omit=dev installs packages for development where a .npmrc says include=dev, production=false or dev=true.
#
# Guess: options of the command line win over those of the project's file, so --omit=dev leaves devDependencies out.
# Seen with npm 10.9.9, 11.21.2 and 12.2.2, with NODE_ENV=production too: include wins over omit wherever either stands, and the two
# old settings count as include=dev; npm ci says nothing, and exits with 0. Only --include=prod takes the first back. The other
# way, omit=optional in .npmrc is forgotten as soon as the command has an --omit of its own.
# So an image for production holds what the project's .npmrc asks for on developers' machines. Exits with 1 when that changes.
# Needs node 22 or newer and npm.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir shop
for name in base test extra; do
  mkdir package
  echo "{\"name\": \"$name\", \"version\": \"1.0.0\"}" > package/package.json
  tar -czf "shop/$name.tgz" package
  rm -r package
done
cat > shop/package.json <<'MANIFEST'
{"name": "shop", "version": "1.0.0", "dependencies": {"base": "file:base.tgz"}, "devDependencies": {"test": "file:test.tgz"},
 "optionalDependencies": {"extra": "file:extra.tgz"}}
MANIFEST
status=0
for version in 10.9.9 11.21.2 12.2.2; do
  npm install --silent --no-audit --no-fund --ignore-scripts --prefix "npm-$version" "npm@$version" > log 2>&1
  cd shop
  run() { node "../npm-$version/node_modules/npm/bin/npm-cli.js" "$@" > log 2>&1; }
  rm -f .npmrc package-lock.json
  run install --package-lock-only
  installed() {
    echo "$1" > .npmrc && shift
    rm -rf node_modules
    NODE_ENV=production run ci --omit=dev "$@"
    echo $(ls node_modules)
  }
  seen="$(installed '# nothing'), $(installed include=dev), $(installed production=false), $(installed dev=true)"
  seen="$seen, $(installed include=dev --include=prod), $(installed omit=optional)"
  echo "npm $version: $seen"
  [ "$seen" = 'base extra, base extra test, base extra test, base extra test, base extra, base extra' ] || status=1
  cd ..
done
exit $status
