#!/usr/bin/env python3
"""`make failover`: what was acknowledged is stored, whatever is killed.

Two PostgreSQL servers, the second following the first in step (synchronous), and two controllers on loopback. Each round loads
both controllers with check-ins and kills one thing by SIGKILL: in odd rounds the primary database with all its processes, then
the other one is promoted; in even rounds one of the controllers, whose devices go on with the other. Then the numbers that the
devices were told are compared with the database. With 10 rounds or more a last one stops the standby first, for longer than a
statement may take, so that commits end unreplicated: these must not have been acknowledged.

Usage: run.py --programs FOLDER [--swarm PROGRAM] [--rounds 20]    The folder holds rollcalld and rollcall.
"""
import argparse
import random
import shutil
import tempfile
import time
from pathlib import Path

from controllers import STORED, Controller, Fleet, Operator, lost
from database import Server

DEVICES = 40


class Failover:
    def __init__(self, programs, swarm, folder):
        self.servers = [Server(folder, "north"), Server(folder, "south")]
        hosts = ",".join(str(server.folder) for server in self.servers)
        address = f"postgres://rollcall@/rollcall?host={hosts}&target_session_attrs=read-write"
        self.controllers = [Controller(programs, folder, name, address) for name in ("east", "west")]
        self.fleets = [Fleet(swarm, folder, f"fleet-{number}", number * DEVICES, DEVICES) for number in range(2)]
        self.programs, self.folder, self.random = programs, folder, random.Random(20261122)

    def prepare(self):
        primary, standby = self.servers
        primary.make()
        standby.follow(primary)
        east, west = self.controllers
        east.init()
        for controller in self.controllers:
            controller.start()
        operator = Operator(self.programs, self.folder, east)
        for fleet, controller in zip(self.fleets, self.controllers):
            fleet.enrol(controller, operator)

    def under_load(self, seconds, body):
        """Runs `body` while both fleets check in; what it gives, and how many check-ins were acknowledged meanwhile."""
        before = self.acknowledged()
        runs = [fleet.check_in(controller, seconds) for fleet, controller in zip(self.fleets, self.controllers)]
        try:
            given = body()
        finally:
            for each in runs:
                each.wait(seconds + 60)
        return given, sum(self.acknowledged().values()) - sum(before.values())

    def acknowledged(self):
        return {device: number for fleet in self.fleets for device, number in fleet.acknowledged().items()}

    def kill_primary(self):
        """The seconds until both controllers were ready again."""
        time.sleep(self.random.uniform(0.5, 2))
        return self.fail_over()

    def fail_over(self):
        start = time.monotonic()
        primary, standby = self.servers
        primary.kill()
        standby.promote()
        self.servers = [standby, primary]
        for controller in self.controllers:
            controller.until(controller.ready, "was ready after the failover")
        return time.monotonic() - start

    def rejoin(self):
        primary, standby = self.servers
        standby.follow(primary)

    def kill_controller(self):
        """SIGKILL of one of the two; its devices go on with the other, and it comes back afterwards."""
        number = self.random.randrange(2)
        time.sleep(self.random.uniform(0.5, 2))
        self.controllers[number].kill()
        return number

    def standby_stopped(self):
        """The standby takes nothing for 40 s, more than the 30 s of a statement; then the primary is gone."""
        time.sleep(2)
        self.servers[1].freeze()
        time.sleep(40)
        return self.fail_over()

    def expect_nothing_lost(self, what):
        missing = lost(self.acknowledged(), self.servers[0].ask(STORED))
        assert not missing, f"{what}: acknowledged and stored numbers of devices: {missing}"

    def round(self, number):
        if number % 2:
            seconds, count = self.under_load(4, self.kill_primary)
            words = f"primary killed, {self.servers[0]} promoted, ready after {seconds:.1f} s"
            self.expect_nothing_lost(words)
            self.rejoin()
        else:
            killed, count = self.under_load(3, self.kill_controller)
            words = f"controller {self.controllers[killed]} killed, its devices went to the other"
            self.expect_nothing_lost(words)
            self.controllers[killed].start()
            before = self.acknowledged()
            self.fleets[killed].check_in(self.controllers[1 - killed], 2).wait(60)
            moved = sum(self.acknowledged().values()) - sum(before.values())
            assert moved > 0, "the other controller took none of the devices"
            count += moved
        self.expect_nothing_lost(words)
        assert count > 0, f"{words}: nothing was acknowledged"
        print(f"{number:3}  {count:6} acknowledged, 0 lost   {words}", flush=True)
        return count

    def stopped_round(self):
        seconds, count = self.under_load(47, self.standby_stopped)
        self.expect_nothing_lost("standby stopped")
        assert count > 0, "nothing was acknowledged before the standby was stopped"
        print(f"     {count:6} acknowledged, 0 lost   standby stopped for 40 s, then the primary killed, ready after {seconds:.1f} s")
        return count

    def close(self):
        for each in self.controllers + self.servers:
            each.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", required=True, type=lambda path: Path(path).resolve())
    parser.add_argument("--swarm", type=lambda path: Path(path).resolve())
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="rollcall-failover-", dir="/tmp"))
    folder.chmod(0o755)
    failover = Failover(options.programs, options.swarm or options.programs / "rollcall-swarm", folder)
    start = time.monotonic()
    try:
        failover.prepare()
        count = sum(failover.round(number) for number in range(1, options.rounds + 1))
        if options.rounds >= 10:
            count += failover.stopped_round()
    except BaseException:
        failover.close()
        print(f"the logs stand in {folder}", flush=True)
        raise
    failover.close()
    shutil.rmtree(folder)
    print(f"{options.rounds} rounds, {count} check-ins acknowledged, 0 lost, in {time.monotonic() - start:.0f} s")


main()
