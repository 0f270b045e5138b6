"""The JSON API of the contract, under ``/api/v1/``."""
