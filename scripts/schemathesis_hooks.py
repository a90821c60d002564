"""How scripts/schemathesis writes and reads a stream of lines: application/x-ndjson."""

import json

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def lines(ctx, value):
    """One line for each value of a list, or one line."""
    values = value if isinstance(value, list) else [value]
    return "".join(json.dumps(one) + "\n" for one in values).encode()


@schemathesis.deserializer("application/x-ndjson")
def last_line(ctx, response):
    """What the document describes of an import is one line; the last is as good as any. Anything else is text."""
    text = response.content.decode()
    if not response.request.url.endswith("/import"):
        return text
    # Not splitlines: texts inside a line may contain what Unicode takes for the end of one.
    return json.loads(text.rstrip("\n").split("\n")[-1]) if text else None
