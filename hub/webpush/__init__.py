"""Web Push: what a browser's push service is sent, and for whom. Pure."""
