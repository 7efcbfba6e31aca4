"""What to do about a finding, where the rule's own advice would be wrong or say too little."""

from __future__ import annotations

import pytest

from optimizer.linting.engine import lint
from optimizer.linting.rule import choose
from optimizer.linting.rules import RULES
from tests.linting.cases import on_base


def advice(rule: str, text: str, files: dict[str, str] | None = None) -> str:
    case = on_base(text, files=files)
    (finding,) = lint([case.subject], case.conventions, rules=choose(RULES, [rule])).findings
    return finding.hint


class TestInstallationsBelowSources:
    """Requirement: "LIO302's fix for `RUN npm ci && npm run build` breaks the build (split the RUN)"."""

    MANIFESTS = "COPY package.json package-lock.json ./\n"

    def test_what_needs_the_sources_stays_below_them(self) -> None:
        hint = advice("LIO302", f"COPY src/ src/\n{self.MANIFESTS}RUN npm ci && npm run build")
        assert hint == 'split the RUN: install above the copy; "npm run build" may need the sources, so run it below their copy'

    def test_so_it_does_where_everything_is_copied_at_once(self) -> None:
        hint = advice("LIO301", "COPY . .\nRUN npm ci && npm run build && npm prune --omit=dev")
        assert hint.startswith("split the RUN: copy the manifest and the lock file by themselves, install, and then copy the sources")

    @pytest.mark.parametrize("rest", ["", " && npm cache clean --force", " && rm -rf /root/.npm", " && npm --version && echo done"])
    def test_a_copy_moves_alone_where_nothing_needs_it(self, rest: str) -> None:
        assert advice("LIO302", f"COPY src/ src/\n{self.MANIFESTS}RUN npm ci{rest}") == "move the copy below the installation"


class TestSecretFiles:
    """Requirement: "LIO802's fix for `.env` speaks of npm"."""

    @pytest.mark.parametrize(
        ("path", "words"),
        [
            (".env", ["take it out of the copy", "the function its settings in its configuration"]),
            (".env.production", ["the function its settings in its configuration"]),
            (".netrc", ["id=netrc,target=/root/.netrc"]),
            ("id_rsa", ["--mount=type=ssh"]),
            ("server-key.pem", ["from Secrets Manager"]),
        ],
    )
    def test_each_has_advice_of_its_own(self, path: str, words: list[str]) -> None:
        hint = advice("LIO802", f"COPY {path} ./")
        assert all(word in hint for word in words), hint
        assert "npm" not in hint

    def test_of_npm_it_names_npm(self) -> None:
        hint = advice("LIO802", "COPY .npmrc ./", {".npmrc": "//registry.example.com/:_authToken=abcdef0123456789\n"})
        assert "RUN --mount=type=secret,id=npmrc,target=/root/.npmrc" in hint

    def test_what_comes_along_is_left_out_by_its_path(self) -> None:
        assert "with the line conf/.env in .dockerignore" in advice("LIO802", "COPY conf ./", {"conf/.env": "", "conf/a.json": ""})
