/** `memoryMb` → `memory_mb`: our fields as the REST contract writes them. */
export const toSnake = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** `memory_mb` → `memoryMb` */
export const toCamel = (key: string): string => key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
