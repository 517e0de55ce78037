"""What the daemon signs is what botocore would have signed at that moment."""

import re

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from conftest import KEYS

SCOPE = re.compile(r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<day>\d{8})/(?P<region>[^/]+)/"
                   r"(?P<service>[^/]+)/aws4_request, ?SignedHeaders=(?P<signed>[^,]+), ?"
                   r"Signature=(?P<signature>[0-9a-f]{64})$")


def botocore_signature(request, host, scope, token):
    """The signature of the same request at the same time with the same headers."""
    again = AWSRequest(request.method, f"http://{host}{request.target}", data=request.body)
    for name in scope["signed"].split(";"):
        if name != "host":
            again.headers[name] = request.headers[name]
    again.context["timestamp"] = request.headers["x-amz-date"]
    credentials = Credentials(KEYS["AWS_ACCESS_KEY_ID"], KEYS["AWS_SECRET_ACCESS_KEY"], token)
    auth = SigV4Auth(credentials, scope["service"], scope["region"])
    canonical = auth.canonical_request(again)
    return auth.signature(auth.string_to_sign(again, canonical), again)


COMMANDS = [
    ("plain", None, {"description": "x"}),
    ("A_b-9", "aws-gg-deployment", {"timeoutConfig": {"inProgressTimeoutInMinutes": 100}}),
    ("j" * 64, "n-1", {"description": "déjà vu \u65e5\u672c \U0001f600 \"quoted\" \\ /"}),
    ("long", None, {"description": "y" * 2028}),
    ("many", "n", {"abortConfig": {"criteriaList": [
        {"failureType": "FAILED", "action": "CANCEL", "thresholdPercentage": 10.5,
         "minNumberOfExecutedThings": number} for number in range(1, 200)]}}),
]


@pytest.mark.parametrize("token", [None, "session/token+with=signs"], ids=["keys", "session"])
@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_signatures_are_equal(token, region, new_broker, new_bridge, new_device, endpoint):
    broker = new_broker().start()
    env = {**KEYS, **({"AWS_SESSION_TOKEN": token} if token else {})}
    jobs = {"endpoint": endpoint.url, "region": region, "rate_per_second": 0}
    new_bridge(broker, {"jobs": jobs}, env).start()
    device = new_device("pump-1", broker)

    for job, namespace, update in COMMANDS:
        assert device.update(job, {**update, **({"namespaceId": namespace} if namespace else {})},
                             ).is_accepted

    assert len(endpoint.requests) == len(COMMANDS)
    for request, (job, namespace, update) in zip(endpoint.requests, COMMANDS):
        assert (request.method, request.path, request.namespace) == \
            ("PATCH", f"/jobs/{job}", namespace)
        assert request.json == update
        assert request.headers["content-type"] == "application/json"
        scope = SCOPE.match(request.headers["authorization"]).groupdict()
        assert (scope["key"], scope["region"], scope["service"]) == \
            (KEYS["AWS_ACCESS_KEY_ID"], region, "iot")
        assert {"host", "x-amz-date"} <= set(scope["signed"].split(";"))
        assert request.headers.get("x-amz-security-token") == token
        assert scope["signature"] == botocore_signature(
            request, request.headers["host"], scope, token)
