"""Escalation risk: episodes, covariates, survival models and what they predict."""
