"""The record in SQL. No SQL stands outside this package."""
