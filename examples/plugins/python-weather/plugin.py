#!/usr/bin/env python3
"""A plugin that dials in, in Python 3.8 or later with the library `websockets` (10 or later). Copy it, and change the first part.

It provides the contract `weather`, hears an event, answers an action, emits an event and calls its host. Everything below the first
part is section 11 of docs/protocol.md, and what it needs of sections 2 and 4. Run it as

    HOST_URL=ws://127.0.0.1:51234 WEATHER_TOKEN=… python3 plugin.py
"""

import asyncio
import inspect
import json
import os
import random
import sys

import websockets

URL = os.environ.get("HOST_URL", "ws://127.0.0.1:51234")
ID = os.environ.get("PLUGIN_ID", "python-weather")
TOKEN = os.environ.pop("WEATHER_TOKEN", None)  # Popped: its own children must not get it.

# ── What this plugin provides: this is the part to change ─────────────────────────────────────────────────────────

options = {}


def configure(config, host):
    """The options that the host has for this plugin. Raising declines to start."""
    options.update({"unit": "°C", **config})


async def forecast(input, host):
    """A handler takes the input and the host; what it raises, the caller gets."""
    if input.get("place") == "nowhere":
        raise LookupError("there is no weather nowhere")
    return {"place": input["place"], "text": f"21 {options['unit']}", "at": await host.call("clock.now")}


async def stormed(value, host):
    """Hears the event weather/storm, and tells of it in turn."""
    await host.emit("weather/warned", {"of": value["place"]})


def unit(value, host):
    """Answers the action weather/unit."""
    return options["unit"]


METHODS = {"weather.forecast": forecast}
EVENTS = {"weather/storm": stormed}
ACTIONS = {"weather/unit": unit}
PROVIDES = [{"name": "weather", "members": {"forecast": {"kind": "method"}}}]

# ── The protocol ──────────────────────────────────────────────────────────────────────────────────────────────────

AGAIN = {1001, 1006, 1011, 1012, 1013}  # Close codes after which the host is dialled again.


class Refused(Exception):
    """An error answer: its code and its message."""


class Host:
    """One connection: calls both ways, by JSON-RPC."""

    def __init__(self, socket):
        self.socket = socket
        self.ids = 0
        self.waiting = {}  # Calls of ours, by id.
        self.running = {}  # Calls of the host's, by id.
        self.stopping = False

    async def call(self, method, params=None):
        self.ids += 1
        self.waiting[self.ids] = asyncio.get_running_loop().create_future()
        await self.send(id=self.ids, method=method, params=params)
        return await self.waiting[self.ids]

    async def emit(self, topic, value=None):
        await self.call("rpc.event", {"topic": topic, "value": value})

    async def send(self, **message):
        text = {key: value for key, value in message.items() if value is not None or key == "result"}
        await self.socket.send(json.dumps({"jsonrpc": "2.0", **text}))

    async def register(self):
        said = {"provides": PROVIDES, "events": list(EVENTS), "actions": list(ACTIONS), "info": {"name": ID}}
        await self.send(id=0, method="rpc.register", params={"id": ID, **({"token": TOKEN} if TOKEN else {}), **said})
        answer = json.loads(await self.socket.recv())
        if "error" in answer:
            print(answer["error"]["message"], file=sys.stderr)
            await self.socket.wait_closed()
            return False
        configure(answer["result"]["config"], self)
        await self.send(method="rpc.ready")
        return True

    async def converse(self):
        try:
            async for text in self.socket:
                for line in text.split("\n"):
                    self.take(json.loads(line))
        finally:
            for task in self.running.values():
                task.cancel()
            for call in self.waiting.values():
                call.cancel()

    def take(self, message):
        if "method" not in message:
            waiting = self.waiting.pop(message.get("id"), None)
            if waiting is None or waiting.done():
                return  # Nobody waits for it: ignored.
            if message.get("error") is not None:
                waiting.set_exception(Refused(message["error"].get("code"), message["error"].get("message")))
            else:
                waiting.set_result(message.get("result"))
        elif message["method"] == "rpc.cancel" and "id" not in message:
            task = self.running.get((message.get("params") or {}).get("id"))
            if task is not None:
                task.cancel()
        else:
            key = message.get("id", object())
            self.running[key] = asyncio.ensure_future(self.answer(message))
            self.running[key].add_done_callback(lambda _: self.running.pop(key, None))

    async def answer(self, message):
        params = message.get("params")
        input = params[0] if isinstance(params, list) and params else params
        try:
            answer = {"result": await self.run(message["method"], input)}
        except asyncio.CancelledError:
            answer = {"error": {"code": -32800, "message": "cancelled"}}
        except Refused as refused:
            answer = {"error": {"code": refused.args[0], "message": refused.args[1]}}
        except Exception as error:  # What a handler raises, the caller gets.
            answer = {"error": {"code": -32000, "message": str(error), "data": {"name": type(error).__name__}}}
        if "id" in message:
            await self.send(id=message["id"], **answer)

    async def run(self, method, input):
        if method == "rpc.ping":
            return "pong"
        if method == "rpc.shutdown":
            self.stopping = True
            others = [task for task in self.running.values() if task is not asyncio.current_task()]
            await asyncio.wait(others, timeout=input["graceMs"] / 1000 * 3 / 4) if others else None
            return {}
        if self.stopping:
            raise Refused(-32003, "Cannot run it: this plugin is stopping")
        if method == "rpc.configure":
            return configure(input["config"], self) or {}
        topics = {"rpc.event": EVENTS, "rpc.action": ACTIONS}.get(method)
        handler = METHODS.get(method) if topics is None else topics.get(input["topic"])
        if handler is None:
            raise Refused(-32601, f'Cannot run "{method}": nobody provides it here')
        result = handler(input if topics is None else input.get("value"), self)
        return await result if inspect.isawaitable(result) else result


async def dial():
    """Dials until the host has no use for this plugin any more."""
    delay = 0.25
    while True:
        asked = None
        try:
            async with websockets.connect(URL, compression=None, max_size=32 << 20) as socket:
                host = Host(socket)
                if await host.register():
                    delay = 0.25
                    await host.converse()
                await socket.wait_closed()
            code = socket.close_code
        except websockets.exceptions.ConnectionClosed:
            code = socket.close_code
        except websockets.exceptions.InvalidHandshake as error:  # Another status than 101.
            response = getattr(error, "response", error)
            status, headers = getattr(response, "status_code", 0), getattr(response, "headers", {})
            code = 1006 if status in (408, 429) or status >= 500 else status
            asked = headers.get("Retry-After")
        except OSError:
            code = 1006  # Nobody listens there, or the connection broke.
        if code not in AGAIN:
            return code
        wait = float(asked) if asked and asked.isdigit() else delay
        await asyncio.sleep(wait * random.uniform(1, 1.2))
        delay = min(30, delay * 2)


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(dial()) == 1000 else 1)
