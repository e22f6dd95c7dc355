"""Run every notebook from top to bottom, and keep its outputs in it.

Run from the top folder: ``python tools/run_notebooks.py``. A test runs them the same way and compares; the
documentation shows what was kept.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))


def ran(path: Path, folder: Path) -> Any:
    """Return a notebook with the outputs of a fresh run in a folder; no time and no machine stands in it."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=120,
        record_timing=False,
        coalesce_streams=True,
        extra_arguments=["--log-level=ERROR"],  # a kernel on this machine warns that others might listen
        resources={"metadata": {"path": folder}},
    ).execute()
    notebook.metadata["language_info"] = {"name": "python"}
    return notebook


def main() -> None:
    for path in NOTEBOOKS:
        with tempfile.TemporaryDirectory() as folder:
            notebook = ran(path, Path(folder))
        path.write_text(nbformat.writes(notebook, indent=1) + "\n", encoding="utf-8")
        print(path.name)


if __name__ == "__main__":
    main()
