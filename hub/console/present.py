"""The picture in memory laid over what the record holds. Pure.

The view is ahead of the disk by one commit, and by much more while the disk is sick.
"""

from __future__ import annotations

from collections.abc import Iterable

from hub.incident import Incident
from hub.view import Trouble

UNRESOLVED = frozenset({"open", "acknowledged"})


def in_memory_alone(states: tuple[str, ...]) -> bool:
    """Tell whether incidents of these states are all in the view, so that no disk is needed."""
    return bool(states) and UNRESOLVED.issuperset(states)


def page(
    recorded: list[Incident],
    live: Iterable[Incident],
    states: tuple[str, ...],
    before: int | None,
    limit: int,
) -> tuple[list[Incident], int | None]:
    """Return a page of incidents, the highest number first, and the ``before`` of the next one.

    ``recorded`` is what the disk gave when asked for ``limit + 1`` of these states. Of an incident
    that both know, the higher revision stands.
    """
    by_id = {incident.id: incident for incident in recorded}
    for incident in live:
        known = by_id.get(incident.id)
        if known is None or known.revision <= incident.revision:
            by_id[incident.id] = incident
    floor = recorded[limit - 1].number if len(recorded) > limit else 0
    kept = sorted(
        (
            incident
            for incident in by_id.values()
            if incident.number >= floor
            and (not states or incident.state in states)
            and (before is None or incident.number < before)
        ),
        key=lambda incident: -incident.number,
    )
    if len(kept) > limit:
        kept = kept[:limit]
        return kept, kept[-1].number
    return kept, floor or None


def newest(recorded: Incident | None, live: Incident | None) -> Incident | None:
    """Return whichever of the two knows more."""
    if recorded is None or live is None:
        return recorded or live
    return recorded if recorded.revision > live.revision else live


def troubles_now(recorded: Iterable[Trouble], live: Iterable[Trouble]) -> list[Trouble]:
    """Return the troubles, open ones first, the newest first; of one that both know, what memory says."""
    by_key = {(trouble.key, trouble.since): trouble for trouble in recorded}
    by_key.update({(trouble.key, trouble.since): trouble for trouble in live})
    return sorted(by_key.values(), key=lambda trouble: (trouble.restored is not None, -trouble.since))
