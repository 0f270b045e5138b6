"""What the commands in ``scripts/`` are made of. The standard library alone, until the venv is there."""
