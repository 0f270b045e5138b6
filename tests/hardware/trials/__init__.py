"""What runs in the guest: trials that do something to the machine and report what came of it.

Each public function of a module here is a trial, named ``module.function``; the tests on the host judge
its report. They run by the agent's own Python, which has an MQTT client.
"""
