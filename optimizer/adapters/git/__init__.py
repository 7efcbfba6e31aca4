"""Reading Git repositories with the program ``git``: commits, what they changed, and files as they were.

Nothing is written, no hook and no other program of the repository's
configuration runs, and the network is not asked.
"""
