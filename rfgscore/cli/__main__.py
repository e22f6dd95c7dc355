"""Lets ``python -m rfgscore.cli`` stand for ``rfgscore``."""

from rfgscore.cli.main import main

main()
