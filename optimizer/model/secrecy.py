"""What looks like a secret in the name or the value of a variable."""

from __future__ import annotations

import re

SECRET_NAME = re.compile(
    r"(?:^|_)(?:SECRET|SECRETS|PASSWORD|PASSWD|PASSPHRASE|TOKEN|CREDENTIALS?|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY)(?:$|_(?!ARN|NAME|ID|PATH|PARAMETER|URL|TTL|EXPIRY|SECONDS|LENGTH|LIMIT))",
    re.IGNORECASE,
)
# It begins where a word begins, so that a long word is read once and not from each of its letters.
URL_WITH_PASSWORD = re.compile(r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@", re.IGNORECASE)
