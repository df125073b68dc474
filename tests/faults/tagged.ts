import * as fc from "fast-check";

/** What draws objects that are told apart by their property `tag`. */
function tagged<Tag extends string>(tag: Tag) {
  /** Draws one of `names` as the tag, and further properties; `weight` is how often. */
  return <const Name extends string, Fields = unknown>(
    weight: number,
    names: readonly Name[],
    fields: { [Key in keyof Fields]: fc.Arbitrary<Fields[Key]> } = {} as never,
  ) => {
    const arbitrary = fc.record({ [tag]: fc.constantFrom(...names), ...fields });
    return { weight, arbitrary: arbitrary as fc.Arbitrary<{ [_ in Tag]: Name } & Fields> };
  };
}

export const step = tagged("do");
export const op = tagged("op");
