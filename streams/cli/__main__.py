"""`python -m streams.cli`: how the supervisor starts a role without looking for `orderlog` on the PATH."""

from streams.cli import main

main()
