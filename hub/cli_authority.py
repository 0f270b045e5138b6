"""``tocsin-hub authority``: the site's authority, and what broker and hub need of it."""

from __future__ import annotations

import sys

from config.hub_settings import HubSettings
from hub.authority.authority import FOLDER, KEY_FILE, AuthorityError
from hub.authority.beginning import begin, broker_files, broker_folder, broker_names


def authority(settings: HubSettings) -> int:
    """Make what isn't there yet, keep what is, and say what there is; returns the exit code."""
    key = settings.data / FOLDER / KEY_FILE
    is_new = not key.exists()
    try:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = begin(settings)
        files = broker_files(settings, made)
        names = broker_names(settings)
        certified = files.keep_certificate(names)
        listed = files.begin_lists()
    except AuthorityError as error:
        print(f"tocsin-hub: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"tocsin-hub: {error.filename or settings.data}: {error.strerror or error}", file=sys.stderr)
        return 1
    print(f"authority of site {settings.site}: {'made' if is_new else 'is there'}")
    print(f"  SHA-256 of its certificate: {made.fingerprint.hex(':').upper()}")
    print(f"  its key, which signs for everybody: {key}")
    print(f"broker: {broker_folder(settings)}: {'written' if certified or listed else 'as it was'}")
    print(f"  its certificate is for {', '.join(names)}")
    return 0
