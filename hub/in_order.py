"""What an alarm receiver is to hear first, before something else that it is owed. Pure.

A restoral that it heard before its alarm would leave that alarm open for ever; so would the end of a bypass
or of a test, heard before its beginning.
"""

from __future__ import annotations

from collections.abc import Sequence

from hub.delivery import Delivery


def waits(delivery: Delivery, there: Sequence[Delivery]) -> bool:
    """Tell whether a delivery waits; ``there`` is all that its target is owed of its incident, oldest first.

    Where it tells of no incident, that is all that tells of none. A marked test waits for nothing.
    """
    if delivery.incident:
        return delivery.type == "incident.resolved" and any(one.is_first for one in there)
    in_line = [one.id for one in there if one.type != "channel.test"]
    return delivery.type != "channel.test" and in_line[:1] != [delivery.id]
