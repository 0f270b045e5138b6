"""Tests of the agent: the deciding modules on a fake clock, the shells on a real broker and disk."""
