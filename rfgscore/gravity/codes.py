"""How offence codes are compared."""

from __future__ import annotations

import re

__all__ = ["name_code", "normal_code"]

#: Only text that looks like a code is ever named: a wrongly mapped column must not leak into a message.
_CODE = re.compile(r"[0-9]{1,3}[A-Z]{0,2}(/[0-9.]{1,4})*|[A-Z]{1,3}")


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


def name_code(code: str) -> str:
    """Return how a message names an offence code.

    Parameters
    ----------
    code : str
        A code in its compared form.

    Returns
    -------
    str
        The code, or what it is where it is blank or does not look like one.

    Examples
    --------
    >>> name_code("8/6"), name_code(""), name_code("ANNA SMITH")
    ('8/6', 'a blank code', 'a text that is no code')
    """
    return code if _CODE.fullmatch(code) else "a text that is no code" if code else "a blank code"
