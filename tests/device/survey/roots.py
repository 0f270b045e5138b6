"""Folders that look like a machine's root, one for each kind of machine."""

from __future__ import annotations

from pathlib import Path

MEMINFO = "MemTotal:        3884376 kB\nMemFree:          211552 kB\nMemAvailable:    3155200 kB\n"
MOUNTS = """\
23 28 0:21 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw
28 1 179:2 / / rw,noatime shared:1 - ext4 /dev/mmcblk0p2 rw
104 28 179:1 / /boot/firmware rw,relatime shared:53 - vfat /dev/mmcblk0p1 rw,fmask=0022
"""
STRICT = """\
310 309 179:2 / / ro,noatime shared:310 master:1 - ext4 /dev/mmcblk0p2 rw
330 310 179:2 /var/lib/tocsin/agent /var/lib/tocsin/agent rw,noatime - ext4 /dev/mmcblk0p2 rw
"""
"""As a service sees it under ``ProtectSystem=strict``."""
WIRELESS = """\
Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE
 face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22
 wlan0: 0000   62.  -48.  -256        0      0      0      1      0        0
"""
FSTAB = """\
proc            /proc           proc    defaults          0       0
PARTUUID=4a3b-01  /boot/firmware  vfat    defaults          0       2
PARTUUID=4a3b-02  /               ext4    defaults,noatime  0       1
"""
PROC = {
    "proc/uptime": "35213.17 138012.90\n",
    "proc/loadavg": "0.08 0.03 0.01 1/178 1312\n",
    "proc/meminfo": MEMINFO,
    "proc/self/mountinfo": MOUNTS,
}
HWMON = {
    "sys/class/hwmon/hwmon0/name": "cpu_thermal\n",
    "sys/class/hwmon/hwmon1/name": "rpi_volt\n",
    "sys/class/hwmon/hwmon1/in0_lcrit_alarm": "0\n",
}
THERMAL = {
    "sys/class/thermal/thermal_zone0/type": "cpu-thermal\n",
    "sys/class/thermal/thermal_zone0/temp": "48199\n",
    "sys/class/thermal/cooling_device0/type": "gpio-fan\n",
}
THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"
PI_4 = PROC | HWMON | THERMAL | {THROTTLED: "0\n", "proc/net/wireless": WIRELESS}
PI_4_PLAIN_KERNEL = {name: content for name, content in PI_4.items() if name != THROTTLED}
PC = PROC | {
    "sys/class/hwmon/hwmon0/name": "coretemp\n",
    "sys/class/thermal/thermal_zone0/type": "acpitz\n",
    "sys/class/thermal/thermal_zone0/temp": "27800\n",
    "sys/class/thermal/thermal_zone1/type": "x86_pkg_temp\n",
    "sys/class/thermal/thermal_zone1/temp": "61000\n",
}


def build(root: Path, files: dict[str, str] | dict[str, bytes]) -> Path:
    """Write these files under ``root``, and return it."""
    for name, content in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root
