#!/bin/sh
# `sam build` builds an image function whose ImageUri already names an image in Amazon ECR, where its Metadata names a Dockerfile.
#
# Seen with aws-sam-cli 1.170.0: a packaged template, as sam package and other tools write it, keeps the Metadata of its functions.
# Given to sam build, it is built again, and the ImageUri that was pushed is replaced by a local name; sam deploy then pushes that one.
# Only without Dockerfile or DockerContext an ImageUri of ECR is left alone.
#
# Exits 1 when this is no longer so. Needs Python 3.10 or newer and PyPI, and no engine; works in a temporary directory.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
python3 -m venv venv
venv/bin/pip install --quiet --quiet --disable-pip-version-check aws-sam-cli==1.170.0

echo 'FROM scratch' > Dockerfile
write() {
    cat > template.yaml <<YAML
Transform: AWS::Serverless-2016-10-31
Resources:
  One:
    Type: AWS::Serverless::Function
    Properties: {PackageType: Image, ImageUri: "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop:one"}
    Metadata: {$1}
YAML
}

export AWS_DEFAULT_REGION=us-east-1 SAM_CLI_TELEMETRY=0 DOCKER_HOST=unix:///nowhere/docker.sock
write 'Dockerfile: Dockerfile, DockerContext: .'
# No engine is there, so that a build fails.
if venv/bin/sam build > output 2>&1; then
    cat output
    echo "changed: nothing is built"
    exit 1
fi
grep 'functions: One' output
write 'Dockerfile: Dockerfile'
venv/bin/sam build > output 2>&1 || { cat output; echo "changed: it is built without DockerContext"; exit 1; }
grep 'ImageUri: 123456789012' .aws-sam/build/template.yaml
