"""Attacks on real parts: each is tried as an attacker would, and what they got is looked at."""
