#!/usr/bin/env python3
"""A plugin in Python 3.8 or later, standard library only. Copy it, and change the first part.

It provides the contract `greeter`, and `countdown`, which works for a while, can be cancelled, and calls the host
back. Everything below the first part is the wire protocol of docs/protocol.md, whose sections are named.
"""

import asyncio
import hashlib
import hmac
import inspect
import json
import os
import random
import re
import secrets
import signal
import sys
import threading

# ── What this plugin provides: this is the part to change ─────────────────────────────────────────────────────────
#
# A handler takes the input and the host that asked. A plain `def` must be quick, for it holds up every other call; an
# `async def` may take its time, and is interrupted at its `await` when the caller gives up.

COOKIE_KEY = "OTTO_PLUGIN_MAGIC_COOKIE"
COOKIE_VALUE = "11aab7ff21cb9ff7b0e9975d53f17a8dab571eac9b5ff0191730046698f07b7f"
API_VERSIONS = [1]

every_ms = 1000


def greet(value, host):
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        raise Refusal(INVALID_INPUT, "A greeting needs a name", {"issues": [{"message": "Expected a text", "path": ["name"]}]})
    return f"Hello, {value['name']}!"


def tempo(value, host):
    global every_ms
    every_ms = value["everyMs"]


async def start(number, host):
    for left in range(number, 0, -1):
        host.notify("control.tick", left)
        await asyncio.sleep(every_ms / 1000)
    if not await host.call("control.go"):
        raise Exception("Control holds at zero")
    return "Lift-off!"


CONTRACTS = {
    "greeter": {"greet": greet},
    "countdown": {"tempo": tempo, "start": start},
}

# What it hears, answers and joins on the bus of a host that has one, by the name that crosses: {"blog/published": handler}. A handler
# takes the value, and the message with its `id`, `source` and `timeMs`; that of a hook gives the value on, or None to leave it as it is.
EVENTS = {}
ACTIONS = {}
HOOKS = {}

# ── Numbers and names of the protocol (sections 2, 3 and 5) ───────────────────────────────────────────────────────

PARSE_ERROR, INVALID_REQUEST, NOT_PROVIDED, INVALID_INPUT = -32700, -32600, -32601, -32602
HANDLER_FAILED, BUSY, STOPPING, INVALID_OUTPUT, CANCELLED = -32000, -32002, -32003, -32005, -32800

UNPROVEN_LINE_BYTES, LINE_BYTES, DEPTH, IN_FLIGHT = 64 * 1024, 32 * 1024 * 1024, 64, 16_384
UNPROVEN_CONNECTIONS, PROVE_SECONDS = 64, 5
LARGEST_ID = 2**53 - 1


def find_handler(method):
    return next((handler for name, members in CONTRACTS.items() for member, handler in members.items() if method == f"{name}.{member}"), None)


def provides():
    return [{"name": name, "members": {member: {"kind": "method"} for member in members}} for name, members in CONTRACTS.items()]


class Refusal(Exception):
    """An error with a code of section 2. A handler may raise one; any other exception becomes HANDLER_FAILED."""

    def __init__(self, code, message, data=None):
        super().__init__(message)
        self.code, self.message, self.data = code, message, data


class Violation(Refusal):
    """What closes the connection."""


# ── Messages (section 2) ──────────────────────────────────────────────────────────────────────────────────────────


def encode(message):
    # All in ASCII, so that half a surrogate pair in a text cannot make bytes that are no UTF-8.
    return json.dumps({"jsonrpc": "2.0", **message}, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def decode(line):
    """One line as a message, or a Violation."""
    if too_deep(line):
        raise Violation(INVALID_REQUEST, f"The line is nested deeper than {DEPTH} levels")
    try:
        message = json.loads(line.decode("utf-8"), parse_constant=refuse_constant)
    except ValueError as error:  # That it is no UTF-8 is a ValueError as well.
        raise Violation(PARSE_ERROR, f"The line is not JSON: {error}")
    if not (is_request(message) or is_response(message)):
        raise Violation(INVALID_REQUEST, "The line is no single request, notification or response")
    return message


def is_request(message):
    return (
        isinstance(message, dict)
        and message.get("jsonrpc") == "2.0"
        and isinstance(message.get("method"), str)
        and isinstance(message.get("params", {}), (dict, list))
        and ("id" not in message or is_id(message["id"]))
    )


def is_response(message):
    return (
        isinstance(message, dict)
        and message.get("jsonrpc") == "2.0"
        and "method" not in message
        and ("result" in message) != ("error" in message)
        and "id" in message
        # A host that could not read our line answers null.
        and (is_id(message["id"]) or (message["id"] is None and "error" in message))
    )


def is_id(value):
    if isinstance(value, str):
        return len(value) <= 64
    return type(value) is int and 0 <= value <= LARGEST_ID  # Not isinstance: True is an int.


TEXT_OR_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[{]|[\]}]', re.DOTALL)


def too_deep(line):
    if line.count(b"[") + line.count(b"{") <= DEPTH:
        return False
    depth = 0
    for found in TEXT_OR_BRACKET.finditer(line):
        first = line[found.start()]
        depth += 1 if first in b"[{" else -1 if first in b"]}" else 0
        if depth > DEPTH:
            return True
    return False


def refuse_constant(name):
    raise ValueError(f"{name} is not JSON")


def to_params(value):
    """The members of a request that carry its input: none, the object as it is, or an array of the one value."""
    if value is None:
        return {}
    return {"params": value if isinstance(value, dict) else [value]}


def from_params(message):
    params = message.get("params", [])
    if isinstance(params, dict):
        return params
    if len(params) > 1:
        raise Refusal(INVALID_INPUT, "Expected params to be an object, or an array of one value")
    return params[0] if params else None


# ── One connection (sections 3 and 4) ─────────────────────────────────────────────────────────────────────────────


class Connection:
    """A host that dialled us, and what handlers get as `host`: call it back with call() and notify()."""

    def __init__(self, plugin, reader, writer):
        self.plugin, self.reader, self.writer = plugin, reader, writer
        self.unread = bytearray()
        self.proven = False
        self.running = {}  # Calls that the host placed here: id to task.
        self.pending = {}  # Calls that we placed there: id to future.
        self.next_id = 0

    # What handlers use.

    async def call(self, method, value=None):
        id, self.next_id = self.next_id, self.next_id + 1
        answer = self.pending[id] = asyncio.get_running_loop().create_future()
        try:
            self.send({"id": id, "method": method, **to_params(value)})
            return await answer
        except asyncio.CancelledError:
            self.notify("rpc.cancel", {"id": id})
            raise
        finally:
            del self.pending[id]

    def notify(self, method, value=None):
        self.send({"method": method, **to_params(value)})

    # From the first byte to the last.

    async def run(self):
        try:
            await asyncio.wait_for(self.prove(), PROVE_SECONDS)
            while True:
                self.receive(await self.read_message(LINE_BYTES))
                await self.writer.drain()  # A host that does not read is not read either.
        except Violation as violation:
            if self.proven:  # A stranger is told nothing.
                self.send_error(None, violation)
        except (asyncio.TimeoutError, EOFError, OSError):
            pass
        finally:
            self.writer.close()
            for task in list(self.running.values()):
                task.cancel()
            for answer in self.pending.values():
                if not answer.done():
                    answer.set_exception(Exception("The connection to the host was lost"))

    async def prove(self):
        """Section 3: each side shows that it knows the secret, without telling it."""
        hello = await self.read_message(UNPROVEN_LINE_BYTES)
        params = self.first("rpc.hello", hello)
        theirs, ours = params.get("challenge"), secrets.token_hex(32)
        if not isinstance(theirs, str) or not re.fullmatch("[0-9a-f]{64}", theirs):
            raise Violation(INVALID_REQUEST, "The challenge is not 64 hex digits")
        if 1 not in as_list(params.get("protocolVersions")):
            self.send_error(hello["id"], Refusal(INVALID_INPUT, "This plugin speaks protocol version 1", {"protocolVersions": [1]}))
            raise EOFError
        common = set(API_VERSIONS).intersection(as_list(params.get("apiVersions")))
        if not common:
            self.send_error(hello["id"], Refusal(INVALID_INPUT, "No apiVersion in common", {"apiVersions": API_VERSIONS}))
            raise EOFError
        self.send({"id": hello["id"], "result": {
            "protocolVersion": 1, "apiVersion": max(common), "challenge": ours, "framing": "lines",
            "proof": self.plugin.proof("plugin", theirs, ours),
            "provides": provides(), "events": list(EVENTS), "actions": list(ACTIONS), "hooks": list(HOOKS),
            "info": {"name": "python-greeter", "version": "1.0.0"},
        }})  # fmt: skip

        ready = await self.read_message(UNPROVEN_LINE_BYTES)
        proof = self.first("rpc.ready", ready).get("proof")
        expected = self.plugin.proof("host", theirs, ours)
        if not isinstance(proof, str) or not hmac.compare_digest(proof.encode(), expected.encode()):
            raise Violation(INVALID_REQUEST, "The proof is wrong")
        self.proven = True
        self.plugin.strangers.pop(self, None)
        # Here is the place to look at `provides` and `config`; an error instead of {} declines to start.
        self.send({"id": ready["id"], "result": {}})

    def first(self, method, message):
        if message.get("method") != method or "id" not in message or not isinstance(message.get("params"), dict):
            raise Violation(INVALID_REQUEST, f"Expected {method}")
        return message["params"]

    async def read_message(self, limit):
        searched = 0
        while True:
            end = self.unread.find(b"\n", searched)
            searched = len(self.unread)
            if (searched if end < 0 else end) > limit:
                raise Violation(INVALID_REQUEST, f"The line is longer than {limit} bytes")
            if end >= 0:
                line = bytes(self.unread[:end])
                del self.unread[: end + 1]
                return decode(line)
            chunk = await self.reader.read(64 * 1024)
            if not chunk:
                raise EOFError
            self.unread += chunk

    def receive(self, message):
        if "method" not in message:
            self.settle(message)
        elif "id" in message:
            self.answer(message)
        elif message["method"] == "rpc.cancel":
            params = message.get("params")
            task = self.running.get(params.get("id")) if isinstance(params, dict) and is_id(params.get("id")) else None
            if task:
                task.cancel()
        elif message["method"] == "rpc.event":
            asyncio.ensure_future(self.hear(message.get("params")))
        # Other notifications have no taker here, and are ignored.

    def settle(self, response):
        answer = self.pending.get(response["id"])
        if answer is None or answer.done():
            return  # We gave up on that call.
        error = response.get("error")
        if "error" not in response:
            answer.set_result(response["result"])
        else:
            error = error if isinstance(error, dict) else {}
            answer.set_exception(Refusal(error.get("code", -32603), str(error.get("message", "The host gave no reason")), error.get("data")))

    def answer(self, request):
        id, method = request["id"], request["method"]
        if id in self.running:
            raise Violation(INVALID_REQUEST, f"A request with the id {json.dumps(id)} is still running")
        try:
            work = self.work_for(method, request)
        except Refusal as refusal:
            return self.send_error(id, refusal)
        task = self.running[id] = asyncio.ensure_future(work)
        # Not inside the task: one that is cancelled before its first step would never answer.
        task.add_done_callback(lambda task: self.send_outcome(id, task))

    async def hear(self, params):
        """Section 4, topics: an event is answered to nobody; who failed on one tells the host."""
        params = params if isinstance(params, dict) else {}
        handler = EVENTS.get(params.get("topic"))
        try:
            if handler:
                await call_handler(handler, params.get("value"), params)
        except Exception as error:
            report = {"eventId": params.get("id"), "source": params.get("source"), "topic": params.get("topic"), "message": str(error)}
            self.notify("rpc.event", {"topic": "core/core.error", "value": report})

    async def run_topic(self, handlers, params):
        params = params if isinstance(params, dict) else {}
        handler = handlers.get(params.get("topic"))
        if handler is None:
            raise Refusal(NOT_PROVIDED, f'Cannot run "{str(params.get("topic"))[:128]}": this plugin has no handler for it')
        result = await call_handler(handler, params.get("value"), params)
        if handlers is ACTIONS:
            return result
        return {} if result is None else {"value": result}

    def work_for(self, method, request):
        if method == "rpc.ping":
            return call_handler(lambda value, host: "pong", None, self)
        if method == "rpc.shutdown":
            self.plugin.stopping = True  # At once: a call right behind it is refused.
            return self.plugin.shut_down(from_params(request))
        handler = find_handler(method)
        topics = {"rpc.action": ACTIONS, "rpc.hook": HOOKS}.get(method)
        if handler is None and topics is None:
            raise Refusal(NOT_PROVIDED, f'Cannot call "{method[:128]}": nobody provides it')
        if self.plugin.stopping:
            raise Refusal(STOPPING, f'Cannot call "{method}": the plugin is stopping')
        if len(self.running) >= IN_FLIGHT:
            raise Refusal(BUSY, f'Cannot call "{method}": {IN_FLIGHT} calls are running')
        if topics is not None:
            return self.run_topic(topics, request.get("params"))
        return call_handler(handler, from_params(request), self)

    def send_outcome(self, id, task):
        del self.running[id]
        if task.cancelled():
            return self.send_error(id, Refusal(CANCELLED, "Cancelled"))
        error = task.exception()
        if isinstance(error, Refusal):
            return self.send_error(id, error)
        if error is not None:
            return self.send_error(id, Refusal(HANDLER_FAILED, str(error) or type(error).__name__, {"name": type(error).__name__}))
        try:
            self.send({"id": id, "result": task.result()})  # None is null.
        except (TypeError, ValueError, RecursionError) as error:
            self.send_error(id, Refusal(INVALID_OUTPUT, f"The result cannot be sent: {error}"))

    def send_error(self, id, refusal):
        data = {} if refusal.data is None else {"data": refusal.data}
        self.send({"id": id, "error": {"code": refusal.code, "message": refusal.message[:1000], **data}})

    def send(self, message):
        line = encode(message)
        if not self.writer.is_closing():
            self.writer.write(line)


async def call_handler(handler, value, host):
    result = handler(value, host)
    return await result if inspect.isawaitable(result) else result


def as_list(value):
    return [item for item in value if type(item) is int] if isinstance(value, list) else []


# ── The process (section 1) ───────────────────────────────────────────────────────────────────────────────────────


class Plugin:
    def __init__(self, secret):
        self.key = bytes.fromhex(secret)
        self.connections = {}  # Connection to the task that runs it.
        self.strangers = {}  # Those that have not proven the secret yet, oldest first.
        self.stopping = False
        self.ended = asyncio.Event()

    def proof(self, role, theirs, ours):
        return hmac.new(self.key, f"{role}:{theirs}:{ours}".encode(), hashlib.sha256).hexdigest()

    async def accept(self, reader, writer):
        connection = Connection(self, reader, writer)
        self.connections[connection] = asyncio.current_task()
        self.strangers[connection] = True
        if len(self.strangers) > UNPROVEN_CONNECTIONS:
            oldest = next(iter(self.strangers))
            del self.strangers[oldest]
            oldest.writer.close()
        try:
            await connection.run()
        finally:
            self.strangers.pop(connection, None)
            del self.connections[connection]

    async def shut_down(self, params):
        """Lets the calls that run finish, and then the process end."""
        grace_ms = params.get("graceMs") if isinstance(params, dict) else None
        me = asyncio.current_task()
        running = [task for connection in self.connections for task in connection.running.values() if task is not me]
        if running:
            _, late = await asyncio.wait(running, timeout=(grace_ms if isinstance(grace_ms, (int, float)) else 2000) / 1000)
            for task in late:
                task.cancel()
        asyncio.get_running_loop().call_soon(self.ended.set)  # After the answer to this request was written.
        return {}

    def terminate(self):
        """Whoever sends SIGTERM gets what a host gets that says to stop, in less time."""
        if self.stopping:
            return
        self.stopping = True
        self.terminating = asyncio.ensure_future(self.shut_down({"graceMs": 1000}))

    async def close(self):
        """Waits a little for what is still to be written."""
        for connection in self.connections:
            connection.writer.close()
        if self.connections:
            await asyncio.wait(list(self.connections.values()), timeout=1)


async def main():
    secret = os.environ.pop("PLUGIN_SECRET", "")  # Our own children must not get it.
    if not re.fullmatch("[0-9a-f]{64}", secret):
        leave("PLUGIN_SECRET is not 64 hex digits")
    if os.environ.get("PLUGIN_CLIENT_CERT"):
        leave("the host asks for TLS, which it does not speak")
    plugin = Plugin(secret)
    end = asyncio.get_running_loop().call_soon_threadsafe
    signal.signal(signal.SIGTERM, lambda *_: end(plugin.terminate))

    server, network, address = await listen(plugin)
    try:
        theirs = [int(text) for text in os.environ.get("PLUGIN_PROTOCOL_VERSIONS", "1").split(",") if text.isdigit()]
        api = max(set(API_VERSIONS).intersection(theirs) or API_VERSIONS)
        print(f"\n1|{api}|{network}|{address}|jsonrpc|", flush=True)
        lifeline = lifeline_fd()
        if lifeline is not None:
            threading.Thread(target=hold_lifeline, args=(lifeline, lambda: end(plugin.ended.set)), daemon=True).start()
        await plugin.ended.wait()
    finally:
        server.close()
        if network == "unix" and os.path.exists(address):
            os.unlink(address)
    await plugin.close()


async def listen(plugin):
    transport = os.environ.get("PLUGIN_TRANSPORT", "tcp")
    if transport == "unix":
        path = os.path.join(os.environ.get("PLUGIN_UNIX_SOCKET_DIR", "."), "s")
        try:
            return await asyncio.start_unix_server(plugin.accept, path), "unix", path
        except OSError as error:
            leave(f'it cannot listen at "{path}": {error}')
    if transport != "tcp":
        leave(f'it has no transport "{transport}", only tcp and unix')
    for port in ports():
        try:
            server = await asyncio.start_server(plugin.accept, "127.0.0.1", port)
            return server, "tcp", "127.0.0.1:%d" % server.sockets[0].getsockname()[1]
        except OSError:
            continue  # Somebody else has it.
    leave("no port is free between PLUGIN_MIN_PORT and PLUGIN_MAX_PORT")


def ports():
    low, high = (int(os.environ.get(name, "0")) for name in ("PLUGIN_MIN_PORT", "PLUGIN_MAX_PORT"))
    return [0] if (low, high) == (0, 0) else random.sample(range(low, high + 1), high + 1 - low)


def lifeline_fd():
    """The descriptor whose other end the host holds: it ends when the host does. Our own children must not get it."""
    name = os.environ.get("PLUGIN_LIFELINE", "")
    if name == "stdin":
        return 0
    if not re.fullmatch(r"fd:\d{1,4}", name):
        return None
    os.set_inheritable(int(name[3:]), False)
    return int(name[3:])


def hold_lifeline(fd, end):
    """Runs on a thread of its own, so that the plugin ends with its host even where a handler keeps it busy."""
    try:
        while os.read(fd, 4096):
            pass
    except OSError:
        pass
    end()
    threading.Event().wait(0.5)
    os._exit(0)


def leave(reason):
    print(f"python-greeter cannot start: {reason}", file=sys.stderr)
    sys.exit(1)


def run():
    if os.environ.get(COOKIE_KEY) != COOKIE_VALUE:
        print("This is a plugin: it is started by another program and does nothing on its own.", file=sys.stderr)
        sys.exit(1)
    asyncio.run(main())


if __name__ == "__main__":
    run()
