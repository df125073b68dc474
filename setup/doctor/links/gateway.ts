import { judgeGateway } from "../judge/judge_function.ts";
import type { Link } from "../link.ts";

/** Does the function itself turn away a request without a token, and not the gateway? */
export const gatewayLink: Link = {
  name: "gateway",
  title: "The gateway passes requests on",
  check: ({ anonymous }) => Promise.resolve(judgeGateway(anonymous!)),
};
