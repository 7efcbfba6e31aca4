#!/bin/sh
# pnpm 11 and newer write two YAML documents into one pnpm-lock.yaml: first what they know of pnpm itself, then the lock.
#
# Guess: pnpm-lock.yaml is one mapping, so that a YAML parser's usual "load" reads it. Seen with pnpm 11.28.11, where package.json
# asks for a pnpm by devEngines.packageManager: the file begins with "---" and a document whose importer "." has
# packageManagerDependencies alone; the project's importers and packages are in the second one. Both say lockfileVersion 9.0.
# With the same file pnpm 10.34.9 installs from the second document, and pnpm 9.15.9 stops at a broken lock.
# A reader of the first document finds a project without dependencies. Exits with 1 when that changes. Needs node 22 or newer and npm.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
for version in 9.15.9 10.34.9 11.28.11; do
  npm install --silent --no-audit --no-fund --ignore-scripts --prefix "pnpm-$version" "pnpm@$version"
done
run() { version=$1; shift; node "$(ls "$work/pnpm-$version"/node_modules/pnpm/bin/pnpm.*js | head -n 1)" "$@"; }
mkdir shop
cd shop
export CI=1
rest='"name": "shop", "version": "1.0.0", "private": true, "dependencies": {"mustache": "4.2.0"}'
echo "{$rest, \"devEngines\": {\"packageManager\": {\"name\": \"pnpm\", \"version\": \"^11.0.0\"}}}" > package.json
run 11.28.11 install --lockfile-only > log 2>&1
# What follows is about the lock alone.
echo "{$rest}" > package.json
status=0
expect() { echo "$1: $2"; [ "$2" = "$3" ] || status=1; }
expect 'documents of the lock' "$(grep -c '^lockfileVersion: ' pnpm-lock.yaml)" 2
expect 'mustache in the first one' "$(sed '1d; /^---$/,$d' pnpm-lock.yaml | grep -c mustache || true)" 0
for version in 10.34.9 9.15.9; do
  rm -rf node_modules
  said=$(run "$version" install --frozen-lockfile --prod 2>&1 | grep -o 'ERR_PNPM_BROKEN_LOCKFILE' || echo installed)
  case $version in 9.*) expected=ERR_PNPM_BROKEN_LOCKFILE ;; *) expected=installed ;; esac
  expect "pnpm $version" "$said" "$expected"
done
exit $status
