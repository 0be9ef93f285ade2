/** Who calls: session, API key and JWT all end here, made by authenticate.ts alone. */
export type Actor = {
  userId: string;
  scopes: string[];
  /** of a browser: its sign-in */
  sid?: string;
};
