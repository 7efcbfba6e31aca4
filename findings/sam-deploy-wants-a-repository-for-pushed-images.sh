#!/bin/sh
# `sam deploy` refuses a packaged template whose images are all pushed, until it is given an image repository that it does not use.
#
# Seen with aws-sam-cli 1.170.0: "Missing option '--image-repositories', '--image-repository', '--resolve-image-repos'", as long as a
# function of the template has PackageType Image, whatever its ImageUri is. With any --image-repository, also one that does not exist,
# it goes on; nothing is pushed, and no container engine is asked. --resolve-image-repos would make a repository for each function.
#
# Exits 1 when this is no longer so. Needs Python 3.10 or newer and PyPI, and no engine; works in a temporary directory.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
python3 -m venv venv
venv/bin/pip install --quiet --quiet --disable-pip-version-check aws-sam-cli==1.170.0

cat > template.yaml <<'YAML'
Transform: AWS::Serverless-2016-10-31
Resources:
  One:
    Type: AWS::Serverless::Function
    Properties: {PackageType: Image, ImageUri: "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop:one"}
YAML

export AWS_DEFAULT_REGION=eu-central-1 AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none AWS_ENDPOINT_URL=http://127.0.0.1:9
export SAM_CLI_TELEMETRY=0 AWS_MAX_ATTEMPTS=1 DOCKER_HOST=unix:///nowhere/docker.sock
deploy() { venv/bin/sam deploy --stack-name one --template-file template.yaml "$@" > output 2>&1; }
if deploy; then
    echo "changed: it is deployed"
    exit 1
fi
grep "Missing option" output || { cat output; echo "changed: no repository is asked for"; exit 1; }
# There is no AWS either, so that it fails where it calls CloudFormation.
if deploy --image-repository 123456789012.dkr.ecr.eu-central-1.amazonaws.com/there-is-none; then
    echo "changed: it is deployed without AWS"
    exit 1
fi
grep 'Could not connect to the endpoint URL: "http://127.0.0.1:9/"' output || { cat output; echo "changed: it ends elsewhere"; exit 1; }
if grep -i "docker\|container runtime" output; then
    echo "changed: an engine is asked for"
    exit 1
fi
