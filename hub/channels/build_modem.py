"""The channels of a cellular modem, as a hub's settings name them."""

from __future__ import annotations

from collections.abc import Iterable

from config.channel_settings import CallSettings, ModemSettings
from config.clock import Clock
from config.hub_settings import HubSettings
from config.settings import Fault, SettingsError, secret
from hub.channels.channel import Channel


def modem_channel(
    name: str, channel: ModemSettings | CallSettings, settings: HubSettings, clock: Clock
) -> Channel:
    """Return a channel of texts, or of calls; raises :class:`SettingsError` where a PIN can't be read."""
    numbers = _numbers(channel, settings)
    people = _people(settings, name, numbers)
    if isinstance(channel, CallSettings):
        from hub.channels.call import Calls

        return Calls(name, channel.modem, numbers, people)
    from hub.channels.modem import Texts
    from hub.channels.modem_port import Line, ModemPort

    try:
        pin = _pin(channel)
    except LookupError as error:
        fault = Fault("settings", f"channels.{name}.pin", str(error), "set it to where it is kept")
        raise SettingsError((fault,)) from None
    port = ModemPort(name, Line(str(channel.device), channel.baud), pin, clock)
    return Texts(name, port, numbers, people, settings.timezone)


def made_of_modem(
    name: str, channel: ModemSettings | CallSettings, settings: HubSettings
) -> tuple[object, ...]:
    """Return all that such a channel is made of; raises ``LookupError`` where a PIN can't be read."""
    numbers = _numbers(channel, settings)
    people = _people(settings, name, numbers)
    if isinstance(channel, CallSettings):
        return channel.modem, numbers, people
    return str(channel.device), channel.baud, _pin(channel), numbers, people, settings.timezone


def _pin(channel: ModemSettings) -> str | None:
    if channel.pin_file is None and channel.pin_env is None:
        return None
    return secret("pin", channel.pin_file, channel.pin_env)


def _numbers(channel: ModemSettings | CallSettings, settings: HubSettings) -> dict[str, str]:
    if isinstance(channel, CallSettings):
        modem = settings.channels[channel.modem]
        assert isinstance(modem, ModemSettings)  # noqa: S101 - checked with the settings
        return modem.numbers
    return channel.numbers


def _people(settings: HubSettings, channel: str, targets: Iterable[str]) -> dict[str, str]:
    """Return whose ends a channel's targets are; one that is nobody's alone goes by its own name."""
    found = {}
    for target in targets:
        owners = [person for person in settings.people.values() if f"{channel}/{target}" in person.reach]
        found[target] = owners[0].name if len(owners) == 1 else target
    return found
