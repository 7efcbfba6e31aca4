"""Pages that tell how to do something: their commands, their files, and what they claim."""
