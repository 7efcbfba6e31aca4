from __future__ import annotations

from tests.linting.cases import Case, function
from tests.linting.rules.lambda_.managed_instances_refused import of

# https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances-capacity-providers.html
CATCHES: list[Case] = [
    Case(of(architecture="arm64", provider_architectures=("x86_64",)), (0,), "is arm64, and its capacity provider gives x86_64"),
]
PASSES: list[Case] = [
    Case(of(architecture="arm64", provider_architectures=("arm64",))),
    Case(of(architecture="arm64")),
    Case(of(architecture=None, provider_architectures=("arm64",)), inconclusive=1),
    # Only functions on instances have a provider.
    Case(function(architecture="arm64", provider_architectures=("x86_64",))),
]
