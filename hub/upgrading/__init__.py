"""Upgrading the rooms: one first, then the rest, each asked for by its own Pi.

| module | what it is for |
| --- | --- |
| `asking` | a run, its rooms, what is asked of it and what is answered; frozen |
| `upgrades` | whose turn it is, who has it, who failed, when it stops; pure |
| `doing` | what commands ask, over the hub's local socket |
| `listing` | a run as commands, the API and the page show it |
"""
