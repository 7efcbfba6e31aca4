#!/bin/sh
# npm 10 obeys install-links=true of .npmrc over a lock that has the package as a link; npm 11 obeys the lock.
#
# Seen: package-lock.json says `"link": true`, and `npm ci` exits with 0. With npm 10.9.9 node_modules/local is a directory,
# packed from what is there; with npm 11.21.2 it is a link. So where the manifest of the package alone is there, as in a stage
# for dependencies, an image made with npm 10 gets a package without code. `--install-links=false` makes both link.
# Exits with 1 when that changes. Needs node and npm.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p shop/local
echo 'install-links=true' > shop/.npmrc
echo '{"name": "shop", "version": "1.0.0", "dependencies": {"local": "file:./local"}}' > shop/package.json
echo '{"name": "local", "version": "1.0.0"}' > shop/local/package.json
echo 'module.exports = 1;' > shop/local/index.js
cat > shop/package-lock.json <<'LOCK'
{
  "name": "shop", "version": "1.0.0", "lockfileVersion": 3, "requires": true,
  "packages": {
    "": {"name": "shop", "version": "1.0.0", "dependencies": {"local": "file:./local"}},
    "local": {"version": "1.0.0"},
    "node_modules/local": {"resolved": "local", "link": true}
  }
}
LOCK
kind() { if [ -L shop/node_modules/local ]; then echo link; elif [ -d shop/node_modules/local ]; then echo copy; else echo nothing; fi; }
status=0
for version in 10.9.9 11.21.2; do
  npm install --silent --no-audit --no-fund --prefix "npm-$version" "npm@$version"
  for option in "" --install-links=false; do
    rm -rf shop/node_modules
    (cd shop && node "../npm-$version/node_modules/npm/bin/npm-cli.js" ci --no-audit --no-fund --silent $option)
    echo "npm $version ci $option: $(kind)"
    case "$version $option" in "10.9.9 ") expected=copy ;; *) expected=link ;; esac
    [ "$(kind)" = "$expected" ] || status=1
  done
done
exit $status
