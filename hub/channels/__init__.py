"""Means of reaching people and systems. One shape for all, in :mod:`hub.channels.channel`."""
