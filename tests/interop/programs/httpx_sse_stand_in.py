"""Does what httpx-sse does, for machines that have httpx and not this package."""

from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Event:
    id: str = ""
    data: str = ""
    retry: int | None = None


@dataclass
class Decoder:
    """Hands on a block as soon as it has any field, data or not, and keeps the last id."""

    id: str = ""
    data: list[str] = field(default_factory=list)
    retry: int | None = None

    def decode(self, line):
        if line:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "id":
                self.id = value
            elif name == "data":
                self.data.append(value)
            elif name == "retry":
                self.retry = int(value)
        elif self.id or self.data or self.retry is not None:
            event = Event(self.id, "\n".join(self.data), self.retry)
            self.data, self.retry = [], None
            return event


class EventSource:
    def __init__(self, response):
        self.response = response

    async def aiter_sse(self):
        decoder = Decoder()
        rest = ""
        async for text in self.response.aiter_text():
            *lines, rest = (rest + text).split("\n")
            for line in lines:
                if event := decoder.decode(line):
                    yield event


@asynccontextmanager
async def aconnect_sse(client, method, url, headers):
    headers = {**headers, "Accept": "text/event-stream", "Cache-Control": "no-store"}
    async with client.stream(method, url, headers=headers) as response:
        yield EventSource(response)
