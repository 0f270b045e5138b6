"""Documents of CAP."""
