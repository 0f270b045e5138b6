"""Doors, as scripts: what is told of one that should be closed, to whom, and when nothing is."""
