"""What may be wrong with the settings of a modem's channels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from config.channel_settings import CallSettings, ChannelSettings, ModemSettings
from config.emergency_numbers import EMERGENCY, NO_EMERGENCY, emergency, is_number
from config.not_known import where_known
from config.secret_check import check_secret
from config.settings import Report


def check_modem(channel: ModemSettings, key: str, report: Report) -> None:
    """Report the faults of a channel of texts."""
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
                report(f"{key}.{name}", f"{found} is an emergency number ({EMERGENCY[found]})", NO_EMERGENCY)
            elif not is_number(number):
                cure = "must be + and 7 to 15 digits, the country's code first, without spaces"
                report(f"{key}.{name}", "found no international number", cure)
            elif number in seen:
                cure = "give each number one name: a reply is known by its number"
                report(f"{key}.{name}", f"is the number of {seen[number]!r} too", cure)
            seen.setdefault(number, name)


def check_call(
    channel: CallSettings, key: str, channels: Mapping[str, ChannelSettings], report: Report
) -> None:
    """Report a channel of calls that has no modem."""
    if not isinstance(channels.get(channel.modem), ModemSettings):
        modems = ", ".join(name for name, one in channels.items() if isinstance(one, ModemSettings))
        cure = f"name a channel of type modem: {modems or 'there is none'}"
        report(f"{key}.modem", f"{channel.modem!r} is none", cure)


def check_devices(channels: Mapping[str, ChannelSettings], report: Report) -> None:
    """Report a modem that two channels name."""
    seen: dict[Path, str] = {}
    for name, channel in channels.items():
        if isinstance(channel, ModemSettings):
            if channel.device in seen:
                cure = "give each modem one channel, with all numbers"
                report(f"channels.{name}.device", f"is that of {seen[channel.device]!r} too", cure)
            seen.setdefault(channel.device, name)
