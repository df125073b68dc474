"""A client with Python's standard library: ACCESS_TOKEN=… python3 python_urllib.py URL

Prints the data of each event.
"""

import http.client
import os
import sys
import time
import urllib.error
import urllib.request

last_event_id = ""
retry = 1.0


def follow(url):
    """Reads one stream to its end."""
    global last_event_id, retry
    headers = {"Authorization": "Bearer " + os.environ["ACCESS_TOKEN"]}
    if last_event_id:
        headers["Last-Event-ID"] = last_event_id
    request = urllib.request.Request(url, headers=headers)
    # Heartbeats come every 30 s. After a minute without a byte the connection is dead.
    with urllib.request.urlopen(request, timeout=60) as response:
        fields = {}
        for line in response:
            if line == b"\n":  # ends an event
                last_event_id = fields.get("id", last_event_id)
                retry = int(fields.get("retry", retry * 1000)) / 1000
                print(fields["data"], flush=True)
                fields = {}
            elif line.endswith(b"\n"):  # else the connection was lost within the line
                field, _, value = line.decode().rstrip("\n").partition(":")
                fields[field] = value.removeprefix(" ")


while True:
    try:
        follow(sys.argv[1])
    except urllib.error.HTTPError as error:
        sys.exit(str(error))  # 401: get a new token. Others: wait, and try again.
    except (OSError, http.client.HTTPException) as error:
        print(error, file=sys.stderr)
    time.sleep(retry)
