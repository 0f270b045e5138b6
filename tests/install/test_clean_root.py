"""scripts/install on a clean Debian, real systemd included: install, enrol rooms, upgrade, go back, refuse.

Debian 12; ``TOCSIN_RELEASE=trixie`` tries Debian 13.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.install.clean_root import ASK, NEEDS, CleanRoot, bring_clash

pytestmark = [
    pytest.mark.long,
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(not all(map(shutil.which, NEEDS)), reason=f"needs {', '.join(NEEDS)}"),
]

SCHOOL = 'St. "Änne" \\ $(School)'
HUB = "/root/tocsin/scripts/install hub --wheels /root/wheels --ready-within 30 </dev/null"
RUNNING = "systemctl is-active tocsin-broker tocsin-hub tocsin-agent"
UP = f"for _ in $(seq 60); do {RUNNING} >/dev/null && break; sleep 1; done"
MIGRATION = """from alembic import op
revision, down_revision, branch_labels, depends_on = "9999", "LAST", None, None

def upgrade():
    op.execute("CREATE TABLE later (a int)")
"""
PRESS = """
/opt/tocsin/current/hub/bin/python -I - <<'END'
import json
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
own = "/etc/tocsin/identity/"
client.tls_set(own + "authority.pem", own + "certificate.pem", own + "key.pem")
client.tls_insecure_set(True)  # it is spoken to by its address; the agent checks its name
client.connect("127.0.0.1", 8883)
client.loop_start()
event = {"v": 1, "id": "trial-1", "boot": "b", "seq": 1, "zone": "wall", "label": "wall button",
         "kind": "panic", "what": "alarm", "age_ms": 5, "test": False, "room": "Front desk"}
sent = client.publish("tocsin/v1/st-anne-school/front-desk/event", json.dumps(event), qos=1)
sent.wait_for_publish(10)
END
"""


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CleanRoot]:
    """A Debian on which scripts/install has run once, in a chroot: nothing was ever started there."""
    root = CleanRoot(tmp_path_factory.mktemp("install") / "root")
    try:
        root.make()
        root.bring_bare()
        (root.folder / "root/password").write_text("correct horse\n")
        flags = ["--name", SCHOOL, "--site", "st-anne-school", "--user", "officer", "--yes", "--no-start"]
        flags += ["--password-file", "/root/password", "--pins", "mock", "--wheels", "/root/wheels"]
        code, said = root.chroot("/root/tocsin/scripts/install", "hub", *flags)
        assert code == 0, said
        assert "[9/9]" in said
        yield root
    finally:
        shutil.rmtree(root.folder, ignore_errors=True)


def test_it_starts_with_the_machine_and_a_press_becomes_an_incident(clean: CleanRoot) -> None:
    """All three units reach active by themselves; secrets are for their one user; mosquitto's own is off."""
    code, said = clean.boot(
        f"""set -eu
        {UP}
        {RUNNING}
        {ASK}
        await '"standing":"heard"' ask devices
        {PRESS}
        await '"kind":"panic"' ask incidents
        await 'Front desk' ask incidents
        refused systemctl -q is-enabled mosquitto
        owners=$(stat -c %U:%a /etc/tocsin/identity/key.pem /etc/tocsin/agent.toml | xargs)
        [ "$owners" = "tocsin-agent:600 root:640" ] # as tocsin-enrol.service made them
        refused runuser -u tocsin-agent -- cat /etc/tocsin/hub.toml
        refused runuser -u tocsin-hub -- cat /etc/tocsin/agent.toml
        refused runuser -u tocsin-agent -- ls /etc/tocsin/secrets
        refused runuser -u tocsin-agent -- ls /var/lib/tocsin/hub
        [ "$(systemctl show -p NRestarts --value tocsin-hub tocsin-agent tocsin-broker | grep -c '^0$')" = 3 ]
        """
    )
    assert code == 0, said


def test_what_reads_real_pins_is_installed_from_the_network(clean: CleanRoot) -> None:
    """As it comes to a Pi: Python 3.13 has no wheel of lgpio, and pip would take an old, empty one of it."""
    root = CleanRoot(clean.folder.with_name("pins"))
    subprocess.run(["cp", "-a", str(clean.folder / "bare"), str(root.folder)], check=True)
    try:
        root.bring_checkout()
        (root.folder / "root/password").write_text("correct horse\n")
        flags = ["--name", "x", "--user", "officer", "--password-file", "/root/password", "--yes"]
        code, said = root.chroot("/root/tocsin/scripts/install", "hub", *flags, "--no-start")
        assert code == 0, said
        use = "import lgpio; print(lgpio.gpiochip_open, lgpio.__file__)"
        python = ["env", "LG_WD=/tmp", "/opt/tocsin/current/agent/bin/python", "-I", "-c", use]
        code, said = root.chroot(*python)
        assert code == 0, said
        assert list((root.folder / "opt/tocsin/current/rooms").glob("lgpio-*.whl"))
    finally:
        shutil.rmtree(root.folder)


ROOMS = """
printf 'device,room\\nroom-101,Room 101\\ngym,"Gym, big"\\n' >/etc/tocsin/rooms.csv
sed -i 's|^name = |rooms_file = "/etc/tocsin/rooms.csv"\\nname = |' /etc/tocsin/hub.toml
systemctl restart tocsin-hub
mount -t proc proc /bare/proc; mount --bind /dev /bare/dev
export PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
"""
"""On the hub; and another machine, on the same network, that has nothing yet."""
RUN_ROOM = """
sed -i 's/^pins = .*/pins = "mock"/' /bare/etc/tocsin/agent.toml
install -d -m 777 /bare/run/lg
run=(/opt/tocsin/current/agent/bin/tocsin-device run --config /etc/tocsin/agent.toml)
chroot /bare runuser -u tocsin-agent -- env LG_WD=/run/lg "${run[@]}" >/root/room.log 2>&1 &
"""


def test_a_bare_machine_becomes_a_room_with_nothing_but_the_hub(clean: CleanRoot) -> None:
    """No network but the hub, no packages of Debian's; what it needs comes from there."""
    code, said = clean.boot(
        f"""set -eu
        {ASK}
        {UP}
        {ROOMS}
        said=$(tocsin-hub enrol --room 101)
        code=$(grep -oE '([0-9A-Z]{{5}}-){{7}}[0-9A-Z]{{5}}' <<<"$said" | head -n 1)
        cp -r /root/tocsin /bare/root/
        wrong=$(tr 0-8 1-9 <<<"$code")
        INSTALL=(chroot /bare /root/tocsin/scripts/install agent --hub 127.0.0.1 --pins mock --no-start)
        refused "${{INSTALL[@]}}" --code "$wrong"
        "${{INSTALL[@]}}" --code "$code"
        [ "$(stat -c %U:%a /bare/etc/tocsin/identity/key.pem)" = tocsin-agent:600 ]
        [ ! -e /bare/etc/tocsin/enrol.toml ]
        {RUN_ROOM}
        await '"device":"room-101"[^[]*"standing":"heard"' ask devices
        kill %1
        "${{INSTALL[@]:0:4}}" --no-start </dev/null  # an upgrade, from the hub as well
        """
    )
    assert code == 0, said
    assert "is NOT the hub that made this code" in said
    assert "this Pi is Room 101 (room-101) of st-anne-school" in said


def test_a_card_makes_a_room_by_itself(clean: CleanRoot) -> None:
    """What the hub wrote for it, run as an image runs it; the code leaves the card at once."""
    code, said = clean.boot(
        f"""set -eu
        {ASK}
        {UP}
        mount -t proc proc /bare/proc; mount --bind /dev /bare/dev
        export PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
        chroot /bare rm -rf /etc/tocsin /opt/tocsin /var/lib/tocsin /root/tocsin
        sed -i 's/^address = .*/address = "127.0.0.1"\\nhost = "127.0.0.1"/' /etc/tocsin/hub.toml
        systemctl restart tocsin-hub
        await 'enrolled' tocsin-hub agents
        tocsin-hub enrol --rooms /etc/tocsin/rooms.csv --out /root/cards --replace
        mkdir -p /bare/boot/firmware; cp /root/cards/gym/* /bare/boot/firmware/
        chroot /bare sh /boot/firmware/firstrun.sh
        refused ls /bare/boot/firmware/enrol.toml
        chroot /bare /usr/local/lib/tocsin/start --no-start --pins mock
        refused ls /bare/usr/local/lib/tocsin
        refused ls /bare/etc/tocsin/enrol.toml
        {RUN_ROOM}
        await '"device":"gym"[^[]*"standing":"heard"' ask devices
        kill %1
        """
    )
    assert code == 0, said
    assert "this Pi is Gym, big (gym) of st-anne-school" in said


def test_an_upgrade_keeps_settings_and_data(clean: CleanRoot) -> None:
    """And leaves the broker alone, whose settings haven't changed."""
    code, said = clean.boot(
        f"""set -eu
        echo '# mine' >>/etc/tocsin/hub.toml; before=$(readlink /opt/tocsin/current)
        {UP}
        broker=$(systemctl show -p MainPID --value tocsin-broker)
        {HUB}
        [ "$(readlink /opt/tocsin/current)" != "$before" ]
        [ "$(systemctl show -p MainPID --value tocsin-broker)" = "$broker" ]
        tail -n 1 /etc/tocsin/hub.toml | grep -qx '# mine'
        {RUNNING}
        {ASK}
        await '"number":1' ask incidents
        """
    )
    assert code == 0, said
    assert "broker: unchanged, runs on" in said


def test_back_to_the_version_before_and_on_again(clean: CleanRoot) -> None:
    """The record stays where its form is the same; with a newer one it asks before."""
    code, said = clean.boot(
        f"""set -eu
        {UP}
        {ASK}
        after=$(readlink /opt/tocsin/current)
        BACK="/root/tocsin/scripts/install back --ready-within 30"
        $BACK </dev/null
        before=$(readlink /opt/tocsin/current)
        [ "$before" != "$after" ]
        {RUNNING}
        await '"number":1' ask incidents
        refused $BACK </dev/null  # nothing older is kept
        {HUB}
        install -d -o tocsin-hub -g tocsin-hub -m 700 /var/lib/tocsin/hub/backups
        touch /var/lib/tocsin/hub/backups/schema-0001-now.db
        refused $BACK </dev/null
        rm /var/lib/tocsin/hub/backups/schema-0001-now.db
        {RUNNING}
        """
    )
    assert code == 0, said
    assert "open incidents among it, is put aside" in said


def test_a_program_that_never_gets_ready_is_taken_back(clean: CleanRoot) -> None:
    """Also where it raised the schema first: the old program runs again on the record as it was."""
    code, said = clean.boot(
        f"""set -eu
        {UP}
        before=$(readlink /opt/tocsin/current)
        cp -a /root/tocsin /root/kept; cd /root/tocsin/hub
        sed -i 's/^HEAD: Final = .*/HEAD: Final = "9999"/' store/migrate.py
        last=$(ls store/migrations/versions | grep -oE '^[0-9]{{4}}' | sort | tail -n 1)
        cat >store/migrations/versions/9999_later.py <<'END'
{MIGRATION}
END
        sed -i "s/LAST/$last/" store/migrations/versions/9999_later.py
        printf '\\nHub.run = lambda self: 3\\n' >>service.py
        cd /; code=0; {HUB.replace("30", "15")} || code=$?
        rm -rf /root/tocsin; mv /root/kept /root/tocsin
        [ "$code" = 1 ]
        [ "$(readlink /opt/tocsin/current)" = "$before" ]
        {RUNNING}
        {ASK}
        await '"number":1' ask incidents
        ls /var/lib/tocsin/hub/backups/given-up-*/tocsin.db
        """
    )
    assert code == 0, said
    assert "so the old one runs again" in said


def test_settings_that_are_wrong_stop_an_upgrade_before_it_changes_anything(clean: CleanRoot) -> None:
    """The fault is named, and what runs goes on; so it is with a clash of package names."""
    bring_clash(clean)
    code, said = clean.boot(
        f"""set -eu
        {UP}
        before=$(readlink /opt/tocsin/current) pid=$(systemctl show -p MainPID --value tocsin-hub)
        code=0; {HUB} || code=$?; [ "$code" = 1 ]
        sed -i '/^clash==/d' /root/tocsin/scripts/locks/hub.txt
        sed -i 's/^port = 8080/port = "eighty"/' /etc/tocsin/hub.toml
        code=0; {HUB} || code=$?; [ "$code" = 1 ]
        [ "$(readlink /opt/tocsin/current)" = "$before" ]
        [ "$(ls /opt/tocsin/releases | wc -l)" -le 2 ]
        [ "$(systemctl show -p MainPID --value tocsin-hub)" = "$pid" ]
        {RUNNING}
        sed -i 's/^port = "eighty"/port = 8080/' /etc/tocsin/hub.toml
        """
    )
    assert code == 0, said
    assert "the package 'config' comes from clash and tocsin" in said
    assert "console.port: found 'eighty'" in said


def test_what_the_settings_name_as_a_credential_reaches_the_hub_alone(clean: CleanRoot) -> None:
    """By a drop-in of its unit; one that is gone from the settings is gone from there."""
    code, said = clean.boot(
        f"""set -eu
        {UP}
        install -d -m 700 /etc/credstore
        echo "whsec_$(head -c 32 /dev/urandom | base64)" | install -m 600 /dev/stdin /etc/credstore/hook
        cp /etc/tocsin/hub.toml /root/hub.toml
        cat >>/etc/tocsin/hub.toml <<'END'
[channels.hook]
type = "webhook"
url = "http://127.0.0.1:9/"
secret_file = "credential:hook"
END
        {HUB}
        {RUNNING}
        grep -qx LoadCredential=hook /etc/systemd/system/tocsin-hub.service.d/tocsin-credentials.conf
        grep -qx LoadCredential=hook /etc/systemd/system/tocsin-backup.service.d/tocsin-credentials.conf
        [ ! -e /etc/systemd/system/tocsin-agent.service.d/tocsin-credentials.conf ]
        cd /var/lib/tocsin
        runuser -u tocsin-hub -- cmp /run/credentials/tocsin-hub.service/hook - </etc/credstore/hook
        refused() {{ if "$@"; then echo "not refused: $*"; exit 1; fi; }}
        refused runuser -u tocsin-agent -- cat /run/credentials/tocsin-hub.service/hook
        runuser -u tocsin-hub -- tocsin-hub check --config /etc/tocsin/hub.toml
        cat /root/hub.toml >/etc/tocsin/hub.toml
        {HUB}
        {RUNNING}
        [ ! -e /etc/systemd/system/tocsin-hub.service.d/tocsin-credentials.conf ]
        """
    )
    assert code == 0, said
    assert "channels.hook.secret_file is a credential, which the service alone sees" in said


def test_files_open_to_others_are_a_trouble_at_once_and_no_secret_is_in_a_log(clean: CleanRoot) -> None:
    """As installed all is closed; hub and agent say each that isn't, with its cure, and go on."""
    code, said = clean.boot(
        f"""set -eu
        {UP}
        {ASK}
        check=(runuser -u tocsin-hub -- tocsin-hub check --config /etc/tocsin/hub.toml)
        ask devices >/dev/null  # the token is known from here on
        await '"standing":"heard"' ask devices
        "${{check[@]}}"
        refused grep -q ' is open: ' <(ask troubles)
        chmod o+r /var/lib/tocsin/hub/session.key /etc/tocsin/identity/key.pem
        chmod o+w /etc/tocsin/hub.toml
        refused "${{check[@]}}"
        systemctl restart tocsin-hub tocsin-agent
        for name in /var/lib/tocsin/hub/session.key /etc/tocsin/hub.toml /etc/tocsin/identity/key.pem; do
            await "$name (mode [0-7]*) is open: anybody may [a-z]* it: sudo chmod [-a-z,]* $name" ask troubles
        done
        {RUNNING}
        chmod o-rw /var/lib/tocsin/hub/session.key /etc/tocsin/identity/key.pem /etc/tocsin/hub.toml
        "${{check[@]}}"
        for secret in 'correct horse' 'PRIVATE KEY' "$TOKEN"; do
            refused grep -rqF -e "$secret" /var/log /opt/tocsin/releases/*/enrolled
            refused grep -qF -e "$secret" <(journalctl --no-pager)
        done
        """
    )
    assert code == 0, said


def test_the_schools_name_came_through_shell_and_toml(clean: CleanRoot) -> None:
    """Quotes, a backslash, an umlaut and what a shell would run."""
    import tomllib

    settings = tomllib.loads((clean.folder / "etc/tocsin/hub.toml").read_text())
    assert settings["name"] == SCHOOL
    assert Path(clean.folder / "etc/tocsin/hub.toml").stat().st_mode & 0o777 == 0o640


def test_a_backup_is_taken_by_its_unit_and_an_emptied_machine_takes_over(clean: CleanRoot) -> None:
    """Within its hardening, with the agent's settings too; then one file and the key bring all of it back."""
    code, said = clean.boot(
        f"""set -eu
        {UP}
        {RUNNING}
        {ASK}
        await '"standing":"heard"' ask devices
        {PRESS}
        await 'Front desk' ask incidents
        systemctl is-active tocsin-backup.timer
        systemctl start tocsin-backup  # where none is set up it does nothing, and is no failure
        tocsin-hub backup-key --to /root/key
        install -d -o tocsin-hub -g tocsin-hub -m 700 /var/backups/tocsin
        cat >>/etc/tocsin/hub.toml <<END
[backup]
to = "/var/backups/tocsin"
recipient = "$(grep -o 'age1[a-z0-9]*' /root/key)"
also = ["/etc/tocsin/agent.toml"]
END
        systemctl start tocsin-backup
        journalctl --no-pager -q -o cat -u tocsin-backup
        file=$(ls /var/backups/tocsin/*.age)
        tocsin-hub backup  # by root, too: what it leaves is the hub's
        [ -z "$(find /var/lib/tocsin/hub ! -user tocsin-hub)" ]

        systemctl stop tocsin-hub tocsin-agent
        rm -rf /var/lib/tocsin/hub/* /etc/tocsin/hub.toml /etc/tocsin/agent.toml
        tocsin-hub restore "$file" --key-file /root/key --settings-to /
        [ "$(stat -c %U:%G:%a /etc/tocsin/agent.toml)" = root:tocsin-agent:640 ]
        [ "$(stat -c %U:%G:%a /etc/tocsin/hub.toml)" = root:tocsin-hub:640 ]
        [ -z "$(find /var/lib/tocsin/hub ! -user tocsin-hub)" ]
        systemctl start tocsin-hub tocsin-agent
        {UP}
        {RUNNING}
        await 'Front desk' ask incidents
        await 'restored from the backup of' ask troubles
        await '"standing":"heard"' ask devices
        """
    )
    assert code == 0, said
    assert "read back" in said
