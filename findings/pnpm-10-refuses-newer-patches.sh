#!/bin/sh
# pnpm 10 refuses a lock of pnpm 11 or 12 that has a patch, though both call its version 9.0 and nothing else of it differs.
#
# Guess: one lockfileVersion is one format, so that pnpm 10 installs what pnpm 12 has locked with the same patchedDependencies.
# Seen: pnpm 10.34.9 writes the hash and the path of a patch, pnpm 11.28.11 and 12.21.0 the hash alone, the same one.  pnpm 10 takes
# the other form for a changed setting, and ends with ERR_PNPM_LOCKFILE_CONFIG_MISMATCH.  pnpm 12 installs either form.
# With the path written beside the hash, pnpm 10 installs it too.  Exits with 1 when that changes. Needs node 22 or newer and npm.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
for version in 10.34.9 11.28.11 12.21.0; do
  npm install --silent --no-audit --no-fund --prefix "pnpm-$version" "pnpm@$version" > log 2>&1
done
mkdir -p shop/patches
cd shop
echo '{"name": "shop", "version": "1.0.0", "dependencies": {"ms": "2.1.3"}}' > package.json
printf 'patchedDependencies:\n  ms@2.1.3: patches/ms.patch\n' > pnpm-workspace.yaml
cat > patches/ms.patch <<'PATCH'
diff --git a/index.js b/index.js
--- a/index.js
+++ b/index.js
@@ -1,3 +1,4 @@
+// patched
 /**
  * Helpers.
  */
PATCH
pnpm() { version="$1" && shift && CI=1 "../pnpm-$version/node_modules/.bin/pnpm" "$@" > log 2>&1; }
install() {
  rm -rf node_modules
  if pnpm "$1" install --frozen-lockfile; then
    if grep -q patched node_modules/ms/index.js; then echo patched; else echo unpatched; fi
  else
    grep -o 'ERR_PNPM_[A-Z_]*' log | head -n 1
  fi
}
status=0
for wrote in 10.34.9 11.28.11 12.21.0; do
  rm -f pnpm-lock.yaml
  pnpm "$wrote" install --lockfile-only
  seen="$(install 10.34.9) $(install 12.21.0)"
  echo "lock of pnpm $wrote, installed by 10.34.9 and 12.21.0: $seen"
  case $wrote in 10.*) expected='patched patched' ;; *) expected='ERR_PNPM_LOCKFILE_CONFIG_MISMATCH patched' ;; esac
  [ "$seen" = "$expected" ] || status=1
done
hash=$(sed -n 's/^  ms@2.1.3: \([0-9a-z]*\)$/\1/p' pnpm-lock.yaml)
sed "s|^  ms@2.1.3: $hash|  ms@2.1.3:\n    hash: $hash\n    path: patches/ms.patch|" pnpm-lock.yaml > lock
mv lock pnpm-lock.yaml
seen=$(install 10.34.9)
echo "with the path beside the hash, by 10.34.9: $seen"
[ "$seen" = patched ] || status=1
exit $status
