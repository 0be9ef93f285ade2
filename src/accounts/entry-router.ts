// tRPC procedures for those who are not signed in yet, and have a secret of another kind than a key.
import { z } from "zod";
import { openProcedure, router } from "../platform/trpc";
import { setUp } from "./first-account";
import { newPassword } from "./input";
import { acceptInvitation } from "./invitations";

export const entryRouter = router({
  /** Makes the owner of a server that has no account, for whoever has the token from its log. */
  setUp: openProcedure
    .input(z.object({ token: z.string().max(200), email: z.string().max(254), password: newPassword }))
    .output(z.object({ email: z.string() }))
    .mutation(({ input }) => setUp(input)),
  /** Sets the password of the account that the link is for. */
  acceptInvitation: openProcedure
    .input(z.object({ token: z.string().max(200), password: newPassword }))
    .output(z.object({ email: z.string() }))
    .mutation(({ input }) => acceptInvitation(input)),
});
