"""One file per installer family: what a step becomes in a build stage, and what makes it reproducible."""
