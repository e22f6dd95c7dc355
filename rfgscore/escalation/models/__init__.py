"""The models of risk, behind one protocol."""
