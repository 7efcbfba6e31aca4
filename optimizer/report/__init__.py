"""Pure formatters: from values to text for people and for machines."""
