"""Figures, each beside the machine's own floor in the same run. Nothing here is a test."""
