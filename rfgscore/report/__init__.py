"""What is written: the tables of an output set, and their bytes."""
