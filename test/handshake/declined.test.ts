import { expect, test } from "vitest";
import { Declined, decliningError } from "../../src/handshake/declined.js";

test.each([
  [5_000, 5_000],
  [0, 0],
  [0.5, 0.5],
  [-1, undefined],
  [Number.NaN, undefined],
  [Number.POSITIVE_INFINITY, undefined],
  ["5000", undefined],
  [[5], undefined],
])("a delay of %j is told to the host as %j, and taken from a plugin as that", (given, told) => {
  const { code, message, data } = decliningError(Object.assign(new RangeError("not yet"), { retryAfterMs: given })).toObject();
  expect({ code, message, data }).toEqual({
    code: -32000,
    message: "not yet",
    data: { name: "RangeError", ...(told === undefined ? {} : { retryAfterMs: told }) },
  });
  expect(new Declined("not yet", given)).toMatchObject({
    code: "REMOTE_ERROR",
    message: "it declined to start: not yet",
    retryAfterMs: told,
  });
});

test.each([
  undefined,
  null,
  "no licence",
  new Proxy(
    {},
    {
      get() {
        throw new Error("do not look");
      },
    },
  ),
])("whatever configure() throws is told, and looking at it throws nothing", (thrown) => {
  const { code, message, data } = decliningError(thrown).toObject();
  expect([code, typeof message, Object.keys(data as object)]).toEqual([-32000, "string", ["name"]]);
});
