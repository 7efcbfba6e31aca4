#!/bin/sh
# SAM CLI takes the value of a variable of `Fn::Sub` for the name of something, and a value with a dot for an attribute.
#
# Seen with aws-sam-cli 1.170.0, in what `sam build` reads as Metadata:
#   Dockerfile: !Sub ["${File}", {File: Dockerfile.api}]   gives "$Dockerfile.api": no such Dockerfile
#   Dockerfile: !Sub ["${File}", {File: Plain}]            gives the value of the parameter "Plain"
#   Dockerfile: !Ref Unset, a parameter without a default   gives "Unset"
#   Dockerfile: !Sub "${Plain}.api"                         gives "Dockerfile.api", as CloudFormation would
# CloudFormation gives "Dockerfile.api" and "Plain" for the first two.  So a linter that resolves templates as CloudFormation
# does looks at other Dockerfiles than SAM builds.
#
# Exits 1 when this is no longer so. Needs Python 3.10 or newer and PyPI; works in a temporary directory.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
python3 -m venv venv
venv/bin/pip install --quiet --quiet --disable-pip-version-check aws-sam-cli==1.170.0

cat > template.yaml <<'YAML'
Transform: AWS::Serverless-2016-10-31
Parameters:
  Plain: {Type: String, Default: Dockerfile}
  Unset: {Type: String}
Resources:
  Dotted:
    Type: AWS::Serverless::Function
    Properties: {PackageType: Image}
    Metadata: {DockerContext: ., Dockerfile: !Sub ["${File}", {File: Dockerfile.api}]}
  Named:
    Type: AWS::Serverless::Function
    Properties: {PackageType: Image}
    Metadata: {DockerContext: ., Dockerfile: !Sub ["${File}", {File: Plain}]}
  Unset:
    Type: AWS::Serverless::Function
    Properties: {PackageType: Image}
    Metadata: {DockerContext: ., Dockerfile: !Ref Unset}
  Usual:
    Type: AWS::Serverless::Function
    Properties: {PackageType: Image}
    Metadata: {DockerContext: ., Dockerfile: !Sub "${Plain}.api"}
YAML

AWS_DEFAULT_REGION=us-east-1 SAM_CLI_TELEMETRY=0 venv/bin/python - <<'PYTHON'
import sys

from samcli.lib.providers.sam_function_provider import SamFunctionProvider
from samcli.lib.providers.sam_stack_provider import SamLocalStackProvider

stacks, _ = SamLocalStackProvider.get_stacks("template.yaml")
found = {item.name: item.metadata["Dockerfile"] for item in SamFunctionProvider(stacks).get_all()}
expected = {"Dotted": "$Dockerfile.api", "Named": "Dockerfile", "Unset": "Unset", "Usual": "Dockerfile.api"}
for name, value in found.items():
    print(f"{name}: Dockerfile {value!r}")
if found != expected:
    print(f"changed: expected {expected}")
    sys.exit(1)
PYTHON
