import { expect, test } from "vitest";
import { readImplementations } from "../../src/contract/implementations.js";
import { defineContract, implement, method, notification } from "../../src/index.js";
import { given } from "../kit/options.js";

const any = (value: unknown) => value as any;
const greeter = defineContract("greeter", { greet: method<string, string>(), seen: notification<string>() });
const handlers = { greet: (name: string) => `Hello, ${name}!`, seen: () => {} };

test("implement() pairs a contract with its handlers, frozen", () => {
  const implementation = any(implement(greeter, handlers));
  expect(implementation.name).toBe("greeter");
  expect(implementation.contract).toBe(greeter);
  expect([...implementation.handlers.keys()]).toEqual(["greet", "seen"]);
  expect(Object.isFrozen(implementation)).toBe(true);
});

test.each([
  [() => implement(any(undefined), any({})), "Cannot implement undefined: it takes a contract made with defineContract()"],
  [() => implement(any("greeter"), any({})), 'Cannot implement "greeter": it takes a contract made with defineContract()'],
  [() => implement(any(null), any({})), "Cannot implement null: it takes a contract made with defineContract()"],
  [() => implement(any({ name: "x" }), any({})), "Cannot implement object: it takes a contract made with defineContract()"],
  [() => implement(greeter, any(null)), 'Cannot implement contract "greeter": the handlers must be an object of functions'],
  [
    () =>
      implement(
        greeter,
        any(() => {}),
      ),
    'Cannot implement contract "greeter": the handlers must be an object of functions',
  ],
  [
    () => implement(greeter, any({ greet: handlers.greet })),
    'Cannot implement contract "greeter": the handlers lack a function for its notification "seen"',
  ],
  [
    () => implement(greeter, any({ ...handlers, greet: "hi" })),
    'Cannot implement contract "greeter": the handlers lack a function for its method "greet"',
  ],
  [
    () => implement(greeter, any({ ...handlers, gret: () => {} })),
    'Cannot implement contract "greeter": it has no member "gret"; its members are greet, seen',
  ],
])("implement() refuses what does not fit: %#", (make, sentence) => {
  expect(make).toThrow(new TypeError(sentence));
});

test("the handlers may be a null-prototype object, and then may hold nothing else either", () => {
  const bare = Object.assign(Object.create(null), handlers);
  expect(implement(greeter, bare).name).toBe("greeter");
  bare.more = () => {};
  expect(() => implement(greeter, bare)).toThrow('it has no member "more"');
});

test("[F48] a member named as a property of every object is not served by that property", () => {
  const odd = defineContract("odd", { toString: method<void, string>(), constructor: method() });
  expect(() => implement(odd, any({}))).toThrow('the handlers lack a function for its method "toString"');
  class Odd {
    toString(): string {
      return "odd";
    }
  }
  expect(() => implement(odd, any(new Odd()))).toThrow('the handlers lack a function for its method "constructor"');
});

test("an instance of a class may have state and helpers beside its handlers, which keep their `this`", () => {
  class Base {
    seen(): void {}
  }
  class Greeter extends Base {
    readonly #greeting = "Hi";
    helper(): string {
      return this.#greeting;
    }
    greet(name: string): string {
      return `${this.helper()}, ${name}!`;
    }
  }
  const { handlers: found } = any(implement(greeter, new Greeter()));
  expect(found.get("greet")("you")).toBe("Hi, you!");
});

test.each([
  [undefined, "provides is undefined, and it must be a list of implement(…) results"],
  [implement(greeter, handlers), "provides is an object, and it must be a list of implement(…) results"],
  [[handlers], "provides[0] is an object, and it must be made with implement()"],
  [[implement(greeter, handlers), undefined], "provides[1] is undefined, and it must be made with implement()"],
  [[greeter], "provides[0] is an object, and it must be made with implement()"],
  [[implement(greeter, handlers), implement(greeter, handlers)], 'provides implements contract "greeter" twice'],
])("a list of implementations holds implementations, each contract once: %#", (provides, sentence) => {
  expect(() => readImplementations(given({ provides }), "provides")).toThrow(new TypeError(`Cannot test: ${sentence}`));
});
