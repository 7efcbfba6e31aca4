#!/bin/sh
# `sam local invoke` of an image function succeeds where the function fails, and runs it as root on files that can be written.
#
# Seen with aws-sam-cli 1.170.0 and Docker 28.2.2: a handler that raises, a runtime that ends and a timeout all give exit code 0, the last
# one without a word on standard output. The user is root, /var/task can be written, and "Init Duration" is below a millisecond, whatever the
# function does when it is loaded. In Lambda the user is an unprivileged one, and the file system is read-only but for /tmp.
#
# Exits 1 when this is no longer so. Needs Python 3.10 or newer, PyPI, an engine, and BASE, a base image of Lambda for Python; works in a
# temporary directory, and leaves no image.
set -eu
BASE=${BASE:-public.ecr.aws/lambda/python:3.13}
directory=$(mktemp -d)
clean_up() {
    docker image rm --force one:latest one:rapid-x86_64 > removed 2>&1 || true
    rm -rf "$directory"
}
trap clean_up EXIT
cd "$directory"
python3 -m venv venv
venv/bin/pip install --quiet --quiet --disable-pip-version-check aws-sam-cli==1.170.0

cat > app.py <<'PYTHON'
import os
import time

time.sleep(0.5)


def handler(event, context):
    if event == "fail":
        raise ValueError("failed")
    if event == "end":
        os._exit(7)
    if event == "wait":
        time.sleep(60)
    open("/var/task/written", "w").close()
    return f"user {os.getuid()}"
PYTHON
printf 'FROM %s\nCOPY app.py /var/task/\nCMD ["app.handler"]\n' "$BASE" > Dockerfile
cat > template.yaml <<'YAML'
Transform: AWS::Serverless-2016-10-31
Resources:
  One:
    Type: AWS::Serverless::Function
    Properties: {PackageType: Image, Timeout: 5}
    Metadata: {Dockerfile: Dockerfile, DockerContext: .}
YAML

export AWS_DEFAULT_REGION=us-east-1 SAM_CLI_TELEMETRY=0
venv/bin/sam build > output 2>&1 || { cat output; exit 1; }
for event in run fail end wait; do
    echo "\"$event\"" > event.json
    code=0
    venv/bin/sam local invoke --event event.json > "$event" 2> "$event.log" || code=$?
    echo "$event: exit code $code, answer: $(cat "$event")"
    [ "$code" = 0 ] || { echo "changed: $event ends with $code"; exit 1; }
done
grep -o "Init Duration: [^ ]* ms" run.log
grep --quiet '"user 0"' run || { echo "changed: the user is another one, or the file could not be written"; exit 1; }
