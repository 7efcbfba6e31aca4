#!/bin/sh
# `sam build` succeeds for an image function that it does not build.
#
# Seen with aws-sam-cli 1.170.0: an image is built when its Metadata has both Dockerfile and DockerContext. With one of them, or without
# Metadata, sam build ends with "Build Succeeded" and exit code 0, and writes a template in which the function has no ImageUri.
#
# Exits 1 when this is no longer so. Needs Python 3.10 or newer and PyPI, and no engine; works in a temporary directory.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
python3 -m venv venv
venv/bin/pip install --quiet --quiet --disable-pip-version-check aws-sam-cli==1.170.0

echo 'FROM scratch' > Dockerfile
cat > template.yaml <<'YAML'
Transform: AWS::Serverless-2016-10-31
Resources:
  One:
    Type: AWS::Serverless::Function
    Properties: {PackageType: Image}
    Metadata: {Dockerfile: Dockerfile}
  Two:
    Type: AWS::Serverless::Function
    Properties: {PackageType: Image}
    Metadata: {DockerContext: .}
YAML

export AWS_DEFAULT_REGION=us-east-1 SAM_CLI_TELEMETRY=0
venv/bin/sam build > output 2>&1 || { cat output; echo "changed: sam build fails"; exit 1; }
grep "Build Succeeded" output
if grep ImageUri .aws-sam/build/template.yaml; then
    echo "changed: the template names an image"
    exit 1
fi
