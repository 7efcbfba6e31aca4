#!/bin/sh
# npm 12 runs no install script of a package that is approved by its version, where the lock has no URL of the package.
#
# Guess: "allowScripts": {"core-js@3.40.0": true} in package.json lets the script of just that release run, in any lock that has it.
# Seen with npm 12.2.2: it does where the entry of package-lock.json has "resolved". Where it has none, as npm writes its locks
# with omit-lockfile-registry-resolved=true, the script is left out, with a warning and exit code 0, and only the approval of
# the name alone ("core-js": true) counts. A denial by version counts in both. So the approvals that
# `npm install-scripts approve` has written for one lock can mean nothing for the same packages in another.
# npm 10.9.9 runs the script in every case. Exits with 1 when that changes. Needs node 22 or newer and npm.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
for version in 10.9.9 12.2.2; do
  npm install --silent --no-audit --no-fund --ignore-scripts --prefix "npm-$version" "npm@$version"
done
integrity=$(npm view core-js@3.40.0 dist.integrity)
mkdir shop
cd shop
status=0
for url in '' '"resolved": "https://registry.npmjs.org/core-js/-/core-js-3.40.0.tgz", '; do
  cat > package-lock.json <<LOCK
{"name": "shop", "version": "1.0.0", "lockfileVersion": 3, "requires": true, "packages": {
  "": {"name": "shop", "version": "1.0.0", "dependencies": {"core-js": "3.40.0"}},
  "node_modules/core-js": {"version": "3.40.0", $url"integrity": "$integrity", "hasInstallScript": true}
}}
LOCK
  for approval in 'core-js@3.40.0": true' 'core-js": true' 'core-js@3.40.0": false'; do
    echo "{\"name\": \"shop\", \"version\": \"1.0.0\", \"dependencies\": {\"core-js\": \"3.40.0\"}, \"allowScripts\": {\"$approval}}" > package.json
    for version in 10.9.9 12.2.2; do
      rm -rf node_modules
      node "../npm-$version/node_modules/npm/bin/npm-cli.js" ci --no-audit --no-fund --foreground-scripts --loglevel info > log 2>&1
      if grep -q 'run core-js@3.40.0 postinstall' log; then kind='run'; elif grep -q 'scripts blocked' log; then kind='left out, with a warning'; else kind='left out'; fi
      echo "npm $version, $([ -n "$url" ] && echo URL || echo 'no URL') in the lock, \"$approval: $kind"
      case "$version ${url:+url} $approval" in
        '12.2.2  core-js@3.40.0": true') expected='left out, with a warning' ;;
        12.2.2*false) expected='left out' ;;
        *) expected='run' ;;
      esac
      [ "$kind" = "$expected" ] || status=1
    done
  done
done
exit $status
