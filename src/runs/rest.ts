// V2 routes of groups and units, in the contract's order: method, path, body, verb, status. Those of runs are in rest-runs.ts.
import { z } from "zod";
import type { Route } from "../platform/route";
import { claimIn, claimRun, tellRun } from "./claim";
import { createGroup, getGroup, insertGroup, listGroups, tellGroups, updateGroup } from "./groups";
import { heartbeat } from "./heartbeat";
import { claimInput, groupChange, newGroup, newShare, newUnit, unitChange, unitSync } from "./input";
import { shareOutput, sharesOutput } from "./output";
import { runsOfUnit } from "./read-runs";
import * as examples from "./rest-examples";
import { queueRoutes, unitQueueRoutes } from "./rest-runs";
import { listShares, shareGroup, unshareGroup } from "./shares";
import { groupStatistics, unitStatistics } from "./statistics";
import { removeGroup, removeUnit } from "./trash";
import { createUnit, getUnit, insertUnit, listUnits, syncUnit, updateUnit } from "./units";
import {
  claimFrom,
  groupChangeFrom,
  groupIdFrom,
  groupRemovalFrom,
  heartbeatFrom,
  newGroupFrom,
  newShareFrom,
  newUnitFrom,
  shareRemovalFrom,
  syncFrom,
  unitChangeFrom,
  unitIdFrom,
  unitRemovalFrom,
  wireGroup,
  wireRun,
  wireShare,
  wireStatistics,
  wireUnit,
} from "./wire";

const forced = z.object({ force: z.boolean().optional() });

const groupRoutes: Route[] = [
  {
    method: "POST",
    path: "/v2/groups",
    status: 201,
    description: {
      summary: "Create a group",
      body: newGroup,
      exampleBody: examples.newGroup,
      example: examples.group,
    },
    handle: async ({ userId, body }) => ({ fields: wireGroup(await createGroup(userId, newGroupFrom(body))) }),
    create: async ({ userId, body }, sql) => ({
      fields: wireGroup(await insertGroup(sql, userId, newGroupFrom(body))),
      announce: async () => tellGroups(userId),
    }),
  },
  {
    method: "GET",
    path: "/v2/groups",
    description: { summary: "List groups, newest first", example: { groups: [examples.group] } },
    handle: async ({ userId }) => ({ fields: { groups: (await listGroups(userId)).map(wireGroup) } }),
  },
  {
    method: "GET",
    path: "/v2/groups/:id",
    description: { summary: "Read a group", example: { group: examples.group, unit_count: 1 } },
    handle: async ({ userId, params }) => {
      const group = await getGroup(userId, groupIdFrom(params));
      return { fields: { group: wireGroup(group), unit_count: group.unitCount } };
    },
  },
  {
    method: "PUT",
    path: "/v2/groups/:id",
    description: {
      summary: "Change a group",
      body: groupChange.omit({ groupId: true }),
      exampleBody: { description: "image models, 2026" },
      example: { ...examples.group, group: examples.group },
    },
    handle: async ({ userId, params, body }) => {
      const group = wireGroup(await updateGroup(userId, groupChangeFrom(groupIdFrom(params), body)));
      return { fields: { ...group, group } };
    },
  },
  {
    method: "DELETE",
    path: "/v2/groups/:id",
    description: {
      summary: "Put a group with its units and queues into the trash; 409 while one of its queues runs, unless forced",
      query: forced,
      example: { message: "The group was deleted." },
    },
    handle: async ({ userId, params, query }) => {
      await removeGroup(userId, groupRemovalFrom(groupIdFrom(params), query));
      return { fields: { message: "The group was deleted." } };
    },
  },
  {
    method: "POST",
    path: "/v2/groups/:id/units",
    status: 201,
    description: {
      summary: "Create a training unit",
      body: newUnit.omit({ groupId: true }),
      exampleBody: examples.newUnit,
      example: examples.unit,
    },
    handle: async ({ userId, params, body }) => ({
      fields: wireUnit(await createUnit(userId, newUnitFrom(groupIdFrom(params), body))),
    }),
    create: async ({ userId, params, body }, sql) => {
      const unit = await insertUnit(sql, userId, newUnitFrom(groupIdFrom(params), body));
      return { fields: wireUnit(unit), announce: async () => tellGroups(unit.userId, unit.groupId) };
    },
  },
  {
    method: "GET",
    path: "/v2/groups/:id/units",
    description: { summary: "List a group's units", example: { units: [examples.unit] } },
    handle: async ({ userId, params }) => {
      const units = await listUnits(userId, { groupId: groupIdFrom(params) });
      return { fields: { units: units.map(wireUnit) } };
    },
  },
  {
    method: "GET",
    path: "/v2/groups/:id/statistics",
    description: { summary: "Count a group's queues", example: examples.statistics },
    handle: async ({ userId, params }) => ({
      fields: wireStatistics(await groupStatistics(userId, { groupId: groupIdFrom(params) })),
    }),
  },
];

const shareRoutes: Route[] = [
  {
    method: "GET",
    path: "/v2/groups/:id/shares",
    description: {
      summary: "List the accounts with which a group is shared; for its owner",
      answer: sharesOutput,
      example: { shares: [examples.share] },
    },
    handle: async ({ userId, params }) => ({
      fields: { shares: (await listShares(userId, { groupId: groupIdFrom(params) })).map(wireShare) },
    }),
  },
  {
    method: "PUT",
    path: "/v2/groups/:id/shares",
    // So that addresses are guessed slowly.
    bucket: "batch",
    description: {
      summary:
        "Share a group with the account of an e-mail address, or change its role (`viewer` or `editor`); for its owner",
      body: newShare.omit({ groupId: true }),
      exampleBody: examples.newShare,
      answer: shareOutput,
      example: examples.share,
    },
    handle: async ({ userId, params, body }) => ({
      fields: wireShare(await shareGroup(userId, newShareFrom(groupIdFrom(params), body))),
    }),
  },
  {
    method: "DELETE",
    path: "/v2/groups/:id/shares/:user_id",
    description: {
      summary: "Withdraw a share, at once; the account that has it may give it back, too",
      example: { message: "The share was withdrawn." },
    },
    handle: async ({ userId, params }) => {
      await unshareGroup(userId, shareRemovalFrom(params));
      return { fields: { message: "The share was withdrawn." } };
    },
  },
];

const unitRoutes: Route[] = [
  {
    method: "GET",
    path: "/v2/units/:id",
    description: { summary: "Read a unit", example: { unit: examples.unit } },
    handle: async ({ userId, params }) => {
      const unit = await getUnit(userId, unitIdFrom(params));
      return { fields: { unit: wireUnit(unit) }, etag: String(unit.version) };
    },
  },
  {
    method: "PUT",
    path: "/v2/units/:id",
    description: {
      summary: "Change a unit; with `If-Match: <version>` 412 when it changed meanwhile",
      body: unitChange.omit({ unitId: true, ifVersion: true }),
      exampleBody: { config: { dataset: "imagenet", augment: true } },
      example: { ...examples.unit, unit: examples.unit },
    },
    handle: async ({ userId, params, body, ifMatch }) => {
      const unit = wireUnit(await updateUnit(userId, unitChangeFrom(unitIdFrom(params), body, ifMatch)));
      return { fields: { ...unit, unit }, etag: String(unit.version) };
    },
  },
  {
    method: "DELETE",
    path: "/v2/units/:id",
    description: {
      summary: "Put a unit with its queues into the trash; 409 while one of them runs, unless forced",
      query: forced,
      example: { message: "The unit was deleted." },
    },
    handle: async ({ userId, params, query }) => {
      await removeUnit(userId, unitRemovalFrom(unitIdFrom(params), query));
      return { fields: { message: "The unit was deleted." } };
    },
  },
  {
    method: "POST",
    path: "/v2/units/:id/sync",
    bucket: "traffic",
    scope: "read",
    description: {
      summary: "Ask whether a unit has changed since a version, and for its queues by order",
      body: unitSync.omit({ unitId: true }),
      exampleBody: { client_version: 2 },
      example: { need_sync: true, cloud_version: 3, unit: examples.unit, queues: [examples.queue] },
    },
    handle: async ({ userId, params, body }) => {
      const unitId = unitIdFrom(params);
      const { needSync, cloudVersion, unit } = await syncUnit(userId, syncFrom(unitId, body));
      const queues = (await runsOfUnit(userId, unitId)).map(wireRun);
      return { fields: { need_sync: needSync, cloud_version: cloudVersion, unit: wireUnit(unit), queues } };
    },
  },
  {
    method: "POST",
    path: "/v2/units/:id/heartbeat",
    bucket: "traffic",
    description: {
      summary: "Say that the unit's driver lives, and which queues it works on",
      body: z.object({ running: z.array(z.string()).optional() }),
      exampleBody: { running: [examples.queue.queue_id] },
      example: { connection_status: "connected", last_heartbeat: examples.unit.last_heartbeat, cancel: [] },
    },
    handle: async ({ userId, params, body }) => {
      const { connectionStatus, lastHeartbeat, cancel } = await heartbeat(
        userId,
        heartbeatFrom(unitIdFrom(params), body),
      );
      return { fields: { connection_status: connectionStatus, last_heartbeat: lastHeartbeat, cancel } };
    },
  },
  {
    method: "POST",
    path: "/v2/units/:id/claim",
    bucket: "traffic",
    description: {
      summary: "Take the next pending queue: it is running from now on. `queue` is null when there is none",
      body: claimInput.omit({ unitId: true, claimKey: true }),
      exampleBody: {},
      example: { queue: examples.running },
    },
    handle: async ({ userId, params, body }) => {
      const { run } = await claimRun(userId, claimFrom(unitIdFrom(params), body));
      return { fields: { queue: run && wireRun(run) } };
    },
    create: async ({ userId, params, body }, sql) => {
      const [run = null] = await claimIn(sql, userId, [claimFrom(unitIdFrom(params), body)]);
      return {
        fields: { queue: run && wireRun(run) },
        announce: async () => {
          if (run) tellRun(run);
        },
      };
    },
  },
  {
    method: "GET",
    path: "/v2/units/:id/statistics",
    description: { summary: "Count a unit's queues", example: examples.statistics },
    handle: async ({ userId, params }) => ({
      fields: wireStatistics(await unitStatistics(userId, { unitId: unitIdFrom(params) })),
    }),
  },
];

export const runRoutes: Route[] = [...groupRoutes, ...shareRoutes, ...unitRoutes, ...unitQueueRoutes, ...queueRoutes];
