"""Histories: reading, checking and ordering the lines of all persons."""
