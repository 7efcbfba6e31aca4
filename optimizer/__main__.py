"""``python -m optimizer``."""

from optimizer.cli.main import main

main()
