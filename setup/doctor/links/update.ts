import { describeChange } from "../await_change.ts";
import { returnsFile } from "../catch_up.ts";
import type { Link } from "../link.ts";
import { touchCanary } from "../touch_canary.ts";
import { broken, ok, skipped } from "../verdict.ts";

/** Does a change of the row become an event? */
export const updateLink: Link = {
  name: "update",
  title: "A changed row becomes an event",
  async check(visit) {
    const touch = await touchCanary(visit, visit.waits.eventMs);
    switch (touch.kind) {
      case "forbidden":
        return skipped("this user may not update the row: pass --database-url to check this too");
      case "refused":
        return broken("canary-refused", touch.words);
      case "unknown":
        return broken("data-api-unavailable", touch.words);
      case "not-stamped":
        return broken("tracking-missing");
      case "missing": {
        const isReturned = await returnsFile(visit, visit.canary!.id!);
        return broken(isReturned === false ? "query-misses-row" : "event-missing");
      }
      case "arrived": {
        const how = describeChange(touch.change);
        if (touch.change.kind === "held") return broken("buffered", how);
        return ok(how);
      }
    }
  },
};
