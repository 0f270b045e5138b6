"""The machine of a simulated room: what a person sets, beside what is real."""

from __future__ import annotations

from config.clock import Now
from device.facts import Machine
from device.health_words import HealthWords
from device.simulated_machine import SimulatedMachine
from device.survey import Survey

NOW = Now(100.0, 0)


class Real:
    """A survey that notes how it is handled."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def start(self) -> None:
        self.calls.append("start")

    def latest(self, now: Now) -> Machine:
        return Machine(cpu_c=40.0, under_voltage=None, on_battery=True)

    def close(self) -> None:
        self.calls.append("close")


def test_alone_it_invents_nothing() -> None:
    survey: Survey = SimulatedMachine()
    survey.start()
    assert survey.latest(NOW) == Machine(under_voltage=False, under_voltage_seen=False)
    survey.close()


def test_a_brown_out_is_a_trouble_and_is_remembered() -> None:
    machine, words = SimulatedMachine(), HealthWords()
    machine.under_voltage = True
    assert words.judge(machine.latest(NOW), 0.0)["supply"] is not None
    machine.under_voltage = False
    found = machine.latest(NOW)
    assert (found.under_voltage, found.under_voltage_seen) == (False, True)
    assert words.judge(found, 60.0)["supply"] is None


def test_the_rest_is_the_real_machines() -> None:
    real = Real()
    machine = SimulatedMachine(real)
    machine.start()
    machine.on_battery, machine.battery_low = False, True
    found = machine.latest(NOW)
    assert (found.cpu_c, found.on_battery, found.battery_low) == (40.0, False, True)
    machine.close()
    assert real.calls == ["start", "close"]
