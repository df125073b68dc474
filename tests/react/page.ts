/// <reference lib="dom" />
import { createElement, StrictMode } from "react";
import { createRoot, hydrateRoot, type Root } from "react-dom/client";
import { fileEvents } from "../../client/file_events.ts";
import { App, renders, snapshots, summaries } from "./app.ts";

const root = document.getElementById("root")!;
const token = document.documentElement.dataset.token!;
const common = { url: location.origin, key: "publishable", getToken: () => token };
const sources = {
  all: fileEvents(common),
  some: fileEvents({ ...common, fileIds: ["3"] }),
};

/** What the tests call. */
export interface TestPage {
  readonly renders: typeof renders;
  readonly snapshots: typeof snapshots;
  readonly summaries: typeof summaries;
  render(source: keyof typeof sources): void;
  /** Hydrates once another part of the page has the files already. */
  hydrateLate(): void;
  unmount(): void;
}

declare global {
  var testPage: TestPage;
}

let mounted: Root | undefined;
const app = (source: keyof typeof sources) =>
  createElement(StrictMode, null, createElement(App, { source: sources[source] }));

globalThis.testPage = {
  renders,
  snapshots,
  summaries,
  render(source) {
    mounted ??= createRoot(root);
    mounted.render(app(source));
  },
  hydrateLate() {
    sources.all.subscribe(({ length }) => {
      if (length === 0) return;
      mounted ??= hydrateRoot(root, app("all"), { onRecoverableError: reportError });
    });
  },
  unmount: () => mounted!.unmount(),
};
