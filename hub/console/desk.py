"""What the console needs of the hub: the whole face between them."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Protocol

from prometheus_client import CollectorRegistry

from config.hub_settings import HubSettings
from hub.asking import Action, Answer
from hub.enrolment.wheels import Wheels
from hub.inputs import AccountChanged, ConsoleCertificate, SignInGuessed
from hub.store.people import People
from hub.store.phones import Phones
from hub.store.reading import Reading
from hub.store.sessions import Sessions
from hub.store.tokens import Tokens
from hub.view import View


class Desk(Protocol):
    """One site, as its console reaches it."""

    view: View
    reading: Reading
    people: People
    sessions: Sessions
    tokens: Tokens
    phones: Phones
    settings: HubSettings
    metrics: CollectorRegistry
    wheels: Wheels

    def ask(self, action: Action) -> Future[Answer]:
        """Hand a person's word to the recorder; never blocks."""
        ...

    def tell(self, fact: AccountChanged | ConsoleCertificate | SignInGuessed) -> None:
        """Hand the recorder what it is to know of accounts and of the console itself; never blocks."""
        ...

    def boards(self, change: int) -> None:
        """Be told that a signed-in board's live stream opened (+1) or closed (-1)."""
        ...
