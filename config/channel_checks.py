"""What may be wrong with the settings of channels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from config.channel_settings import (
    AppriseSettings,
    CallSettings,
    ChannelSettings,
    ModemSettings,
    WebhookSettings,
)
from config.emergency_numbers import EMERGENCY, emergency, is_number
from config.not_known import where_known
from config.secret_check import check_secret
from config.settings import Report


def check_channels(channels: Mapping[str, ChannelSettings], report: Report) -> None:
    """Report the faults of every channel."""
    for name, channel in channels.items():
        key = f"channels.{name}"
        with where_known:
            if isinstance(channel, WebhookSettings):
                with where_known:
                    _check_webhook_url(channel, key, report)
                with where_known:
                    _check_webhook_secret(channel, key, report)
            elif isinstance(channel, AppriseSettings):
                _check_targets(channel, key, report)
            elif isinstance(channel, ModemSettings):
                _check_modem(channel, key, report)
            else:
                _check_call(channel, key, channels, report)
    with where_known:
        _check_devices(channels, report)


def _check_targets(channel: AppriseSettings, key: str, report: Report) -> None:
    if channel.targets_file is None and channel.targets_env is None:
        report(key, "no targets", "set targets_file or targets_env: Apprise URLs, one a line")
    else:
        check_secret(f"{key}.targets", channel.targets_file, channel.targets_env, report)


def _check_modem(channel: ModemSettings, key: str, report: Report) -> None:
    with where_known:
        if channel.pin_file is not None or channel.pin_env is not None:
            pin = check_secret(f"{key}.pin", channel.pin_file, channel.pin_env, report)
            if pin is not None and not (pin.isascii() and pin.isdecimal() and 4 <= len(pin) <= 8):
                report(f"{key}.pin", "found no PIN", "must be 4 to 8 digits")
    with where_known:
        if not channel.numbers:
            report(f"{key}.numbers", "nobody", 'name at least one: reyes = "+15550100001"')
        _check_numbers(channel.numbers, f"{key}.numbers", report)


def _check_numbers(numbers: Mapping[str, str], key: str, report: Report) -> None:
    seen: dict[str, str] = {}
    for name, number in numbers.items():
        with where_known:
            if (found := emergency(number)) is not None:
                cure = "no channel calls or texts an emergency service by itself: see docs/mou.md"
                report(f"{key}.{name}", f"{found} is an emergency number ({EMERGENCY[found]})", cure)
            elif not is_number(number):
                cure = "must be + and 7 to 15 digits, the country's code first, without spaces"
                report(f"{key}.{name}", "found no international number", cure)
            elif number in seen:
                cure = "give each number one name: a reply is known by its number"
                report(f"{key}.{name}", f"is the number of {seen[number]!r} too", cure)
            seen.setdefault(number, name)


def _check_call(
    channel: CallSettings, key: str, channels: Mapping[str, ChannelSettings], report: Report
) -> None:
    if not isinstance(channels.get(channel.modem), ModemSettings):
        modems = ", ".join(name for name, one in channels.items() if isinstance(one, ModemSettings))
        cure = f"name a channel of type modem: {modems or 'there is none'}"
        report(f"{key}.modem", f"{channel.modem!r} is none", cure)


def _check_devices(channels: Mapping[str, ChannelSettings], report: Report) -> None:
    seen: dict[Path, str] = {}
    for name, channel in channels.items():
        if isinstance(channel, ModemSettings):
            if channel.device in seen:
                cure = "give each modem one channel, with all numbers"
                report(f"channels.{name}.device", f"is that of {seen[channel.device]!r} too", cure)
            seen.setdefault(channel.device, name)


def _check_webhook_url(channel: WebhookSettings, key: str, report: Report) -> None:
    if channel.url is None:
        url = check_secret(f"{key}.url", channel.url_file, channel.url_env, report)
    else:
        url = channel.url
    if url is not None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            report(f"{key}.url", "found no http or https URL", "must be http:// or https:// with a host")


def _check_webhook_secret(channel: WebhookSettings, key: str, report: Report) -> None:
    whsec = check_secret(f"{key}.secret", channel.secret_file, channel.secret_env, report)
    if whsec is not None and not whsec.startswith("whsec_"):
        report(f"{key}.secret", "doesn't begin with whsec_", "must be whsec_ and the base64 of 32 bytes")
