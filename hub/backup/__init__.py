"""The backup of a site, sealed, and what puts it in the place of a dead box."""
