"""From a file, or a table in memory, to columns of text."""
