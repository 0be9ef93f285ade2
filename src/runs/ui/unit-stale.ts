// PURE. Saving over what the reader saw, and over nothing else.

/**
 * Writes unless the thing itself differs from what the reader saw. The version that guards the write is the whole unit's: a change
 * elsewhere in the unit refuses it too, and then it is looked at again.
 *
 * @param read the version first and the thing after it: the other way round, a change between the two would go unseen
 * @param write refused as stale when the unit has another version by now
 * @param isSeen whether the thing is what the reader saw
 * @returns null when it is written, else what is there now
 * @throws what `read` and `write` throw; the last refusal when the unit never stops changing
 */
export const writeOverSeen = async <Thing>(
  read: () => Promise<{ version: number; thing: Thing }>,
  write: (ifVersion: number) => Promise<unknown>,
  isSeen: (thing: Thing) => boolean,
  isStale: (error: unknown) => boolean,
): Promise<Thing | null> => {
  for (let left = TRIES; ; left--) {
    const { version, thing } = await read();
    if (!isSeen(thing)) return thing;
    try {
      await write(version);
      return null;
    } catch (error) {
      if (!isStale(error) || left === 1) throw error;
    }
  }
};

/** A sweep that is being written changes a unit a few times a second; a save takes some 20 ms. */
const TRIES = 5;
