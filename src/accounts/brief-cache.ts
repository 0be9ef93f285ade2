/**
 * Remembers the answers to a question for a short time, and asks once for all who ask at the same moment.
 *
 * Only answers that are not null are kept, so that what becomes true (a new key, a new sign-in) is seen at once; what
 * stops being true may be believed for `forMs` longer. A failed question is asked again.
 */
export class BriefCache<T> {
  private readonly entries = new Map<string, { answer: Promise<T | null>; askedAt: number }>();

  constructor(
    private readonly ask: (key: string) => Promise<T | null>,
    private readonly forMs: number,
  ) {}

  get(key: string): Promise<T | null> {
    const known = this.entries.get(key);
    if (known && performance.now() - known.askedAt < this.forMs) return known.answer;
    if (this.entries.size >= MAX_ENTRIES) this.entries.clear();
    const entry = { answer: this.ask(key), askedAt: performance.now() };
    this.entries.set(key, entry);
    const forget = () => {
      if (this.entries.get(key) === entry) this.entries.delete(key);
    };
    entry.answer.then((answer) => answer === null && forget(), forget);
    return entry.answer;
  }

  forget(key: string): void {
    this.entries.delete(key);
  }
}

/** Bounds what a flood of made-up keys can occupy. */
const MAX_ENTRIES = 10_000;
