"""The machine that was measured on, as far as it matters to the figures."""

import os
import platform
from pathlib import Path


def described(folder: Path) -> dict[str, object]:
    """Processor, system, and the file system that holds `folder`."""
    device, kind = _file_system(folder.resolve())
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "file_system": kind,
        "device": device,
    }


def load() -> float:
    """How many processes wanted to run, averaged over the last minute: what shared the machine with the bench."""
    return round(os.getloadavg()[0], 2)


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model"))]
    return names[-1] if names else platform.machine()


def _file_system(folder: Path) -> tuple[str, str]:
    mounts = [line.split()[:3] for line in Path("/proc/self/mounts").read_text().splitlines()]
    holding = [mount for mount in mounts if folder.is_relative_to(mount[1])]
    # In a chroot the mount that holds the folder may be out of sight.
    device, _, kind = max(reversed(holding), key=lambda mount: len(mount[1]), default=("unknown", "/", "unknown"))
    return device, kind
