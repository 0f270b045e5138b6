"""Tests of the UPS: its protocol, its line on a pseudo-terminal, its contacts on mock pins."""
