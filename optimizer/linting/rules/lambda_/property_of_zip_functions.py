"""LIO641: an image function has a property that only functions from zip archives have."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.properties import runs_image, set_properties
from optimizer.linting.finding import Severity, Verdict
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import FunctionSubject

_INSTEAD = {
    "Runtime": "take it out: the base image is the runtime",
    "Handler": "make it the command: cmd= in CDK, ImageConfig.Command in a template",
    "Layers": "put what the layer holds into /opt of the image: an Extension step, or a COPY of the layer's files",
    "RuntimeConfig": "take it out: an image brings its runtime, and a customer-managed runtime is for zip archives",
}


def _check(subject: FunctionSubject, conventions: Conventions) -> Iterator[Verdict]:
    # Of its own functions SAM says so itself, and LIO686 repeats it.
    if subject.declared.serverless or not runs_image(subject.declared):
        return
    yield from set_properties(subject, _INSTEAD, "the function runs an image and has {}")


RULE = Rule(
    id="LIO641",
    name="property-of-zip-functions",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="An image function has Runtime, Handler, Layers or RuntimeConfig, which only functions from zip archives have.",
    why=(
        'Lambda refuses the function ("Please don\'t provide Handler or Runtime or Layer when the intended function PackageType is Image"), in '
        "the middle of the deployment. CDK refuses layers= of a new function and takes add_layers(), which aspects and vendors' constructs "
        "call; its own validation, from 2.275 on, warns of Runtime, Handler and Layers with the name E3685, and lets cdk synth pass. "
        "cfn-lint finds these three under the same name. SAM refuses its own functions: LIO686."
    ),
    fix="take it out; what a layer brings belongs into the image",
    bad='function = lambda_.DockerImageFunction(self, "Api", code=code)\nfunction.add_layers(insights)',
    good='spec = ImageSpec(runtime="python3.13", steps=[SourceCode("functions/api"), Extension("extensions/insights")])\nOptimizedFunction(self, "Api", spec=spec, handler="app.handler")',
    example="python",
    function=_check,
)
