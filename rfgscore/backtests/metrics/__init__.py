"""Measures of a ranking or a risk against what happened: pure functions on arrays.

A higher score is a higher risk. `stop` and `end` are those of `Episodes`; where only event or not is known,
`end` may be a mask. Days are whole: a row censored on a day was watched through that day, so that a year of
follow-up answers what happened within 365 days. scikit-survival, made for continuous time, gives the same
numbers when its censored rows stop half a day later.

A competing end (death, transfer) is an observed end, no censoring: from then on the row is known to stay
without the event. Where rows are weighted for censoring, ended rows weigh ``1 / P(watched until their end)``,
whichever end it was, and rows still at risk at the horizon ``1 / P(watched until the horizon)``.

What is not defined is an error with a name, never NaN.
"""
