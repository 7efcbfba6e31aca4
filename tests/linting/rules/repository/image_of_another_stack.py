from __future__ import annotations

from tests.linting.cases import Case, function

CATCHES: list[Case] = [
    Case(function(publisher="Images"), (0,), 'published with the stack "Images", and the stack of the function does not wait for it'),
]
PASSES: list[Case] = [
    Case(function()),
]
