import { DomainError } from "../platform/errors";

/** What came of a call: its answer, or the code of its refusal. */
export const outcome = async <T>(call: Promise<T>): Promise<{ value: T } | { code: string }> => {
  try {
    return { value: await call };
  } catch (error) {
    if (error instanceof DomainError) return { code: error.code };
    throw error;
  }
};
