"""The page of a back-test: one file that stands alone, for a screen and for paper."""

from rfgscore.backtests.page.page import page_bytes

__all__ = ["page_bytes"]
