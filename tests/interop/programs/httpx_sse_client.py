"""A client with httpx-sse: ACCESS_TOKEN=… python3 httpx_sse_client.py URL

Prints the data of each event.
"""

import asyncio
import os
import sys

import httpx

try:
    from httpx_sse import aconnect_sse
except ImportError:
    from httpx_sse_stand_in import aconnect_sse

last_event_id = ""
retry = 1000


async def follow(client, url):
    """Reads one stream to its end."""
    global last_event_id, retry
    headers = {"Authorization": "Bearer " + os.environ["ACCESS_TOKEN"]}
    if last_event_id:
        headers["Last-Event-ID"] = last_event_id
    async with aconnect_sse(client, "GET", url, headers=headers) as source:
        source.response.raise_for_status()
        async for event in source.aiter_sse():
            last_event_id = event.id or last_event_id
            retry = event.retry or retry
            print(event.data, flush=True)


async def main(url):
    certificate = os.environ.get("CERTIFICATE")
    async with httpx.AsyncClient(
        http2=url.startswith("https:"),
        verify=certificate or True,
        timeout=httpx.Timeout(10, read=60),
    ) as client:
        while True:
            try:
                await follow(client, url)
            except httpx.TransportError as error:
                print(repr(error), file=sys.stderr)
            await asyncio.sleep(retry / 1000)


asyncio.run(main(sys.argv[1]))
