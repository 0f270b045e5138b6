#!/bin/sh
# Makes a room of this Pi: run once, as root, at the first start of a card that tocsin-hub enrol --rooms prepared.
# Raspberry Pi OS on Debian 12 runs it by systemd.run= in cmdline.txt, before there is a network; on Debian 13 by
# cloud-init (user-data). It takes the code off the card, and has a service do the rest, as often as that needs.
set -eu
boot=$(dirname "$(readlink -f "$0")")
here=/usr/local/lib/tocsin

install -d -m 755 /etc/tocsin "$here"
if [ -e "$boot/enrol.toml" ]; then
    install -m 600 "$boot/enrol.toml" /etc/tocsin/enrol.toml
    sync
    rm -f "$boot/enrol.toml"
fi
install -m 644 "$boot/fetch.py" "$here/fetch.py"

cat >"$here/start" <<'END'
#!/bin/sh
# Installs the agent from the hub and enrols it; then removes itself.
set -eu
cd /usr/local/lib/tocsin
from=
[ ! -e /etc/tocsin/enrol.toml ] || from='--from /etc/tocsin/enrol.toml'
python3 -I fetch.py wheels $from
rm -rf checkout
mkdir checkout
tar -C checkout -xf wheels/installer.tar
checkout/scripts/install agent --yes --wheels "$PWD/wheels" $from "$@"
rm -f /etc/systemd/system/tocsin-start.service /etc/systemd/system/multi-user.target.wants/tocsin-start.service
rm -rf /usr/local/lib/tocsin
END
chmod 755 "$here/start"

cat >/etc/systemd/system/tocsin-start.service <<'END'
[Unit]
Description=Tocsin: makes a room of this Pi, from its hub
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart=/usr/local/lib/tocsin/start
# The hub may be off, or not reachable yet.
Restart=on-failure
RestartSec=30
TimeoutStartSec=30min

[Install]
WantedBy=multi-user.target
END
mkdir -p /etc/systemd/system/multi-user.target.wants
ln -sf ../tocsin-start.service /etc/systemd/system/multi-user.target.wants/tocsin-start.service

# Not at each start. Where it was systemd.run that ran this, the Pi starts again by itself now.
if grep -q 'systemd\.run=' "$boot/cmdline.txt" 2>/dev/null; then
    sed -i 's| systemd\.run[^ ]*||g; s| systemd\.unit=kernel-command-line\.target||g' "$boot/cmdline.txt"
elif [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    systemctl --no-block start tocsin-start.service
fi
