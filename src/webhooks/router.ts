// tRPC procedures of webhooks: input schema, verb, output schema.
import { procedure, router } from "../platform/trpc";
import { deliveriesOf, listDeliveries, replayDelivery, testEndpoint } from "./deliveries";
import {
  createEndpoint,
  getEndpoint,
  listEndpoints,
  readTaskSecret,
  removeEndpoint,
  rotateSecret,
  updateEndpoint,
} from "./endpoints";
import { deliveriesInput, endpointChange, endpointId, newEndpoint, replayInput, subjectInput } from "./input";
import {
  deliveriesOutput,
  deliveryOutput,
  endpointOutput,
  endpointsOutput,
  endpointWithSecretOutput,
  removedOutput,
  secretOutput,
  subjectDeliveriesOutput,
} from "./output";

export const webhooksRouter = router({
  list: procedure.output(endpointsOutput).query(({ ctx }) => listEndpoints(ctx.userId)),
  get: procedure
    .input(endpointId)
    .output(endpointOutput)
    .query(({ ctx, input }) => getEndpoint(ctx.userId, input)),
  create: procedure
    .input(newEndpoint)
    .output(endpointWithSecretOutput)
    .mutation(({ ctx, input }) => createEndpoint(ctx.userId, input)),
  update: procedure
    .input(endpointChange)
    .output(endpointOutput)
    .mutation(({ ctx, input }) => updateEndpoint(ctx.userId, input)),
  remove: procedure
    .input(endpointId)
    .output(removedOutput)
    .mutation(async ({ ctx, input }) => {
      await removeEndpoint(ctx.userId, input);
      return { done: true as const };
    }),
  rotate: procedure
    .input(endpointId)
    .output(endpointWithSecretOutput)
    .mutation(({ ctx, input }) => rotateSecret(ctx.userId, input)),
  test: procedure
    .input(endpointId)
    .output(deliveryOutput)
    .mutation(({ ctx, input }) => testEndpoint(ctx.userId, input)),
  deliveries: procedure
    .input(deliveriesInput)
    .output(deliveriesOutput)
    .query(({ ctx, input }) => listDeliveries(ctx.userId, input)),
  deliveriesOf: procedure
    .input(subjectInput)
    .output(subjectDeliveriesOutput)
    .query(({ ctx, input }) => deliveriesOf(ctx.userId, input)),
  replay: procedure
    .input(replayInput)
    .output(deliveryOutput)
    .mutation(({ ctx, input }) => replayDelivery(ctx.userId, input)),
  taskSecret: procedure.output(secretOutput).query(({ ctx }) => readTaskSecret(ctx.userId)),
});
