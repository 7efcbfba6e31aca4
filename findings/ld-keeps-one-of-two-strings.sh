#!/bin/sh
# The linker (GNU ld) keeps one of two texts of C of which one is the end of the other.
#
# Seen: a library of Python whose prefix ends in its version, such as pyenv's /root/.pyenv/versions/3.13.0, holds no text that
# is the version alone, between two NULs; the version is the end of the prefix.
# So a version is looked for before a NUL, whatever stands before it.  Exits with 1 when that changes.
set -eu
cd "$(mktemp -d)"
echo 'const char *prefix(void) { return "/opt/versions/3.13.5"; } const char *version(void) { return "3.13.5"; }' > texts.c
cc -O2 -shared -fPIC -o texts.so texts.c
ends="$(tr '\0' '\n' < texts.so | grep -ac '3\.13\.5$')" alone="$(tr '\0' '\n' < texts.so | grep -ac '^3\.13\.5$' || true)"
echo "texts that end in the version: $ends; that are the version: $alone"
[ "$ends $alone" = "1 0" ]
