"""What may be wrong with the settings of channels."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from config.alarm_receiver_checks import check_alarm_receiver
from config.channel_settings import (
    AlarmReceiverSettings,
    AppriseSettings,
    CallSettings,
    CapSettings,
    ChannelSettings,
    ModemSettings,
    WebhookSettings,
)
from config.modem_checks import check_call, check_devices, check_modem
from config.not_known import where_known
from config.people_settings import PersonSettings
from config.push_checks import check_push
from config.secret_check import check_secret
from config.settings import Report


def check_channels(
    channels: Mapping[str, ChannelSettings], people: Mapping[str, PersonSettings], report: Report
) -> None:
    """Report the faults of every channel; ``people`` are those whom Web Push may reach."""
    for name, channel in channels.items():
        key = f"channels.{name}"
        with where_known:
            if isinstance(channel, WebhookSettings):
                with where_known:
                    _check_url(channel, key, report)
                with where_known:
                    _check_webhook_secret(channel, key, report)
            elif isinstance(channel, AlarmReceiverSettings):
                check_alarm_receiver(channel, key, report)
            elif isinstance(channel, CapSettings):
                _check_cap(channel, key, report)
            elif isinstance(channel, AppriseSettings):
                _check_targets(channel, key, report)
            elif isinstance(channel, ModemSettings):
                check_modem(channel, key, report)
            elif isinstance(channel, CallSettings):
                check_call(channel, key, channels, report)
    with where_known:
        check_devices(channels, report)
    with where_known:
        check_push(channels, people, report)


def _check_targets(channel: AppriseSettings, key: str, report: Report) -> None:
    if channel.targets_file is None and channel.targets_env is None:
        report(key, "no targets", "set targets_file or targets_env: Apprise URLs, one a line")
    else:
        check_secret(f"{key}.targets", channel.targets_file, channel.targets_env, report)


def _check_cap(channel: CapSettings, key: str, report: Report) -> None:
    with where_known:
        _check_url(channel, key, report)
    with where_known:
        if channel.token_file is not None or channel.token_env is not None:
            check_secret(f"{key}.token", channel.token_file, channel.token_env, report)


def _check_url(channel: WebhookSettings | CapSettings, key: str, report: Report) -> None:
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
