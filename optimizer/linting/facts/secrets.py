"""What looks like a secret in files and texts; precise rather than complete."""

from __future__ import annotations

import fnmatch
import posixpath
import re

from optimizer.model.secrecy import URL_WITH_PASSWORD

_PRIVATE = (
    ".env", ".env.*", "*.env", "id_dsa", "id_ecdsa", "id_ed25519", "id_rsa", ".git-credentials", ".netrc", "_netrc", ".pgpass", "credentials",
    "credentials.json", "*-key.pem", "*_key.pem", "key.pem", "private*.pem", "privkey*.pem", "*.p12", "*.pfx", "*.ppk", ".htpasswd", "kubeconfig",
)  # fmt: skip
"""Names of files that hold a secret whatever is in them."""

_EXAMPLES = ("*.dist", "*.example", "*.sample", "*.template", "*example*", "*.test")
_PERHAPS = (".npmrc", ".pypirc", ".yarnrc.yml", "*.key", "*.pem", "auth.json", "config.json", "nuget.config", "pip.conf", "settings.xml", "*service*account*.json")  # fmt: skip
"""Names of files that may hold one."""

KEYS = re.compile(
    r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[opsur]_[A-Za-z0-9]{36,}|\bgithub_pat_\w{22,}|\bglpat-[\w-]{20,}|"
    r"\bxox[abprs]-[\w-]{10,}|\bsk_live_\w{16,}|\bnpm_[A-Za-z0-9]{36}\b|\bpypi-[\w-]{50,}"
)
"""Keys and tokens that are known by their form."""

_IN_FILES = re.compile(
    r"_(?:authToken|auth|password)[ \t]*[=:][ \t]*[\"']?(?![\"']?\$\{)[^\s\"']{6,}|"
    r"(?:npmAuthToken|ClearTextPassword|\"auth\"|\"private_key\")[\"']?[ \t]*(?:[=:][ \t]*)?(?:value=)?[\"'](?!\$\{)[^\"'\s]{6,}|"
    r"^[ \t]*password[ \t]*[=:][ \t]*(?!\$)\S{4,}|<password>(?!\$\{)[^<\s]{4,}</password>",
    re.IGNORECASE | re.MULTILINE,
)


def secret_file(path: str, text: str | None) -> bool | None:
    """Whether a file holds a secret, by its name and, where that is known, its text; None where the text would decide."""
    name = posixpath.basename(path.rstrip("/")).lower()
    if _is_one_of(name, _EXAMPLES):
        return False
    if _is_one_of(name, _PRIVATE):
        return True
    if not _is_one_of(name, _PERHAPS):
        return False
    if text is None:
        return None
    return bool(KEYS.search(text) or _IN_FILES.search(text) or URL_WITH_PASSWORD.search(text))


def _is_one_of(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
