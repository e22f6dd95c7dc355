"""The command line: the one place that prints, and the one place that ends a process."""

from rfgscore.cli.main import main

__all__ = ["main"]
