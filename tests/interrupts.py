"""Start programs that hear Ctrl-C, even if this test run ignores it, as a shell's background jobs do."""

import functools
import signal
import subprocess

start = functools.partial(subprocess.Popen, preexec_fn=functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL))
