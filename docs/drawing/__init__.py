"""Pictures and tables of the docs that follow from the code; ``python -m docs.drawing`` writes them anew."""
