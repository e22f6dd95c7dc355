"""How offence codes are compared."""

from __future__ import annotations

__all__ = ["normal_code"]


def normal_code(text: str) -> str:
    """Return an offence code in the form in which codes are compared.

    Trimmed, upper case, without leading zeros of each part.

    Parameters
    ----------
    text : str
        A code as a file has it.

    Returns
    -------
    str
        The compared form; blank for a blank code.

    Examples
    --------
    >>> normal_code("008/06"), normal_code("8/6"), normal_code(" 8n "), normal_code("057/00")
    ('8/6', '8/6', '8N', '57/0')
    """
    parts = (part.strip() for part in text.strip().upper().split("/"))
    return "/".join(part.lstrip("0") or part[:1] for part in parts)
