"""How well rankings and risks would have done on days of the past, with what was known on each day only."""
