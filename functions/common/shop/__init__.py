"""First-party code that the shop's Python functions share; `validation` alone needs pydantic."""
