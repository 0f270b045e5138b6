"""What both sides of Tocsin agree on: the wire contract, settings, clocks, logs."""

__version__ = "0.1.0"
