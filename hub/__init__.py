"""The service of a site: writes each event down, opens incidents, and tells people until one answers."""
