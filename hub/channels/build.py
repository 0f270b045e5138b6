"""The channels that a hub's settings name, ready for the dispatcher."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256

from config import credentials
from config.alarm_receiver_checks import host_and_port, key_of
from config.channel_settings import (
    AlarmReceiverSettings,
    AppriseSettings,
    CallSettings,
    CapSettings,
    ModemSettings,
    PushSettings,
    WebhookSettings,
)
from config.clock import Clock, SystemClock
from config.emergency_numbers import NO_EMERGENCY, emergency_in
from config.hub_settings import HubSettings
from config.push_checks import targets_of
from config.settings import Fault, SettingsError, masked, secret
from hub.channels.apprise import AppriseChannel, fault
from hub.channels.apprise_targets import AppriseTarget, read_targets
from hub.channels.build_modem import made_of_modem, modem_channel
from hub.channels.channel import Channel
from hub.delivery import Delivery
from hub.links import Invitations, Links
from hub.push_key import push_key
from hub.shape import Shape
from hub.store.phones import Phones

Told = Callable[[str, str], Sequence[Delivery]]
"""Returns what of an incident was delivered by a channel before, by the record; may block."""


def build_channels(
    settings: HubSettings,
    clock: Clock | None = None,
    told: Told | None = None,
    links: Links | None = None,
    phones: Phones | None = None,
) -> dict[str, Channel]:
    """Return each channel of the settings by its name; ``told`` says what the record knows to be delivered.

    ``links`` signs what goes out with messages; ``phones`` are those that signed up for Web Push.
    Raises :class:`SettingsError` with all that is wrong: secrets that can't be read or used, lines
    of targets that aren't any, people's ends that no channel has.
    """
    channels: dict[str, Channel] = {}
    faults: list[Fault] = []
    invitations = Invitations(links, settings)
    for name, channel in settings.channels.items():
        try:
            if isinstance(channel, PushSettings):
                path = invitations.path
                channels[name] = _push(name, channel, settings, phones, path, clock or SystemClock())
            else:
                channels[name] = _channel(
                    name, channel, settings, clock or SystemClock(), told or (lambda *_: ()), invitations
                )
        except SettingsError as error:
            faults += error.faults
    if not faults:
        faults += _lost_ends(settings, channels)
    if faults:
        raise SettingsError(tuple(faults))
    return channels


def check_channels(settings: HubSettings) -> tuple[Fault, ...]:
    """Return all that is wrong with the channels, also what only Apprise can tell. Takes a second or two.

    Nothing where one has a credential that only the service sees: it is told as it starts.
    """
    if with_service(settings):
        return ()
    try:
        build_channels(settings)
    except SettingsError as error:
        return error.faults
    faults: list[Fault] = []
    for name, channel in settings.channels.items():
        if isinstance(channel, AppriseSettings):
            place = _place(channel)
            faults += [
                Fault(place, f"line {target.line}", found, "see Apprise's page of that service for its URL")
                for target in _targets(name, channel)
                if (found := fault(target.url))
            ]
    return tuple(faults)


def with_service(settings: HubSettings) -> list[str]:
    """Return the keys of secrets of channels that can't be seen from here, and that the service is given."""
    return [
        f"channels.{name}.{key}"
        for name, channel in settings.channels.items()
        for key in ("url_file", "secret_file", "targets_file", "key_file", "token_file", "pin_file")
        if (file := getattr(channel, key, None)) is not None and credentials.is_with_service(file)
    ]


def shapes_of(channels: Mapping[str, Channel]) -> dict[str, Shape]:
    """Return each channel as the deciding modules know it, by its name."""
    return {name: Shape(channel.kind, channel.targets, channel.unasked) for name, channel in channels.items()}


def made_of(settings: HubSettings) -> dict[str, str]:
    """Return, by each channel's name, a hash of all that it is made of, its secrets among it.

    Raises ``LookupError`` where a secret can't be read.
    """
    found = {}
    for name, channel in settings.channels.items():
        if isinstance(channel, WebhookSettings):
            whole = [secret("url", channel.url_file, channel.url_env, channel.url)]
            whole += [secret("secret", channel.secret_file, channel.secret_env), str(channel.timeout_s)]
        elif isinstance(channel, AlarmReceiverSettings):
            whole = [secret("key", channel.key_file, channel.key_env, _no_key(channel)), repr(channel)]
        elif isinstance(channel, CapSettings):
            whole = [secret("url", channel.url_file, channel.url_env, channel.url), repr(channel)]
            whole += [settings.name, settings.timezone]
            if _has_token(channel):
                whole.append(secret("token", channel.token_file, channel.token_env))
        elif isinstance(channel, AppriseSettings):
            whole = [secret("targets", channel.targets_file, channel.targets_env), settings.timezone]
            whole += [str(channel.timeout_s), Invitations(None, settings).made_of(name)]
        elif isinstance(channel, PushSettings):
            whole = [repr(channel), settings.timezone, Invitations(None, settings).made_of(name)]
        else:
            whole = [repr(made_of_modem(name, channel, settings))]
        whole.append(type(channel).__name__)
        found[name] = sha256("\0".join(whole).encode()).hexdigest()
    return found


def _lost_ends(settings: HubSettings, channels: dict[str, Channel]) -> list[Fault]:
    """Name each end of a person that its channel doesn't have: nothing would ever be told there."""
    faults: list[Fault] = []
    for key, person in settings.people.items():
        for end in person.reach:
            channel, is_one, target = end.partition("/")
            known = channels[channel].targets
            if is_one and target not in known:
                found = f"channel {channel!r} has no target {masked(repr(target))}"
                faults.append(Fault("settings", f"people.{key}.reach", found, f"targets: {', '.join(known)}"))
    return faults


def _push(
    name: str,
    channel: PushSettings,
    settings: HubSettings,
    phones: Phones | None,
    path: Callable[[Delivery], str | None],
    clock: Clock,
) -> Channel:
    from hub.channels.web_push import WebPush  # 27 MB: only where there is one

    try:
        key = None if phones is None else push_key(settings.data)
    except (OSError, ValueError) as error:
        cure = "give it back from a backup, or remove it: then each phone is signed up anew"
        raise _unusable(f"channels.{name}", f"its key can't be read: {error}", cure) from None
    targets = targets_of(name, settings.people)
    return WebPush(name, targets, channel, settings.timezone, phones, key, path, clock)


def _channel(
    name: str,
    channel: WebhookSettings
    | AppriseSettings
    | AlarmReceiverSettings
    | CapSettings
    | ModemSettings
    | CallSettings,
    settings: HubSettings,
    clock: Clock,
    told: Told,
    invitations: Invitations,
) -> Channel:
    if isinstance(channel, WebhookSettings):
        return _webhook(name, channel, clock)
    if isinstance(channel, CapSettings):
        return _cap(name, channel, (settings.name, settings.timezone), told)
    if isinstance(channel, AppriseSettings):
        return _apprise(name, channel, settings.timezone, invitations)
    if isinstance(channel, AlarmReceiverSettings):
        return _alarm_receiver(name, channel, clock)
    return modem_channel(name, channel, settings, clock)


def _webhook(name: str, settings: WebhookSettings, clock: Clock) -> Channel:
    from hub.channels.webhook import Webhook  # 27 MB: only where there is one

    key = f"channels.{name}"
    try:
        url = secret("url", settings.url_file, settings.url_env, settings.url)
        signing = secret("secret", settings.secret_file, settings.secret_env)
    except LookupError as error:
        raise _unusable(key, str(error), "set it to where it is kept") from None
    try:
        return Webhook(name, url, signing, settings.timeout_s, clock)
    except ValueError as error:
        cure = "must be an http or https URL, and a secret of whsec_ and the base64 of 32 bytes"
        raise _unusable(key, str(error), cure) from None


def _alarm_receiver(name: str, settings: AlarmReceiverSettings, clock: Clock) -> Channel:
    from hub.channels.alarm_receiver import AlarmReceiver  # its look-ups come with 27 MB
    from hub.dc09.line import Line

    key = f"channels.{name}"
    try:
        text = secret("key", settings.key_file, settings.key_env, _no_key(settings))
    except LookupError as error:
        raise _unusable(key, str(error), "set it to where it is kept") from None
    is_plain = _no_key(settings) is not None
    secret_key = None if is_plain else key_of(text, settings.key_form)
    if secret_key is None and not is_plain:
        raise _unusable(f"{key}.key", f"found {len(text)} characters", "must be a key of 16, 24 or 32 bytes")
    line = Line(
        settings.account,
        settings.prefix,
        settings.receiver,
        settings.payload,
        settings.partition,
        secret_key,
    )
    found = [host_and_port(one) for one in (settings.address, settings.backup_address) if one is not None]
    places = [place for place in found if place is not None]  # the settings' check lets no other pass
    return AlarmReceiver(name, line, places, settings.transport, settings.timeout_s, settings.tries, clock)


def _no_key(settings: AlarmReceiverSettings) -> str | None:
    """Return an empty key where none is set."""
    return "" if settings.key_file is None and settings.key_env is None else None


def _cap(name: str, settings: CapSettings, place: tuple[str, str], told: Told) -> Channel:
    from hub.channels.cap import CapChannel

    key = f"channels.{name}"
    try:
        url = secret("url", settings.url_file, settings.url_env, settings.url)
        token = secret("token", settings.token_file, settings.token_env) if _has_token(settings) else None
    except LookupError as error:
        raise _unusable(key, str(error), "set it to where it is kept") from None
    try:
        return CapChannel(name, url, token, settings, place, told)
    except ValueError as error:
        raise _unusable(key, str(error), "must be an http or https URL") from None


def _has_token(settings: CapSettings) -> bool:
    return settings.token_file is not None or settings.token_env is not None


def _apprise(name: str, settings: AppriseSettings, timezone: str, invitations: Invitations) -> Channel:
    return AppriseChannel(name, _targets(name, settings), settings.timeout_s, timezone, invitations.line)


def _targets(name: str, settings: AppriseSettings) -> tuple[AppriseTarget, ...]:
    """Read an Apprise channel's targets; raises :class:`SettingsError` with each line that is none."""
    key = f"channels.{name}.targets"
    file, variable = settings.targets_file, settings.targets_env
    try:
        text = secret("targets", file, variable)
        if file is not None:
            text = file.read_text(encoding="utf-8")  # with its first empty lines: faults are numbered
    except LookupError as error:
        raise _unusable(key, str(error), "set it to where they are kept") from None
    targets, faults = read_targets(text)
    place = _place(settings)
    found = [Fault(place, f"line {wrong.line}", wrong.found, wrong.cure) for wrong in faults]
    found += [
        Fault(place, f"line {target.line}", f"{number} is an emergency number", NO_EMERGENCY)
        for target in targets
        if (number := emergency_in(target.url)) is not None
    ]
    if not targets and not faults:
        found.append(Fault(place, key, "no targets", "write Apprise URLs, one a line"))
    if found:
        raise SettingsError(tuple(found))
    return targets


def _place(settings: AppriseSettings) -> str:
    """Say where an Apprise channel's targets stand."""
    return str(settings.targets_file) if settings.targets_file else f"${settings.targets_env}"


def _unusable(key: str, found: str, cure: str) -> SettingsError:
    return SettingsError((Fault("settings", key, found, cure),))
