#!/bin/sh
# SAM CLI passes build arguments and tags without quotes on as YAML 1.1 reads them.
#
# Seen with aws-sam-cli 1.170.0, in the command that `sam build --use-buildkit` runs:
#   DockerTag: 1.10                              the image is tagged one:1.1
#   DockerBuildArgs: {Debug: true}               --build-arg Debug=True
#   DockerBuildArgs: {Octal: 010}                --build-arg Octal=8
#   DockerBuildArgs: {Version: !Ref Version}     with Default: 3.10 --build-arg "Version={'Ref': 'Version'}"
#   DockerBuildArgs: {Quoted: "1.10"}            --build-arg Quoted=1.10
# The default builder gets the values as JSON, and the engine refuses those that are no texts.
#
# Exits 1 when this is no longer so. Needs Python 3.10 or newer and PyPI, and no engine: a program in the place of docker writes
# its arguments down. Works in a temporary directory.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
python3 -m venv venv
venv/bin/pip install --quiet --quiet --disable-pip-version-check aws-sam-cli==1.170.0

mkdir bin
cat > bin/docker <<'SH'
#!/bin/sh
for argument in "$@"; do printf '%s\n' "$argument"; done >> "$ARGUMENTS"
SH
chmod +x bin/docker
echo 'FROM scratch' > Dockerfile
cat > template.yaml <<'YAML'
Transform: AWS::Serverless-2016-10-31
Parameters:
  Version: {Type: String, Default: 3.10}
Resources:
  One:
    Type: AWS::Serverless::Function
    Properties: {PackageType: Image}
    Metadata:
      DockerContext: .
      Dockerfile: Dockerfile
      DockerTag: 1.10
      DockerBuildArgs: {Debug: true, Octal: 010, Version: !Ref Version, Quoted: "1.10"}
YAML

cat > build.py <<'PYTHON'
import os
import sys
from unittest.mock import MagicMock

from samcli.lib.build.app_builder import ApplicationBuilder
from samcli.lib.providers.sam_function_provider import SamFunctionProvider
from samcli.lib.providers.sam_stack_provider import SamLocalStackProvider

stacks, _ = SamLocalStackProvider.get_stacks("template.yaml")
(function,) = SamFunctionProvider(stacks).get_all()
client = MagicMock()
client.get_runtime_type.return_value = "docker"
builder = ApplicationBuilder(MagicMock(), "build", ".", "cache", use_buildkit=True, container_client=client)
print(builder._build_lambda_image(function.name, function.metadata, function.architecture))
words = open(os.environ["ARGUMENTS"], encoding="utf-8").read().splitlines()
found = [words[index + 1] for index, word in enumerate(words) if word in ("-t", "--build-arg")]
expected = ["one:1.1", "Debug=True", "Octal=8", "Version={'Ref': 'Version'}", "Quoted=1.10"]
print("\n".join(found))
if found != expected:
    print(f"changed: expected {expected}")
    sys.exit(1)
PYTHON
ARGUMENTS="$directory/arguments" PATH="$directory/bin:$PATH" AWS_DEFAULT_REGION=us-east-1 SAM_CLI_TELEMETRY=0 venv/bin/python build.py
