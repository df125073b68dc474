/** The headers of an event stream. */
export const EVENT_STREAM_HEADERS = {
  "Content-Type": "text/event-stream",
  // Without `no-transform` some proxies compress the stream, and buffer it for that.
  "Cache-Control": "no-cache, no-transform",
  "Connection": "keep-alive",
  // nginx, and proxies that are built on it, buffer a response unless this header forbids it.
  "X-Accel-Buffering": "no",
};
