"""A small invented extract, so that the main job runs before any real data is at hand."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

__all__ = ["SAMPLE_AS_OF", "sample_file"]

#: Day the sample extract was taken, and the day to look at.
SAMPLE_AS_OF = "2025-06-30"


def sample_file(name: str) -> Path:
    """Return the path of a file of the sample.

    Parameters
    ----------
    name : {"config.yaml", "offences.csv", "subjects.csv", "custody.csv", "links.csv"}
        Name of the file.

    Returns
    -------
    Path
        Where it lies.

    Raises
    ------
    FileNotFoundError
        When the sample has no such file.

    Examples
    --------
    >>> sample_file("offences.csv").name
    'offences.csv'
    """
    path = Path(str(files("rfgscore") / "sample" / name))
    if not path.is_file():
        raise FileNotFoundError(f"the sample has no file {name!r}")
    return path
