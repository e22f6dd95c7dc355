"""Take the pictures of a report that README and tutorial show: `python tools/take_pictures.py`."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

PICTURES = Path(__file__).parent.parent / "docs" / "_static"


def main() -> None:
    """Run the demo, open its report, and take the list and the page of the fifth person."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        subprocess.run(
            [sys.executable, "-m", "rfgscore.cli", "demo", "--out", f"{folder}/demo"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        page.goto(f"file://{folder}/demo/run/report.html")
        page.locator("h2").first.evaluate("heading => window.scrollTo(0, heading.offsetTop - 12)")
        page.screenshot(path=PICTURES / "report-list.png")
        page.set_viewport_size({"width": 1280, "height": 1130})
        page.locator("tbody a").nth(4).click()
        page.screenshot(path=PICTURES / "report-person.png")
        browser.close()


if __name__ == "__main__":
    main()
