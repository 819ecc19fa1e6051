"""`python -m cad` is the command `cad`."""

from cad.cli import main

main()
