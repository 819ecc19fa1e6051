"""An S3-like store on this machine, which moto serves, and what lies in it as boto3 sees it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


@contextmanager
def object_store() -> Iterator[Any]:
    """A client of an empty store, which is what the environment names until the block ends."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**KEYS, "AWS_DEFAULT_REGION": "eu-west-3"}.items():
            patch.setenv(name, value)
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        yield boto3.client("s3")
    server.stop()


def make_bucket(client: Any, name: str) -> str:
    """An empty bucket; returns its URL."""
    place = {"LocationConstraint": "eu-west-3"}
    client.create_bucket(Bucket=name, CreateBucketConfiguration=place)
    return f"s3://{name}"


def stored(client: Any, bucket: str, prefix: str = "") -> dict[str, bytes]:
    """Every object of a bucket below a prefix, by the rest of its name."""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    names = [one["Key"] for page in pages for one in page.get("Contents", ())]
    return {
        name.removeprefix(prefix): client.get_object(Bucket=bucket, Key=name)["Body"].read()
        for name in names
    }
