from __future__ import annotations

from tests.linting.cases import Case, app, function

CATCHES: list[Case] = [
    app(
        function("Get", image="1", metadata='{"DockerTag": "a"}'),
        function("Head", image="1", metadata='{"DockerTag": "a"}'),
        function("Put", image="1", metadata='{"DockerTag": "b"}'),
        lines=(0,),
        says="the image is that of Get, and is built again",
    ),
]
PASSES: list[Case] = [
    app(function("Get", image="1", metadata="{}"), function("Put", image="1", metadata="{}")),
    app(function("Get", image="1", metadata='{"a": 1}'), function("Put", image="2", metadata='{"a": 2}')),
    # CDK builds an asset once.
    app(function("Get", image="1"), function("Put", image="1")),
]
