#!/usr/bin/env python3
"""`make check-examples`: runs what docs/examples configures, as docs/scaling.md tells to set it up.

Each machine of the drawing in docs/scaling.md stands in mounts and a network namespace of its own, under its own address, with the
files of docs/examples at their places. Only what they tell to change is changed: a node's own name and address, and passwords. Three
etcd, three Patroni with PostgreSQL 15, two rollcalld, two HAProxy; and behind a router a machine with the real agent, two with
simulated devices, one of a stranger, and one of an operator. Then things fail, one after another, and what devices were told is
compared with what is stored. Needs root. Usage: run.py --programs FOLDER --swarm PROGRAM
"""
import argparse
import os
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import yaml

from databases import Databases, certificates
from hosts import Host, Network, isolated, shared, until
from service import HERE, NAME, Agent, Balancer, Controller, Devices, Operator, bad_tokens
from controllers import STORED, lost

EXAMPLES = HERE / "docs/examples"
ADDRESSES = {
    "lb1": "10.1.0.1", "lb2": "10.1.0.2", "db1": "10.1.0.11", "db2": "10.1.0.12", "db3": "10.1.0.13", "ctl1": "10.1.0.21",
    "ctl2": "10.1.0.22", "laptop": "10.2.0.1", "school1": "10.2.0.2", "school2": "10.2.0.3", "stranger": "10.2.0.4", "office": "10.2.0.5",
}
DEVICES = 40
# How many bad tokens of one address a controller answers as what they are; see failed-enrollments.
BURST = 30


def say(words):
    print(f"ok  {words}", flush=True)


def readable():
    """Every setting of rollcalld.yaml is one that the program has."""
    settings = yaml.safe_load((EXAMPLES / "rollcalld.yaml").read_text())
    source = (HERE / "Controller/Daemon/Configuration/Setting.swift").read_text()
    known = set(re.findall(r'case \w+ = "([a-z-]+)"', source)) | set(re.findall(r"^  case ([a-z]+)$", source, re.M))
    known |= {word for row in re.findall(r"^  case ([a-z, ]+)$", source, re.M) for word in row.split(", ")}
    assert set(settings) <= known, set(settings) - known
    assert "target_session_attrs=read-write" in settings["database"]


class Deployment:
    def __init__(self, options, folder, logs):
        names = "".join(f"{ADDRESSES[each]} {NAME}\n" for each in ("lb1", "lb2"))
        programs = {f"/usr/bin/{name}": options.programs / name for name in ("rollcalld", "rollcall", "rollcall-agent")}
        shared({**programs, "/usr/bin/rollcall-swarm": options.swarm, "/etc/hosts": f"127.0.0.1 localhost\n{names}"})
        network = Network("10.1.0.254", "10.2.0.254")
        self.hosts = {name: Host(network, name, address, logs) for name, address in ADDRESSES.items()}
        self.folder = folder
        self.databases = Databases([self.hosts[name] for name in ("db1", "db2", "db3")], EXAMPLES)
        self.controllers = [Controller(self.hosts[name]) for name in ("ctl1", "ctl2")]
        self.balancers = [Balancer(self.hosts[name]) for name in ("lb1", "lb2")]
        self.fleets = [Devices(self.hosts[name], balancer, number * DEVICES, DEVICES)
                       for number, (name, balancer) in enumerate(zip(("school1", "school2"), self.balancers))]
        self.agent = Agent(self.hosts["laptop"])

    # MARK: - Setting up

    def start_databases(self):
        certificates(self.folder, self.databases.hosts.values())
        self.databases.start_etcd()
        self.databases.start_patroni()
        say("three etcd agree over TLS; patroni --validate-config takes the file of each node")
        _, seconds = until(self.databases.in_step, "a primary and two standbys, one of them in step", 240)
        say(f"a primary, a synchronous and a second standby after {seconds:.0f} s")
        self.databases.make_roles()

    def start_controllers(self):
        first, second = self.controllers
        for controller in self.controllers:
            controller.prepare(EXAMPLES, self.folder / "ca.pem")
        first.init()
        first.start()
        second.take(first)
        second.start()
        say("two controllers serve; the second was given the seal key alone")

    def start_balancers(self):
        root = self.controllers[0].host.path("/var/lib/rollcall/ca/root.pem")
        for balancer in self.balancers:
            balancer.start(EXAMPLES, root)
            self.until_states(balancer, "UP", "UP")
        say("both balancers find both controllers ready, over TLS with the name verified")

    def until_states(self, balancer, *wanted, seconds=30):
        """The seconds until the balancer says so of ctl1 and ctl2, for devices and for people."""
        def is_so():
            states = balancer.states()
            return all(states.get((backend, str(controller))) == state for backend in ("devices", "people")
                       for controller, state in zip(self.controllers, wanted))
        return until(is_so, f"{balancer} has {wanted}: {balancer.states()}", seconds)[1]

    def enrol(self):
        self.operator = Operator(self.hosts["office"], self.controllers[0])
        for name in ("school1", "school2", "stranger"):
            self.hosts[name].write("/root/root.pem", self.controllers[0].host.path("/var/lib/rollcall/ca/root.pem"))
        print(f"    {self.agent.enroll(self.operator)}\n    {self.agent.run('once')}")
        listed = self.operator.rollcall("device", "list", "--management", "agent")
        assert listed.count("dev_") == 1, listed
        say(f"the real agent enrolled and checked in at {NAME}; the operator lists it through the same balancers")
        for fleet in self.fleets:
            fleet.enrol(self.operator)
            assert fleet.check_in(4).wait(60) == 0 and fleet.report()["failures"] == {}, fleet.report()["failures"]
        self.expect_nothing_lost("the first check-ins")
        served = [balancer.sessions("devices") for balancer in self.balancers]
        assert all(count > 0 for each in served for count in each.values()), served
        say(f"{2 * DEVICES} simulated devices enrolled and checked in without a failure; connections by balancer and controller: {served}")

    # MARK: - Addresses

    def throttle(self):
        """Bad tokens of one address past its burst are answered with 429, at each controller; another address is not concerned."""
        stranger, other = self.hosts["stranger"], self.hosts["school2"]
        answers = [bad_tokens(stranger, self.balancers[number % 2], BURST + 5) for number in range(8)]
        told = [(each.count("401"), each.count("429")) for each in answers]
        assert sum(count for count, _ in told) in range(2 * BURST, 2 * BURST + 8) and all(late > 0 for _, late in told), told
        answers = [code for number in range(4) for code in bad_tokens(other, self.balancers[number % 2], 2)]
        assert set(answers) == {"401"}, answers
        say(f"bad tokens of {stranger.address} are answered with 429 after {BURST} at each controller, those of {other.address} with 401: "
            "through the balancers each address is counted by itself")

    # MARK: - Failing

    def acknowledged(self):
        return {device: number for fleet in self.fleets for device, number in fleet.acknowledged().items()}

    def expect_nothing_lost(self, what):
        missing = lost(self.acknowledged(), self.databases.ask(STORED))
        assert not missing, f"{what}: acknowledged and stored numbers of devices: {missing}"

    def under_load(self, what, seconds, body):
        """Runs `body` while both fleets check in; then nothing that was acknowledged may be missing. What is said of it."""
        before = sum(self.acknowledged().values())
        runs = [fleet.check_in(seconds) for fleet in self.fleets]
        time.sleep(2)
        given = body()
        assert all(run.poll() is None for run in runs), f"{what} took longer than the load"
        for run in runs:
            run.wait(seconds + 60)
        self.expect_nothing_lost(what)
        count = sum(self.acknowledged().values()) - before
        assert count > 0, f"{what}: nothing was acknowledged"
        failures = sum((Counter(fleet.report()["failures"]) for fleet in self.fleets), Counter())
        # Whoever was not answered asks again: all of them are in afterwards.
        for fleet in self.fleets:
            assert fleet.check_in(3).wait(60) == 0 and fleet.report()["acknowledged"] > 0, f"{what}: {fleet.report()}"
        self.expect_nothing_lost(what)
        return given, f"{count} check-ins acknowledged meanwhile, 0 lost; failures by code: {dict(failures)}"

    def switch_over(self):
        (first, second), words = self.under_load("the switchover", 45, self.databases.switch_over)
        say(f"switchover from {first} to {second}: {words}")
        until(self.databases.in_step, "a standby in step", 120)

    def kill_primary(self):
        def body():
            primary = self.databases.leader()
            self.databases.kill(primary)
            start = time.monotonic()
            until(lambda: self.databases.leader() not in (None, primary), "another primary", 120)
            until(lambda: all(controller.ready() for controller in self.controllers), "both controllers are ready", 60)
            return primary, time.monotonic() - start
        (primary, seconds), words = self.under_load("the killed primary", 90, body)
        say(f"{primary} killed with -9, {self.databases.leader()} writes and both controllers are ready after {seconds:.0f} s: {words}")
        self.databases.start(primary)
        until(self.databases.in_step, "the killed node as a standby", 120)
        say(f"{primary} came back as a standby")

    def stop_controller(self):
        first, _ = self.controllers

        def body():
            first.host.stop("rollcalld")
            seconds = max(self.until_states(balancer, "DOWN", "UP") for balancer in self.balancers)
            assert "cedar-falls" in self.operator.rollcall("district", "list")
            served = [balancer.sessions("devices")["ctl1"] for balancer in self.balancers]
            time.sleep(2)
            assert served == [balancer.sessions("devices")["ctl1"] for balancer in self.balancers], "ctl1 is still sent connections"
            return seconds
        seconds, words = self.under_load("the stopped controller", 20, body)
        say(f"ctl1 stopped: both balancers took it out within {seconds:.1f} s, people's API answers through the other; {words}")
        first.start()
        back = max(self.until_states(balancer, "UP", "UP") for balancer in self.balancers)
        say(f"ctl1 started again: back after {back:.1f} s")

    def stop_balancer(self):
        for stopped, other in (self.balancers, reversed(self.balancers)):
            stopped.host.kill("haproxy")
            before = sum(other.sessions("devices").values())
            answer = self.agent.run("once")
            assert sum(other.sessions("devices").values()) > before, "the agent did not take the other address"
            assert "cedar-falls" in self.operator.rollcall("district", "list")
            stopped.again()
        say(f"with either balancer killed, agent and operator take the name's other address: {answer}")

    def stop(self):
        for balancer in self.balancers:
            balancer.host.stop("haproxy")
        for controller in self.controllers:
            controller.host.stop("rollcalld")
        self.databases.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", required=True, type=lambda path: Path(path).resolve())
    parser.add_argument("--swarm", required=True, type=lambda path: Path(path).resolve())
    options = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("This makes mounts and network namespaces: run it as root.")
    isolated()
    readable()
    folder = Path(tempfile.mkdtemp(prefix="rollcall-examples-", dir="/tmp"))
    start = time.monotonic()
    deployment = Deployment(options, folder, folder)
    try:
        for step in ("start_databases", "start_controllers", "start_balancers", "enrol", "throttle", "switch_over", "kill_primary",
                     "stop_controller", "stop_balancer"):
            getattr(deployment, step)()
    except BaseException:
        print(f"the logs stand in {folder}", file=sys.stderr)
        raise
    deployment.stop()
    shutil.rmtree(folder)
    say(f"all in {time.monotonic() - start:.0f} s")


main()
