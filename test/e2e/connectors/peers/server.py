"""An echo by Python's websockets. Prints its port; closes with 4002 at the message "close", and breaks off at "break"."""
import asyncio

import websockets


async def echo(socket):
    try:
        async for message in socket:
            if message == '"close"\n':
                await socket.close(4002, "as you wish")
            elif message == '"break"\n':
                socket.transport.abort()
            else:
                await socket.send(message)
    except websockets.ConnectionClosed:
        pass


async def main():
    async with websockets.serve(echo, "127.0.0.1", 0, max_size=None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()


asyncio.run(main())
