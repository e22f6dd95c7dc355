"""Take the pictures of the packs that README and tutorials show: `python tools/take_pictures.py`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parent))

import twelve_cycles

PICTURES = Path(__file__).parent.parent / "docs" / "_static"


def main() -> None:
    """Run four monthly cycles of an invented force, open the last packs, and take what a meeting sees."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        config, days, files = twelve_cycles.synthetic(Path(folder), 3000)
        last = twelve_cycles.cycles.run_cycles(Path(folder), config, days[-4:], **files)[-1]
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        page.goto(f"file://{last}/report.html")
        page.locator("h2").first.evaluate("heading => window.scrollTo(0, heading.offsetTop - 12)")
        page.screenshot(path=PICTURES / "report-list.png")
        page.set_viewport_size({"width": 1280, "height": 1500})
        page.locator("tbody a").nth(1).click()
        page.screenshot(path=PICTURES / "report-person.png")
        page.set_viewport_size({"width": 1280, "height": 860})
        page.goto(f"file://{last}/monitoring.html")
        page.locator("h2").first.evaluate("heading => window.scrollTo(0, heading.offsetTop - 12)")
        page.screenshot(path=PICTURES / "monitoring-list.png")
        page.goto(f"file://{last}/briefing.html")
        page.screenshot(path=PICTURES / "briefing.png")
        browser.close()


if __name__ == "__main__":
    main()
