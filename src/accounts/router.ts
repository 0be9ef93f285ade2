// tRPC procedures of accounts.
import { z } from "zod";
import { DomainError } from "../platform/errors";
import { procedure, router } from "../platform/trpc";
import { findUser } from "./users";

export const accountsRouter = router({
  me: procedure
    .output(
      z.object({
        userId: z.string(),
        email: z.string(),
        role: z.enum(["admin", "member"]),
        tier: z.enum(["standard", "premium"]),
      }),
    )
    .query(async ({ ctx }) => {
      const user = await findUser(ctx.userId);
      if (!user) throw new DomainError("AUTH_REQUIRED", "authRequired");
      return user;
    }),
});
