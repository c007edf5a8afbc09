"""Sends what a user of Python's websockets would, and prints what comes back."""
import asyncio
import json
import ssl
import sys

import websockets


async def main(url, cafile):
    context = ssl.create_default_context(cafile=cafile) if cafile else None
    # Compression is offered, as by default, and refused.
    async with websockets.connect(url, ssl=context, server_hostname="localhost" if cafile else None, max_size=None) as socket:
        print(json.dumps(socket.extensions))
        await socket.send('{"n":1}\n{"n":')
        await socket.send("2}\n")
        print(await socket.recv(), end="")
        print(await socket.recv(), end="")
        # A message in fragments.
        await socket.send(['"fra', 'gmen', 'ted"\n'])
        print(await socket.recv(), end="")
        await (await socket.ping(b"payload"))
        print("pong")
        await socket.send(b'"binary"\n')
        print(type(await socket.recv()).__name__)
        big = '"' + "x" * 1_048_576 + '"\n'
        await socket.send(big)
        print(await socket.recv() == big)
        await socket.close(4001, "enough")
        print(socket.close_code)


asyncio.run(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None))
