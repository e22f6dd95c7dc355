"""Recency-Frequency-Gravity scores of recorded domestic-abuse perpetrators."""
