"""A first function."""

import os
from typing import Any


def handler(event: dict[str, Any], context: object) -> dict[str, str]:
    """Greet whom the event names."""
    greeting = os.environ.get("GREETING", "Hello")
    return {"message": f"{greeting}, {event.get('name', 'world')}"}
