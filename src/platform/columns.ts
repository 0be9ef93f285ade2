// Column types that the schemas share.
import { customType, timestamp } from "drizzle-orm/pg-core";

/** An id: text in byte order, so that an unknown id is simply not found and index order is the order of creation. */
export const idText = customType<{ data: string }>({ dataType: () => 'text COLLATE "C"' });

export const instant = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });
