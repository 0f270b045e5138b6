"""ANSI/SIA DC-09: what an alarm receiver of a monitoring station is told, and what it answers. Pure."""
