#!/bin/sh
# What the base image's entrypoint and, around it, Lambda's init do: one argument, extensions, the runtime.
if [ $# -ne 1 ]; then
  echo "entrypoint requires the handler name to be the first argument" 1>&2
  exit 142
fi
export _HANDLER="$1"
for extension in /opt/extensions/*; do
  if [ -f "$extension" ] && [ -x "$extension" ]; then "$extension" & fi
done
exec "$LAMBDA_RUNTIME_DIR/bootstrap"
