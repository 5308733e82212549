"""Object files on disk, so that a second process need not compile what a first one has."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import stat
import tempfile
import time
import warnings
from pathlib import Path

__all__ = ["Cache", "cache_of_user"]


def cache_of_user() -> Cache | None:
    """The cache that the environment asks for; None where there is none or its folder is not safe to use."""
    setting = os.environ.get("WENGERT_CACHE", "")
    if setting == "0":
        return None
    try:
        base = os.environ.get("XDG_CACHE_HOME", "")
        home = Path(base) if os.path.isabs(base) else Path.home() / ".cache"  # noqa: PTH117  # "" stays ""
    except RuntimeError:  # there is no home
        if not setting:
            return None
        home = Path()
    return _cache_in(str(Path(setting).expanduser().absolute() if setting else home / "wengert" / "native"))


@functools.cache
def _cache_in(folder: str) -> Cache | None:
    path = Path(folder)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.mkdir(exist_ok=True, mode=0o700)
        state = path.lstat()
    except OSError:
        return None  # such as a read-only home: everything works without
    if not stat.S_ISDIR(state.st_mode) or not _is_own(state):
        warnings.warn(
            f"Machine code is not kept in {folder}: the folder belongs to somebody else or others may write into it. "
            "Set WENGERT_CACHE to another folder, or to 0.",
            RuntimeWarning,
            stacklevel=2,
        )
        return None
    return Cache(path)


def _is_own(state: os.stat_result) -> bool:
    """Whether a file or folder can have been written by nobody but the user."""
    return state.st_uid == os.geteuid() and not state.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


class Cache:
    """A folder of object files, each named by the digest of what it was made of.

    A file holds a digest of its name and contents, and then the contents. What is damaged or could be another user's
    is not loaded. All operations are safe beside other processes, and none fails: a cache that cannot be written is
    one that is empty.
    """

    LIMIT = 256 * 2**20  # bytes
    _EVERY = 64  # files are written between two looks at how large all are together: other processes write, too

    __slots__ = ("_folder", "_until_look")

    def __init__(self, folder: Path) -> None:
        self._folder, self._until_look = folder, 0

    def load(self, key: str) -> bytes | None:
        """The object file of a key."""
        path = self._folder / key
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return None
        with os.fdopen(handle, "rb") as file:
            if not _is_own(os.fstat(handle)):
                return None
            content = file.read()
        code = content[32:]
        if content[:32] != _digest(key, code):
            self._remove(path)
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # the least recently used are removed first
        return code

    def store(self, key: str, code: bytes) -> None:
        """Keep an object file."""
        try:
            handle, name = tempfile.mkstemp(prefix="new-", dir=self._folder)
        except OSError:
            return
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_digest(key, code) + code)
            Path(name).replace(self._folder / key)
        except OSError:
            self._remove(Path(name))
            return
        self._until_look -= 1
        if self._until_look < 0:
            self._until_look = self._EVERY
            self.shrink()

    def shrink(self) -> None:
        """Remove the least recently used files, until nine tenths of the limit are left, where they exceed it."""
        files = []
        with contextlib.suppress(OSError), os.scandir(self._folder) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):  # another process may have removed it
                    state = entry.stat(follow_symlinks=False)
                    files.append((state.st_mtime_ns, state.st_size, Path(entry.path)))
        an_hour_ago = time.time_ns() - 3600 * 10**9
        total = sum(size for _, size, _ in files)
        room = self.LIMIT * 9 // 10 if total > self.LIMIT else self.LIMIT
        for used, size, path in sorted(files):
            is_abandoned = path.name.startswith("new-") and used < an_hour_ago
            if is_abandoned or total > room:
                self._remove(path)
                total -= size

    @staticmethod
    def _remove(path: Path) -> None:
        with contextlib.suppress(OSError):
            path.unlink()


def _digest(key: str, code: bytes) -> bytes:
    return hashlib.sha256(key.encode() + code).digest()
