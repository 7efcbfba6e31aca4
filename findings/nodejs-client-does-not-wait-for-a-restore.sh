#!/bin/sh
# AWS's runtime client for Node.js has no hooks of SnapStart: it never calls restore/next, which AWS's clients for Python, Java and .NET do.
#
# Seen with aws-lambda-ric 4.0.2 (npm, newest in November 2026) and Node.js 24. It imports the handler's module before it asks for the
# first invocation, so that a module that waits at its end can make the call itself: functions/receipts/snapstart.mjs.
# Exits 1 when that has changed.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
npm pack --silent aws-lambda-ric@4.0.2 > /dev/null
tar -xzf aws-lambda-ric-4.0.2.tgz
if grep -qE "restore/next|snap-start" package/index.mjs; then
  echo "changed: the client knows SnapStart" >&2
  exit 1
fi
grep -q "await import(" package/index.mjs
echo "as described: no call of restore/next"
