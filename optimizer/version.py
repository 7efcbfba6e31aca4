"""The version of this package, which the build of the package reads here too, and where it is published."""

from __future__ import annotations

VERSION = "0.1.0"

ADDRESS = ""
"""Where the project is published, such as ``https://example.com/owner/name``; empty until it is.

Links of SARIF reports and of editors to the pages of rules, the project's URLs
in the package, and the links of the README there are made of it.
"""


def page_address(path: str, address: str = ADDRESS, version: str = VERSION) -> str:
    """The address of a file of the project as it was in a version; empty where the project is not published."""
    return f"{address.rstrip('/')}/blob/v{version}/{path}" if address else ""
