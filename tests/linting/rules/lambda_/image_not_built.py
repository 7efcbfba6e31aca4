from __future__ import annotations

from optimizer.model.template import TemplateFaultKind
from tests.linting.cases import Case, app, declaration

# Which declarations these are: tests/sam/test_faults.py.
CATCHES: list[Case] = [declaration(TemplateFaultKind.NOT_BUILT, "sam build builds nothing for Api")]
PASSES: list[Case] = [app(), declaration(TemplateFaultKind.REFUSED, "of another rule", found=False)]
