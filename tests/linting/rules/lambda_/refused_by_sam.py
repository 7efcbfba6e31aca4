from __future__ import annotations

from optimizer.model.template import TemplateFaultKind
from tests.linting.cases import Case, app, declaration

# Which declarations these are: tests/sam/test_faults.py.
CATCHES: list[Case] = [declaration(TemplateFaultKind.REFUSED, "PackageType is not allowed in Globals")]
PASSES: list[Case] = [app(), declaration(TemplateFaultKind.MISREAD, "of another rule", found=False)]
