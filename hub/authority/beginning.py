"""The site's authority as a hub's settings have it, made where it isn't yet; as often as asked."""

from __future__ import annotations

from pathlib import Path

from config.hub_settings import HubSettings
from hub.authority.authority import FOLDER, KEY_FILE, Authority, AuthorityError
from hub.authority.broker_files import CA, BrokerFiles
from hub.authority.names import server_name
from hub.authority.own_files import keep_own


def begin(settings: HubSettings) -> Authority:
    """Return the site's authority; the hub's own certificates are there after it.

    None is made where the broker goes by one already: it would shut every agent out. Raises
    :class:`hub.authority.authority.AuthorityError` and ``OSError``.
    """
    folder, known = settings.data / FOLDER, broker_folder(settings) / CA
    if known.exists() and not (folder / KEY_FILE).exists():
        raise AuthorityError(
            f"{folder / KEY_FILE} is missing, and agents have certificates of its authority ({known}); "
            f"restore {folder} from a backup, or move {known} away and enrol every agent again"
        )
    authority = Authority.open(folder, settings.site)
    keep_own(authority, settings.data, settings.site)
    return authority


def broker_files(settings: HubSettings, authority: Authority) -> BrokerFiles:
    """Return the folder that the site's broker reads."""
    return BrokerFiles(
        authority, broker_folder(settings), settings.data, site=settings.site, hub=settings.hub
    )


def broker_folder(settings: HubSettings) -> Path:
    """Return where that folder is."""
    return settings.authority.broker_files or settings.data / "broker"


def broker_names(settings: HubSettings) -> list[str]:
    """Return what the broker's certificate is for: the name that agents check, then those of the settings."""
    return [server_name("broker", settings.site), *settings.authority.broker_names]
