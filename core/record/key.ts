/** What a key selector may return. Arrays are composite keys; all keys compare by value. */
export type Key = string | number | bigint | boolean | Date | readonly Key[];

/**
 * A key as one JS primitive: two keys have the same identity exactly when they are equal by value.
 * Strings, numbers, bigints and booleans are their own identity (a string that begins with NUL is
 * escaped); dates and arrays become a string that begins with NUL.
 */
export type KeyIdentity = string | number | bigint | boolean;
