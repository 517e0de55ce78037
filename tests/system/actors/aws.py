"""The real AWS clients, with the embedded endpoint's own credentials."""

import configparser
import json
import os
import re
import subprocess

import boto3
from botocore.config import Config

AWS = "/usr/bin/aws"
REGION = "us-east-1"


def thing_arn(thing):
    return f"arn:aws:iot:{REGION}:123456789012:thing/{thing}"


class AwsError(Exception):
    """What the aws command line refused with: the type in code, AWS's words in the text."""

    def __init__(self, text):
        super().__init__(text)
        found = re.search(r"An error occurred \((\w+)\)", text)
        self.code = found.group(1) if found else None


class Aws:
    """The aws command line: aws("create-job", job_id="j", targets=[...])."""

    def __init__(self, bridge):
        self.bridge = bridge

    def env(self):
        return {
            **os.environ,
            "AWS_SHARED_CREDENTIALS_FILE": str(self.bridge.credentials_file),
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_PAGER": "",
        }

    def __call__(self, verb, *words, **options):
        argv = [AWS, "iot", verb, *words, "--endpoint-url", self.bridge.endpoint_url,
                "--output", "json"]
        for name, value in options.items():
            text = value if isinstance(value, str) else json.dumps(value)
            argv += ["--" + name.replace("_", "-"), text]
        done = subprocess.run(argv, env=self.env(), capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise AwsError(done.stderr)
        return json.loads(done.stdout) if done.stdout.strip() else None


def credentials_of(file):
    """Access key and secret key of a shared credentials file's profile `default`."""
    parser = configparser.ConfigParser()
    parser.read(file)
    profile = parser["default"]
    return profile["aws_access_key_id"], profile["aws_secret_access_key"]


def boto3_client(bridge, signing_name=None, keys=None):
    """boto3's iot client, which never retries, so that a test sees the first answer."""
    access_key, secret_key = keys or credentials_of(bridge.credentials_file)
    client = boto3.session.Session().client(
        "iot", region_name=REGION, endpoint_url=bridge.endpoint_url,
        aws_access_key_id=access_key, aws_secret_access_key=secret_key,
        config=Config(retries={"max_attempts": 0}))
    if signing_name is not None:
        client.meta.events.register(
            "choose-signer.iot.*",
            lambda context, **_: context.update(signing={"signing_name": signing_name}))
    return client
