"""What a Dockerfile takes from other images, and from the network."""

from __future__ import annotations

import pytest

from optimizer.adoption.proposal import Outcome
from optimizer.model.steps import Command, Extension
from tests.adoption.test_propose import of, outcome
from tests.linting.cases import PYTHON

ADAPTER = "public.ecr.aws/awsguru/aws-lambda-adapter:0.9.1"


class TestExtensions:
    @pytest.mark.parametrize(
        "text",
        [
            f"FROM {PYTHON}\nCOPY --from={ADAPTER} /lambda-adapter /opt/extensions/lambda-adapter",
            f"FROM {PYTHON}\nCOPY --from={ADAPTER} /lambda-adapter /opt/extensions/",
            f"FROM {PYTHON}\nCOPY --from={ADAPTER} --chmod=0755 lambda-adapter /opt/extensions/lambda-adapter",
            f"FROM {ADAPTER} AS adapter\nFROM {PYTHON}\nCOPY --from=adapter /lambda-adapter /opt/extensions/lambda-adapter",
            f"FROM {PYTHON}\nCOPY --from={ADAPTER} /lambda-adapter /opt/extensions/lambda-adapter\nRUN chmod +x /opt/extensions/lambda-adapter",
        ],
    )
    def test_one_file_below_opt_extensions_is_an_extension(self, text: str) -> None:
        """Issue 14: not carried in 17 of 102 real files."""
        proposal = of(text)
        assert proposal.spec.steps == (Extension(image=ADAPTER, file="/lambda-adapter", name="lambda-adapter"),)
        assert not any(account.not_carried for account in proposal.accounts)

    def test_it_keeps_the_name_that_the_dockerfile_gives(self) -> None:
        (step,) = of(f"COPY --from={ADAPTER} /lambda-adapter /opt/extensions/web").spec.steps
        assert step == Extension(image=ADAPTER, file="/lambda-adapter", name="web")

    def test_one_file_of_an_image_with_a_whole_opt(self) -> None:
        image = "public.ecr.aws/datadog/lambda-extension:65"
        proposal = of(f"COPY --from={image} /opt/extensions/datadog-agent /opt/extensions/datadog-agent")
        assert proposal.spec.steps == (Extension(image=image, file="/opt/extensions/datadog-agent", name="datadog-agent"),)
        assert of(f"COPY --from={image} /opt/. /opt/").spec.steps == (Extension(image=image),)

    def test_elsewhere_a_file_of_an_image_is_not_carried(self) -> None:
        assert outcome(of(f"COPY --from={ADAPTER} /lambda-adapter /opt/bin/lambda-adapter"), 2)[0] is Outcome.NOT_CARRIED


class TestRepositories:
    @pytest.mark.parametrize(
        "source",
        [
            "https://github.com/acme/rules.git#v1",
            "https://github.com/acme/rules.git",
            "https://github.com/acme/rules.git#0123456789012345678901234567890123456789:data",
            "https://github.com/acme/rules.git?ref=v1",
            "git@github.com:acme/rules.git",
            "git://example.com/rules.git#v1",
        ],
    )
    def test_a_repository_is_no_file_to_fetch(self, source: str) -> None:
        """Issue 14: `ADD https://….git#v1 /dir` became `curl -o`."""
        proposal = of(f"ADD {source} /opt/rules")
        assert proposal.spec.steps == ()
        assert outcome(proposal, 2) == (Outcome.NOT_CARRIED, f'"{source}" is cloned when the image is built')

    def test_a_file_is(self) -> None:
        (step,) = of("ADD https://example.com/rules.git.txt /opt/rules.txt").spec.steps
        assert isinstance(step, Command)
