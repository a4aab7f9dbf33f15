"""What Python lacks on Windows is taken away, for tests on other systems.

As a script it runs the command line in that state, with a small data set in MNIST's place:
``python tests/helpers/windows.py DIRECTORY ARGUMENTS...``
"""

import errno
import fcntl
import os
import signal
import stat
import sys

import filelock
import numpy  # noqa: F401, because on Linux it needs os.uname

MODULES = ("fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty")
OS_NAMES = (
    *("O_CLOEXEC", "O_DIRECTORY", "O_NOCTTY", "O_NOFOLLOW", "O_NONBLOCK", "O_SYNC"),
    *("chown", "fchown", "fork", "geteuid", "getuid", "killpg", "mkfifo", "nice", "setsid"),
    *("sched_getaffinity", "statvfs", "uname"),
)
SIGNALS = ("SIGALRM", "SIGHUP", "SIGPIPE", "SIGQUIT", "SIGTSTP", "SIGUSR1")

open_descriptor, flush, get_flags = os.open, os.fsync, fcntl.fcntl


def take_away() -> None:
    """Remove the names, and let files behave as on Windows where that can be imitated."""
    for name in MODULES:
        sys.modules[name] = None  # an import raises ModuleNotFoundError
    for owner, names in ((os, OS_NAMES), (signal, SIGNALS)):
        for name in names:
            if hasattr(owner, name):
                delattr(owner, name)
    os.open, os.fsync = open_file, flush_written
    filelock.lock_descriptor = lock_nothing


def open_file(path: str, flags: int, *rest: int, **options: int) -> int:
    if not isinstance(path, int) and os.path.isdir(path):
        raise PermissionError(errno.EACCES, "Permission denied", os.fspath(path))
    return open_descriptor(path, flags, *rest, **options)


def flush_written(descriptor: int) -> None:
    is_read_only = get_flags(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY
    if is_read_only or stat.S_ISDIR(os.fstat(descriptor).st_mode):
        raise OSError(errno.EBADF, "Bad file descriptor")
    flush(descriptor)


def lock_nothing(descriptor: int, *, blocking: bool = True) -> bool:
    """Stand for LockFileEx, which is not there."""
    return True


if __name__ == "__main__":
    take_away()
    import small

    small.mnist.FILES = small.files_in(small.Path(sys.argv.pop(1)))
    small.run()
