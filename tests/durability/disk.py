"""A small file system of the test's own, which can be filled up."""

import os
import subprocess

MIB = 1024 * 1024


class Disk:
    def __init__(self, folder, size="24m"):
        self.folder = folder
        self.ballast = folder / "ballast"
        folder.mkdir(parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", folder], check=True,
                       capture_output=True)

    @property
    def free(self):
        stats = os.statvfs(self.folder)
        return stats.f_bavail * stats.f_frsize

    def fill(self, leave=0):
        with open(self.ballast, "ab", buffering=0) as file:
            while self.free > leave:
                file.write(bytes(min(self.free - leave, MIB)))

    def relieve(self):
        self.ballast.unlink()

    def unmount(self):
        subprocess.run(["umount", self.folder], check=True)


def can_mount(folder):
    """Mounting takes privileges that not every test machine gives."""
    try:
        Disk(folder, "64k").unmount()
    except (OSError, subprocess.CalledProcessError):
        return False
    return True
