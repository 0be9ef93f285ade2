// PURE: how long a password is.

/** Shorter ones can be guessed; longer rules only make people write it down. */
export const MIN_PASSWORD_LENGTH = 8;

/** Long enough for any passphrase; longer texts would only keep argon2 busy. */
export const MAX_PASSWORD_LENGTH = 1000;
