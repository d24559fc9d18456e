"""Runs a program and says what it took: what the scripts that run ours beside others' share."""
import os, sys, time
from collections import namedtuple

# Wall and CPU time in ns, peak memory in KiB, length of the standard output in bytes, and its digest where that is asked for.
Run = namedtuple("Run", "wall cpu memory length digest")


def run(arguments, digest=False):
    """The program has to succeed; its standard error is dropped. A digest is made while it runs, and takes its share of the time."""
    read, write = os.pipe()
    start = time.perf_counter_ns()
    null = os.open(os.devnull, os.O_WRONLY)
    actions = [(os.POSIX_SPAWN_DUP2, write, 1), (os.POSIX_SPAWN_DUP2, null, 2), (os.POSIX_SPAWN_CLOSE, read)]
    pid = os.posix_spawn(arguments[0], arguments, os.environ, file_actions=actions)
    os.close(write), os.close(null)
    length, made = 0, None
    if digest:
        # Not before: what this process holds when it starts a program counts as that program's peak.
        import hashlib

        made = hashlib.sha256()
    while part := os.read(read, 1 << 20):
        length += len(part)
        if made:
            made.update(part)
    os.close(read)
    _, status, usage = os.wait4(pid, 0)
    taken = time.perf_counter_ns() - start
    if status:
        sys.exit(f"{arguments} fails")
    return Run(taken, int((usage.ru_utime + usage.ru_stime) * 1e9), usage.ru_maxrss, length, made.hexdigest() if made else "")
