"""The meeting packs: one run as pages that stand alone, for a screen and for paper."""

from rfgscore.report.page.packs import pack_bytes

__all__ = ["pack_bytes"]
