"""The field's tables of criminal careers: descriptions of a history, with the numbers at risk.

>>> from rfgscore.history.history import History
>>> history = History.from_arrays(person=["a", "a", "b"], day=[0, 40, 0], gravity=[1, 3, 1])
>>> after_nth(history, 40, horizons=[40])["chance"][0]
0.5
"""

from rfgscore.escalation.careers.further import after_nth
from rfgscore.escalation.careers.lorenz import concentration
from rfgscore.escalation.careers.lulls import intermittency
from rfgscore.escalation.careers.sequence import next_harm

__all__ = ["after_nth", "concentration", "intermittency", "next_harm"]
