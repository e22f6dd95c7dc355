"""``report.html``: one run as a page that stands alone, for a screen and for paper."""

from rfgscore.report.page.page import page_bytes

__all__ = ["page_bytes"]
