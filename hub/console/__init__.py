"""What people and systems see of the hub over HTTP: the console's pages and the API."""
