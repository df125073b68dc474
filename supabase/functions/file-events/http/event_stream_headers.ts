/** The headers of an event stream. */
export const EVENT_STREAM_HEADERS = {
  "Content-Type": "text/event-stream",
  // Without no-transform some proxies compress the stream, and buffer it to do so.
  "Cache-Control": "no-cache, no-transform",
  "Connection": "keep-alive",
  // nginx, and what is built on it, buffers a response unless it is told not to.
  "X-Accel-Buffering": "no",
};
