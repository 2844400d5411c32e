"""Requests made of the OpenAPI document, valid and not: each is answered, none is our fault."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from openapi_cases import OpenApi

COUNT = 4  # of each kind, for each operation


@pytest.fixture(scope="module")
def api() -> Iterator[OpenApi]:
    api = OpenApi()
    yield api
    api.close()


def test_no_request_made_of_the_document_is_a_fault_of_the_server(api: OpenApi):
    for operation in api.operations:
        api.ask(operation, COUNT, 1)
        assert not api.wrong, api.wrong[:3]
    assert api.statuses[200] > 20  # among them are right ones
    assert api.statuses[422] > 20
