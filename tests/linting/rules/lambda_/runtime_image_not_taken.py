from __future__ import annotations

from optimizer.model.template import TemplateFaultKind
from tests.linting.cases import Case, declaration

# What is found in templates and apps: tests/checking/test_runtimes.py.
CATCHES: list[Case] = [declaration(TemplateFaultKind.RUNTIME_IMAGE, "what is wrong")]
PASSES: list[Case] = [declaration(TemplateFaultKind.RUNTIME_NOT_NAMED, "what is wrong", found=False)]
