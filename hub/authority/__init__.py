"""The site's own authority: who is who on the broker, who no longer is, and what each may say and hear.

| module | what it is for |
| --- | --- |
| `names` | common names and the names that servers are checked against |
| `authority` | the authority's key and certificate; what it signs |
| `own_files` | the hub's own certificates and the broker's, as files |
| `revocation` | the list of certificates that were revoked |
| `rights` | the list of what each party may publish and hear |
| `broker_files` | both lists where the broker reads them |
| `closing` | the session of somebody who was revoked, ended |
| `beginning` | all of it as the settings have it |

docs/decisions/0025-identity.md says why it is so.
"""
