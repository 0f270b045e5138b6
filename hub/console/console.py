"""What every page and every API call is handed: the desk, and the console's own parts."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import Final, Literal, TypeVar

from msgspec import Struct
from starlette.requests import Request

from config import logs
from config.clock import Clock, Now
from config.contract import shown
from hub.asking import Action, Answer, Done, IncidentAction, Refused, wish
from hub.console.aside import Aside, NoAnswerError
from hub.console.changes import Changes
from hub.console.desk import Desk
from hub.console.doorkeeper import Doorkeeper
from hub.console.session import Sealer
from hub.console.sign_in.codes import Codes
from hub.console.sign_in.guessing import Guessing
from hub.console.sign_in.turns import Turns
from hub.console.since import Since
from hub.console.words import Words
from hub.inputs import AccountChanged
from hub.links import Links
from hub.transitions import IllegalTransitionError

T = TypeVar("T", bound=Struct)
AccountEvent = Literal["signed-in", "signed-out", "account-changed"]

_log = logs.get(part="console")

ANSWER_S: Final = 6.0
"""How long a person's word waits for the recorder's answer."""
LOOK_S: Final = 2.5
"""How long it then waits for the record, if it must: the page itself gives up after 9 s."""


class NotTakenError(NoAnswerError):
    """A person's word that was not taken, and why can't be told: the record does not answer."""


class Console:
    """The console of one site."""

    def __init__(self, desk: Desk, session_key: bytes, clock: Clock) -> None:
        self.desk = desk
        self.clock = clock
        self.aside = Aside(clock)
        self.sealer = Sealer(session_key, desk.settings.site)
        self.links = Links(session_key, desk.settings.site)
        self.keeper = Doorkeeper(desk, self.aside, self.sealer, clock)
        self.since = Since(clock)
        self.changes = Changes(desk.view, self.ready_since)
        self.turns = Turns(clock)
        self.guessing = Guessing(desk, self.aside, clock)
        self.codes = Codes(desk, self.aside, clock)
        self.streams = 0

    @property
    def words(self) -> Words:
        """Return what writes times in the school's time zone, as the settings have it now."""
        return Words(self.desk.settings.timezone)

    def now(self) -> Now:
        """Return this moment."""
        return self.clock.now()

    def note(self, what: AccountEvent, request: Request, by: str, person: str, words: str) -> None:
        """Have the record say what was done with an account, and the log."""
        address = request.client.host if request.client else "-"
        via = "api" if request.url.path.startswith("/api/") else "console"
        _log.info(what, by=by, person=person, address=address, words=words)
        self.desk.tell(AccountChanged(what, by, via, person, address, words))

    def ready_since(self) -> int:
        """Return the wall ms since which the hub has been ready, or not for the present reason."""
        view = self.desk.view
        return self.since.of("ready", (view.ready, view.why))

    def room_name(self, device: str) -> str:
        """Return a room's name by its device, as pages show it."""
        room = next((one.room for one in self.desk.settings.rooms if one.device == device), device)
        return shown(room)

    async def ask_for(self, action: Action, kind: type[T]) -> T | Refused:
        """Return the recorder's answer, of this kind where the word was taken; raises as :meth:`ask` does."""
        answer = await self._told(action)
        assert isinstance(answer, kind | Refused)  # noqa: S101 - the others are of other words
        return answer

    async def ask(self, action: IncidentAction) -> Done | Refused:
        """Return the recorder's answer; raise :class:`NoAnswerError` when there is none in 6 s,
        :class:`NotTakenError` when it was refused and the record can't say why.

        The word stays with the recorder: it may still be taken after we gave up waiting. An incident
        that the recorder doesn't have may have been resolved before it started: the record knows.
        """
        answer = await self._told(action)
        if isinstance(answer, Refused) and answer.error == "not-found":
            return await self._from_record(action, answer)
        assert isinstance(answer, Done | Refused)  # noqa: S101 - the others are of other words
        return answer

    async def _from_record(self, action: IncidentAction, unknown: Refused) -> Refused:
        """Return why the recorder doesn't have it: it is resolved, or (``unknown``) never was."""
        try:
            known = await self.aside.call(self.desk.reading.incident, action.incident, patience_s=LOOK_S)
        except NoAnswerError as error:
            raise NotTakenError(f"the hub has no such unresolved incident, and {error}") from error
        if known is None:
            return unknown
        if known.state != "resolved":
            # Memory resolved it and let it go before the disk took the change.
            raise NotTakenError(f"incident {known.number} is not as the record has it; try again")
        refusal = IllegalTransitionError(wish(action), known)
        return Refused("not-in-this-state", str(refusal), refusal.state, refusal.allowed)

    async def _told(self, action: Action) -> Answer:
        answer = asyncio.wrap_future(self.desk.ask(action))
        answer.add_done_callback(_seen)
        try:
            return await asyncio.wait_for(asyncio.shield(answer), ANSWER_S)
        except TimeoutError:
            raise NoAnswerError(f"the hub did not answer within {ANSWER_S:g} s") from None
        except Exception as error:
            raise NoAnswerError(f"the hub could not answer: {type(error).__name__}") from error


def of(request: Request) -> Console:
    """Return the console that serves this request."""
    console: Console = request.app.state.console
    return console


def _seen(future: asyncio.Future[Answer] | Future[Answer]) -> None:
    if not future.cancelled():
        future.exception()
