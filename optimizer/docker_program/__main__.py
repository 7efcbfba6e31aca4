"""``python -m optimizer.docker_program`` is ``optimizer-docker``."""

from optimizer.docker_program.main import main

main()
