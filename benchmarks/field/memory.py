"""Memory of the process and of the machine, as far as the system tells."""

from __future__ import annotations

import os
from pathlib import Path


def resident() -> int:
    """Bytes that the process has in memory; 0 where the system does not tell."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") if statm.exists() else 0


def available() -> int | None:
    """Bytes that can still be had without swapping; None where the system does not tell."""
    meminfo = Path("/proc/meminfo")
    lines = meminfo.read_text(encoding="ascii").splitlines() if meminfo.exists() else []
    found = [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    found += [limit - resident() for limit in _container()]
    return min(found, default=None)


def _container() -> list[int]:
    """Bytes that a container may take, where there is one."""
    limits = []
    for path in map(Path, ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")):
        text = path.read_text(encoding="ascii").strip() if path.exists() else ""
        if text.isdecimal():
            limits.append(int(text))
    return limits
