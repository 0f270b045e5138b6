"""Who may be which room: codes, identities, spares; how an agent gets one, and how it is taken away.

| module | what it is for |
| --- | --- |
| `identity` | a code, an identity, and what the broker is to go by; frozen |
| `asking` | what is asked of them, and what is answered |
| `book` | what is known of all codes and identities; pure |
| `identities` | what follows from what is asked; pure |
"""
