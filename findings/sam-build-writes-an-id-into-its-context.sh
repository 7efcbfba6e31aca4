#!/bin/sh
# `sam build` makes another image of unchanged sources each time, where the build context is the directory of the template.
#
# Seen with aws-sam-cli 1.170.0 and Docker 26.1.5, with the default builder and with --use-buildkit: SAM CLI writes .aws-sam/build.toml beside
# the template, with a new random id for each image and each call, and leaves it in the context. So `COPY . /` copies another file each time,
# and the image has another id, is pushed again, and deploys the function again. With .aws-sam in .dockerignore two calls give one image.
#
# Exits 1 when this is no longer so. Needs Python 3.10 or newer, PyPI and an engine; works in a temporary directory, and leaves no image.
set -eu
directory=$(mktemp -d)
clean_up() {
    docker image rm --force copieseverything:latest > "$directory/removed" 2>&1 || true
    rm -rf "$directory"
}
trap clean_up EXIT
cd "$directory"
python3 -m venv venv
venv/bin/pip install --quiet --quiet --disable-pip-version-check aws-sam-cli==1.170.0

mkdir project
cd project
printf 'FROM scratch\nCOPY . /\n' > Dockerfile
cat > template.yaml <<'YAML'
Transform: AWS::Serverless-2016-10-31
Resources:
  CopiesEverything:
    Type: AWS::Serverless::Function
    Properties: {PackageType: Image}
    Metadata: {Dockerfile: Dockerfile, DockerContext: .}
YAML

export AWS_DEFAULT_REGION=us-east-1 SAM_CLI_TELEMETRY=0
image() {
    ../venv/bin/sam build "$@" > ../output 2>&1 || { cat ../output >&2; exit 1; }
    docker image inspect --format '{{.Id}}' copieseverything:latest
}
compare() {
    expected=$1
    shift
    # The first call has no .aws-sam of an earlier one.
    before=$(image "$@")
    first=$(image "$@")
    second=$(image "$@")
    echo "$expected with sam build $*: $first, $second"
    case $expected in
        differ) [ "$first" != "$second" ] || { echo "changed: two calls give one image"; exit 1; } ;;
        equal) [ "$before $first" = "$second $second" ] || { echo "changed: the image differs without .aws-sam too"; exit 1; } ;;
    esac
}
compare differ
compare differ --use-buildkit
grep function_build_definitions .aws-sam/build.toml
echo .aws-sam > .dockerignore
compare equal
compare equal --use-buildkit
