"""``tocsin-device enrol``: how this Pi becomes a room. Never imported by ``run``.

| module | what it is for |
| --- | --- |
| `enrolling` | the steps, in order |
| `hub_door` | the hub's door, as it is spoken to |
| `door_words` | what went wrong there, and what to do |
| `keeping` | what is kept here, whole or not at all |
| `key` | the key, and the request for its certificate |
"""
