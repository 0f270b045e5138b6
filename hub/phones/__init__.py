"""Simulated phones, and the modem that reaches them: for the demo and for tests, never for a school."""
