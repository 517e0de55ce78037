"""The actors of a system test, each real but for the scripted endpoint.

Broker    a Mosquitto of its own
Bridge    the daemon under test
Endpoint  a scripted stand-in for AWS IoT's UpdateJob, where a real one cannot be made to fail
Device    an MQTT client: a thing, an operator or a dashboard
Aws       the aws command line

Not named here, since few tests need them: metrics.Scrape, prometheus.Prometheus, and
token_service.TokenService. program is pytest's option for the daemon under test.
"""

from .aws import Aws, AwsError
from .bridge import Bridge
from .broker import Broker
from .device import Device
from .endpoint import Endpoint, Reply
from .wait import free_port, until

__all__ = ["Aws", "AwsError", "Bridge", "Broker", "Device", "Endpoint", "Reply", "free_port",
           "until"]
