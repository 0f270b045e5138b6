"""The short message service in bytes: alphabets, data units, messages of several parts. Pure, all of it."""
