"""From hand-written Dockerfiles to proposed specifications, with an account of every instruction."""
