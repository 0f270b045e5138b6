"""What stands for a setting that has a fault of its own, so that checks between settings can go on."""

from __future__ import annotations

import contextlib
from typing import Any, Final, NoReturn


class NotKnownError(Exception):
    """A check looked at a setting that has a fault of its own: what it would say isn't known."""


class _Unknown:
    """Stands where a setting has a fault of its own. Whoever asks it anything but whether it is None
    (it isn't: something was meant there) is stopped, so that no fault is told that follows from another.
    """

    __slots__ = ()

    def _no(self, *_: Any) -> NoReturn:
        """Stop whoever asks."""
        raise NotKnownError

    __getattribute__ = __getitem__ = __iter__ = __contains__ = __len__ = __bool__ = __hash__ = _no
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __add__ = __radd__ = __int__ = __float__ = _no
    __str__ = __repr__ = __format__ = __fspath__ = _no


UNKNOWN: Final[Any] = _Unknown()

where_known: Final = contextlib.suppress(NotKnownError)
"""``with where_known:`` goes round each check that can stand by itself; it is left where it looks at a
setting that has a fault of its own."""
