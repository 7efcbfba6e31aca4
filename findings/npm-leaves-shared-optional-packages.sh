#!/bin/sh
# Of packages for other platforms npm 11.6 and older leave what two of them need; npm 11.19 and newer leave it out.
#
# Seen: "mac-one" and "mac-two" are optional, for macOS, and need "shared", which nothing else needs. On Linux `npm ci` exits
# with 0 in all versions; npm 10.9.9 and 11.6.0 install "shared", npm 11.19.1 and 12.2.2 do not. With one such package none
# does. The older ones also leave the empty directory of a scope whose packages are not installed. In the wild: the packages
# for WebAssembly beside native ones, such as those of sharp and @node-rs/crc32, which both need @emnapi/runtime and tslib.
# So one lock makes two trees, by the version of npm. Exits with 1 when that changes. Needs node and npm.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir shop
for name in mac-one mac-two shared; do
  case $name in shared) rest='' ;; *) rest=', "os": ["darwin"], "dependencies": {"shared": "1.0.0"}' ;; esac
  mkdir package
  echo "{\"name\": \"$name\", \"version\": \"1.0.0\"$rest}" > package/package.json
  tar -czf "shop/$name.tgz" package
  rm -r package
done
cat > shop/package.json <<'MANIFEST'
{"name": "shop", "version": "1.0.0", "optionalDependencies": {"mac-one": "file:mac-one.tgz", "mac-two": "file:mac-two.tgz"}}
MANIFEST
cat > shop/package-lock.json <<'LOCK'
{
  "name": "shop", "version": "1.0.0", "lockfileVersion": 3, "requires": true,
  "packages": {
    "": {"name": "shop", "version": "1.0.0", "optionalDependencies": {"mac-one": "file:mac-one.tgz", "mac-two": "file:mac-two.tgz"}},
    "node_modules/mac-one": {"version": "1.0.0", "resolved": "file:mac-one.tgz", "optional": true, "os": ["darwin"], "dependencies": {"shared": "1.0.0"}},
    "node_modules/mac-two": {"version": "1.0.0", "resolved": "file:mac-two.tgz", "optional": true, "os": ["darwin"], "dependencies": {"shared": "1.0.0"}},
    "node_modules/shared": {"version": "1.0.0", "resolved": "file:shared.tgz", "optional": true}
  }
}
LOCK
status=0
for version in 10.9.9 11.6.0 11.19.1 12.2.2; do
  npm install --silent --no-audit --no-fund --ignore-scripts --prefix "npm-$version" "npm@$version"
  rm -rf shop/node_modules
  (cd shop && node "../npm-$version/node_modules/npm/bin/npm-cli.js" ci --no-audit --no-fund --silent --os=linux --cpu=x64 --libc=glibc)
  if [ -d shop/node_modules/shared ]; then kind=installed; else kind='left out'; fi
  echo "npm $version: shared is $kind"
  case "$version" in 10.* | 11.6.*) expected=installed ;; *) expected='left out' ;; esac
  [ "$kind" = "$expected" ] || status=1
done
exit $status
