import type { Browser } from "puppeteer-core";
import type { Client } from "./client.ts";
import { chromium } from "./clients/chromium.ts";
import { curl } from "./clients/curl.ts";
import { eventsource } from "./clients/eventsource.ts";
import { eventsourceClient } from "./clients/eventsource_client.ts";
import { fetchEventSource } from "./clients/fetch_event_source.ts";
import { fileEventsClient } from "./clients/file_events.ts";
import { httpxSse } from "./clients/httpx_sse.ts";
import { nodeFetch } from "./clients/node_fetch.ts";
import { pythonUrllib } from "./clients/python_urllib.ts";

/**
 * Every client that is tested. npm's libraries, and ours, run on Deno, whose `fetch` speaks HTTP/2 over TLS.
 *
 * @param browser One that ignores errors of certificates.
 */
export function everyClient(browser: Browser): readonly Client[] {
  return [
    fileEventsClient,
    chromium(browser),
    eventsource,
    eventsourceClient,
    fetchEventSource,
    nodeFetch,
    curl,
    pythonUrllib,
    httpxSse,
  ];
}
