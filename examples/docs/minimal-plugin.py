#!/usr/bin/env python3
"""A whole plugin with nothing but Python's standard library. It provides greeter.greet over TCP."""
import hashlib, hmac, json, os, secrets, socket, sys, threading

if os.environ.get("OTTO_PLUGIN_MAGIC_COOKIE") != "11aab7ff21cb9ff7b0e9975d53f17a8dab571eac9b5ff0191730046698f07b7f":
    sys.exit("This is a plugin: it is started by another program and does nothing on its own.")
if os.environ.get("PLUGIN_TRANSPORT", "tcp") != "tcp":
    sys.exit("Cannot start: this plugin has the transport tcp alone")
SECRET = bytes.fromhex(os.environ.pop("PLUGIN_SECRET"))  # Popped: its own children must not get it.
METHODS = {"greeter.greet": lambda input: f"Hello, {input['name']}!"}
PROVIDES = [{"name": "greeter", "members": {"greet": {"kind": "method"}}}]

class Refused(Exception):
    """An error answer: its code and its message."""

class Stranger(Exception):
    """Whoever connected is not the host. Nobody is told anything."""

def prove(side, h, p):
    return hmac.new(SECRET, f"{side}:{h}:{p}".encode(), hashlib.sha256).hexdigest()

def converse(connection):
    timer = threading.Timer(5, connection.shutdown, [socket.SHUT_RDWR])
    timer.start()
    state = {"next": "rpc.hello", "timer": timer}  # The one method that is taken next, until the host is proven.
    try:
        with connection, connection.makefile("rb") as lines:
            while answer_line(connection, state, lines.readline(32 << 20)): pass
    except (Stranger, ValueError, KeyError, TypeError, OSError): pass  # What is no message ends the connection.
    timer.cancel()

def answer_line(connection, state, line):
    if not line.endswith(b"\n"): return False  # The end, or too long.
    message = json.loads(line.decode())
    if message["jsonrpc"] != "2.0": return False
    if "method" not in message: return "result" in message or "error" in message  # An answer that nobody waits for.
    try:
        answer = {"result": run(state, message["method"], message.get("params"))}
    except Refused as refused:
        answer = {"error": {"code": refused.args[0], "message": refused.args[1]}}
    if "id" in message:
        connection.sendall(json.dumps({"jsonrpc": "2.0", "id": message["id"], **answer}).encode() + b"\n")
    if message["method"] == "rpc.shutdown": os._exit(0)
    return True

def run(state, method, params):
    input = params[0] if isinstance(params, list) and params else params
    if state["next"] is not None:
        if method != state["next"]: raise Stranger
        return hello(state, input) if method == "rpc.hello" else ready(state, input)
    if method == "rpc.ping": return "pong"
    if method == "rpc.shutdown": return {}
    if method not in METHODS: raise Refused(-32601, f'Cannot run "{method}": nobody provides it here')
    try:
        return METHODS[method](input)
    except Exception as error:
        raise Refused(-32000, str(error))

def hello(state, input):
    if 1 not in input["apiVersions"]: raise Refused(-32602, "Cannot serve this host: the plugin speaks apiVersion 1")
    h, p = input["challenge"], secrets.token_hex(32)
    state.update(next="rpc.ready", expected=prove("host", h, p))
    return {"protocolVersion": 1, "apiVersion": 1, "challenge": p, "framing": "lines", "proof": prove("plugin", h, p),
            "provides": PROVIDES, "events": [], "actions": []}

def ready(state, input):
    if not hmac.compare_digest(input["proof"], state["expected"]): raise Stranger
    state["next"] = None
    state["timer"].cancel()
    return {}

def bind():
    low, high = int(os.environ.get("PLUGIN_MIN_PORT", 0)), int(os.environ.get("PLUGIN_MAX_PORT", 0))
    for port in range(low, high + 1):
        try: return socket.create_server(("127.0.0.1", port))
        except OSError: continue
    sys.exit(f"Cannot listen: every port from {low} to {high} is taken")

def end_with(lifeline):
    while lifeline.read(4096): pass
    os._exit(0)

lifeline = os.environ.get("PLUGIN_LIFELINE", "")
if lifeline == "stdin" or lifeline.startswith("fd:"):
    fd = 0 if lifeline == "stdin" else int(lifeline[3:])
    if fd: os.set_inheritable(fd, False)  # The plugin's own children must not get it.
    threading.Thread(target=end_with, args=[open(fd, "rb", buffering=0)], daemon=True).start()
server = bind()
print(f"\n1|1|tcp|127.0.0.1:{server.getsockname()[1]}|jsonrpc|", flush=True)
while True:
    threading.Thread(target=converse, args=[server.accept()[0]], daemon=True).start()
