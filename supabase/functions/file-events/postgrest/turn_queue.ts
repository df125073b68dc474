/**
 * A queue that serves users in turn: each user's items in the order in which they were added, and
 * one item of each user before the next one of the same user.
 */
export class TurnQueue<Item> {
  /** The items of each user who has some. The users are in the order of their turns. */
  readonly #items = new Map<string, Item[]>();

  add(userId: string, item: Item): void {
    const items = this.#items.get(userId);
    if (items) items.push(item);
    else this.#items.set(userId, [item]);
  }

  /**
   * Removes items and passes them to `accept` until it accepts one. An item that is not accepted
   * does not cost its user the turn.
   *
   * @returns Whether an item was accepted.
   */
  offer(accept: (item: Item) => boolean): boolean {
    for (const [userId, items] of this.#items) {
      while (items.length > 0) {
        const item = items.shift()!;
        if (!accept(item)) continue;
        this.#items.delete(userId);
        if (items.length > 0) this.#items.set(userId, items);
        return true;
      }
      this.#items.delete(userId);
    }
    return false;
  }
}
