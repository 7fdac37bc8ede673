"""A deployment of which nobody could read anything."""

from __future__ import annotations

import subprocess

from tests.stand_ins.azure.arm_server import ArmServer
from tests.testing.deploy_command import nothing_started
from tests.testing.processes import Started


def test_with_a_full_disk_under_its_output_nothing_is_started(server: ArmServer, process: Started) -> None:
    with open("/dev/full", "w") as full:
        running = process("--yes", stdout=full, stderr=subprocess.PIPE)
        _, err = running.communicate()
    assert running.returncode == 1 and nothing_started(server)
    assert err.endswith("the output cannot be written: no space left on device\n") and "Traceback" not in err
